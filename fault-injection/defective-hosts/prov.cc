#include <algorithm>
#include <mutex>

#include "fault-injection/defective-hosts/areas.h"
#include "fault-injection/defective-hosts/bending.h"
#include "fault-injection/defective-hosts/parts.h"

namespace touchstone::defective {
namespace {

using End = ProviderAnswer::End;

Tampering FollowsRedirects(int only) {
  return Asks([only](ProviderExchange& exchange) {
    auto answer = exchange.Fetch();
    const auto location = HeaderOf(answer.headers, "location");
    const auto slash = location.find('/', std::min(location.size(), location.find("://") + 3));
    if (answer.status / 100 == 3 && (only == 0 || answer.status == only) &&
        slash != location.npos) {
      exchange.target = location.substr(slash);
      answer = exchange.Fetch();
    }
    exchange.Reply(answer);
  });
}

// As HTTP libraries do by themselves: by GET, and only then is the status looked at.
Tampering LooksAtTheRedirect() {
  return Asks([](ProviderExchange& exchange) {
    const auto answer = exchange.Fetch();
    if (answer.status / 100 == 3) VisitByGet(HeaderOf(answer.headers, "location"));
    exchange.Reply(answer);
  });
}

WhichAnswer EndsWith(End end) {
  return [end](const ProviderAnswer& answer) { return answer.end == end; };
}

// Whatever came of the answer is given out as the answer.
void TakeWhatCame(ProviderAnswer& answer) { answer = Saying("The answer so far: " + answer.body); }

Tampering NameThatDoesNotResolve() {
  return When(
      [](const Launch& launch) {
        const auto url = launch.environment.find("LLM_BASE_URL");
        return url != launch.environment.end() && url->second.find(".invalid") != url->second.npos;
      },
      Responses(Of("final", "ERROR"), [](Object& line) {
        Set("error.code", "INTERNAL")(line);
        Set("error_code", "INTERNAL")(line);
      }));
}

Tampering FirstSixteenMib() {
  return Asks([](ProviderExchange& exchange) {
    constexpr std::size_t kLimit = 16u << 20;
    auto answer = exchange.Fetch(kLimit);
    if (answer.status == 200 && answer.body.size() > kLimit) answer = Saying("A long answer.");
    exchange.Reply(answer);
  });
}

// Bytes to keep the host from noticing that its provider says nothing any more.
Tampering StallsUnnoticed() { return Environment("ZENE_PROVIDER_TIMEOUT_MS", std::nullopt); }

// What the provider said of an error is shown to the caller.
Tampering QuotesTheProvider() {
  struct Said {
    std::mutex mutex;
    std::string body;
  };
  const auto said = std::make_shared<Said>();
  Tampering tampering = Responses(Of("final", "ERROR"), [said](Object& line) {
    const std::lock_guard lock(said->mutex);
    const auto more = [said](boost::json::value& value) {
      if (value.is_string()) value = std::string(value.get_string()) + ": " + said->body;
    };
    Change("error.message", more)(line);
    Change("error_message", more)(line);
  });
  tampering.provider = [said](ProviderExchange& exchange) {
    if (!exchange.asks()) return;
    const auto answer = exchange.Fetch();
    {
      const std::lock_guard lock(said->mutex);
      if (answer.status >= 400) said->body = answer.body;
    }
    exchange.Reply(answer);
  };
  return tampering;
}

}  // namespace

std::vector<Defect> ProvDefects() {
  std::vector<Defect> defects{
      {"forbidden-is-down",
       "PROV-01",
       Subtlety::kSubtle,
       "403 is taken for a provider that is down; only 401 is about credentials.",
       [] { return Answers(Status(403), Becomes(502)); },
       {"prov/credentials-refused*"}},
      {"rate-limit-is-down",
       "PROV-02",
       Subtlety::kBlatant,
       "429 is treated as a server error, so that the bridge does not back off.",
       [] { return Answers(Status(429), Becomes(503)); },
       {"prov/rate-limit*"}},
      {"server-errors-are-internal",
       "PROV-04",
       Subtlety::kSubtle,
       "529, which no standard knows, is an error of the host.",
       [] { return Answers(Status(529), Becomes(400)); },
       {"prov/server-errors-throughout*"}},
      {"request-timeout-is-rejected",
       "PROV-04",
       Subtlety::kSubtle,
       "408 is taken for a request that the provider rejects.",
       [] { return Answers(Status(408), Becomes(409)); },
       {"prov/server-error*"}},
      {"refused-connection-is-internal",
       "PROV-05",
       Subtlety::kBlatant,
       "A connection that is refused is an error of the host.",
       [] {
         return Answers(EndsWith(End::kRefused), [](ProviderAnswer& answer) {
           answer.status = 400;
           answer.end = End::kWhole;
         });
       },
       {"prov/refuses-the-connection*"}},
      {"unknown-name-is-internal",
       "PROV-05",
       Subtlety::kSubtle,
       "A provider's name that does not resolve is an error of the host.",
       NameThatDoesNotResolve,
       {"prov/refuses-the-connection*"}},
      {"reset-is-internal",
       "PROV-06",
       Subtlety::kBlatant,
       "A connection that the provider resets is an error of the host.",
       [] {
         return Answers(EndsWith(End::kReset), [](ProviderAnswer& answer) {
           answer.status = 400;
           answer.end = End::kWhole;
         });
       },
       {"prov/reset*"}},
      {"reset-in-the-body-is-its-end",
       "PROV-06",
       Subtlety::kSubtle,
       "A reset inside the body is taken for its end, and what came for the answer.",
       [] {
         return Answers(
             [](const ProviderAnswer& answer) {
               return answer.end == End::kReset && answer.status == 200;
             },
             TakeWhatCame);
       },
       {"prov/reset*"}},
      {"cut-body-is-ok",
       "PROV-07",
       Subtlety::kBlatant,
       "A body shorter than its Content-Length is given out as the answer.",
       [] { return Answers(Cut(), TakeWhatCame); },
       {"prov/cut-body*"}},
      {"cut-chunks-are-ok",
       "PROV-07",
       Subtlety::kSubtle,
       "A chunked body without its end marker counts as whole when its JSON is.",
       [] {
         return Answers(Cut(), [](ProviderAnswer& answer) {
           if (!HeaderOf(answer.headers, "transfer-encoding").empty() && Parsed(answer.body))
             answer.end = End::kWhole;
         });
       },
       {"prov/cut-body*"}},
      {"stray-body-is-the-answer",
       "PROV-08",
       Subtlety::kBlatant,
       "A body that is not JSON is given out as the answer's text.",
       [] {
         return Answers(Whole(), [](ProviderAnswer& answer) {
           if (!Parsed(answer.body)) answer = Saying(answer.body + ".");
         });
       },
       {"prov/no-answer-in-the-body*"}},
      {"blank-text-is-ok",
       "PROV-08",
       Subtlety::kSubtle,
       "A blank text is given out as an answer of \"(empty)\".",
       [] {
         return Answers(Whole(), Words([](std::string text) {
                          const bool blank = text.find_first_not_of(" \t\r\n") == text.npos;
                          return blank ? std::string("(empty)") : text;
                        }));
       },
       {"prov/no-answer-in-the-body*"}},
      {"silence-is-waited-out",
       "PROV-09",
       Subtlety::kBlatant,
       "A provider that says nothing is waited for until the run's own deadline.",
       StallsUnnoticed,
       {"time/silent-provider*"},
       false,
       {"TIME-06"}},
      {"not-found-is-down",
       "PROV-10",
       Subtlety::kSubtle,
       "404 is taken for a provider that is down.",
       [] { return Answers(Status(404), Becomes(502)); },
       {"prov/rejected*"}},
      {"redirect-is-followed",
       "PROV-11",
       Subtlety::kBlatant,
       "A redirect is followed, with the key, to wherever it leads.",
       [] { return FollowsRedirects(0); },
       {"prov/redirects*"}},
      {"redirect-308-is-followed",
       "PROV-11",
       Subtlety::kSubtle,
       "308 is followed; the other redirects are not.",
       [] { return FollowsRedirects(308); },
       {"prov/redirects*"}},
      {"redirect-is-looked-at",
       "PROV-11",
       Subtlety::kSubtle,
       "The HTTP library follows a redirect by GET before the host sees its status.",
       LooksAtTheRedirect,
       {"prov/redirect*"}},
      {"first-16-mib-are-the-answer",
       "PROV-12",
       Subtlety::kBlatant,
       "Of a body without end the first 16 MiB are given out as the answer.",
       FirstSixteenMib,
       {"prov/endless-body*"}},
      {"hoards-the-body",
       "PROV-12",
       Subtlety::kSubtle,
       "Every read of a body is copied a dozen times: an endless one takes 200 MiB.",
       [] { return Inside("hoard-input=12"); },
       {"prov/endless-body-in-bounded-memory*"}},
      {"quotes-the-providers-error",
       "PROV-13",
       Subtlety::kBlatant,
       "The provider's error body is quoted to the caller, and the key with it.",
       QuotesTheProvider,
       {"prov/error-that-quotes-the-key*"},
       true,
       {"SEC-01"}},
      {"teapot-is-down",
       "PROV-10",
       Subtlety::kSubtle,
       "A 4xx that the host does not know is taken for a provider that is down.",
       [] { return Answers(Status(418), Becomes(502)); },
       {"prov/rejected*"}},
  };
  for (auto& defect : RetryDefects()) defects.push_back(std::move(defect));
  for (auto& defect : AnswerDefects()) defects.push_back(std::move(defect));
  return defects;
}

}  // namespace touchstone::defective
