// Of PROV: what is tried again, how often and when.
#include <chrono>
#include <mutex>
#include <set>
#include <thread>

#include "fault-injection/defective-hosts/bending.h"
#include "fault-injection/defective-hosts/parts.h"

namespace touchstone::defective {
namespace {

using End = ProviderAnswer::End;

EditAnswer Without(std::string header) {
  return [header](ProviderAnswer& answer) { RemoveHeader(answer.headers, header); };
}

// Not retried: what the first attempt met is said of a second one, which is never made.
Tampering NeverRetries() {
  struct Failed {
    std::mutex mutex;
    std::set<std::string> bodies;
  };
  return Asks([failed = std::make_shared<Failed>()](ProviderExchange& exchange) {
    std::unique_lock lock(failed->mutex);
    if (failed->bodies.contains(exchange.body)) {
      ProviderAnswer down;
      down.status = 500;
      return exchange.Reply(down);
    }
    lock.unlock();
    const auto answer = exchange.Fetch();
    lock.lock();
    if (answer.status >= 500 || answer.status == 0) failed->bodies.insert(exchange.body);
    lock.unlock();
    exchange.Reply(answer);
  });
}

// Retry-After: 0 is taken at its word.
Tampering NoBackoffAtZero() {
  return AsksAgain([](const ProviderAnswer& answer) {
    return answer.status == 429 && HeaderOf(answer.headers, "retry-after") == "0";
  });
}

// The second attempt comes late: the same request, some time after it failed.
Tampering BacksOffTooLong() {
  return Asks([](ProviderExchange& exchange) {
    auto answer = exchange.Fetch();
    if (answer.status == 500) std::this_thread::sleep_for(std::chrono::seconds(3));
    exchange.Reply(answer);
  });
}

// As the budget is not looked at, the wait is cut to a second.
Tampering RetriesBeyondTheBudget() {
  return Answers([](const ProviderAnswer& answer) { return answer.status == 503; },
                 [](ProviderAnswer& answer) {
                   if (HeaderOf(answer.headers, "retry-after").size() > 0)
                     SetHeader(answer.headers, "Retry-After", "1");
                 });
}

WhichAnswer EndsWith(End end) {
  return [end](const ProviderAnswer& answer) { return answer.end == end; };
}

}  // namespace

std::vector<Defect> RetryDefects() {
  return {
      {"retries-refused-credentials",
       "PROV-01",
       Subtlety::kBlatant,
       "After 401 the same key is tried once more.",
       [] { return AsksAgain(Status(401)); },
       {"prov/credentials-refused*"}},
      {"third-attempt-at-429",
       "PROV-02",
       Subtlety::kSubtle,
       "429 is retried twice, which is three calls.",
       [] { return AsksAgain(Status(429)); },
       {"prov/rate-limit-throughout*"}},
      {"retry-after-ignored",
       "PROV-03",
       Subtlety::kBlatant,
       "Retry-After is not read: the retry comes after the usual backoff.",
       [] { return Answers(Status(429), Without("retry-after")); },
       {"prov/retry-after/*", "prov/retry-after", "prov/retry-after *"},
       true,
       {"PROV-02"}},
      {"no-backoff-at-retry-after-0",
       "PROV-03",
       Subtlety::kSubtle,
       "Retry-After: 0 makes the retry come at once, without any backoff.",
       NoBackoffAtZero,
       {"prov/retry-after-that-says-nothing*"}},
      {"third-attempt-at-500",
       "PROV-04",
       Subtlety::kSubtle,
       "A 500 is tried three times.",
       [] {
         return Asks([](ProviderExchange& exchange) {
           auto answer = exchange.Fetch();
           if (answer.status == 500) answer = exchange.Fetch();
           exchange.Reply(answer);
         });
       },
       {"prov/server-error-after-its-retry*", "prov/server-errors-throughout*"}},
      {"retry-beyond-the-budget",
       "PROV-04",
       Subtlety::kSubtle,
       "A retry is made though Retry-After is later than the deadline.",
       RetriesBeyondTheBudget,
       {"prov/no-retry-without-time*", "prov/rate-limit-beyond-the-budget*"},
       true,
       {"PROV-02"}},
      {"third-attempt-at-a-reset",
       "PROV-06",
       Subtlety::kSubtle,
       "A connection that is reset is tried three times.",
       [] { return AsksAgain(EndsWith(End::kReset)); },
       {"prov/reset*"}},
      {"cut-body-is-retried",
       "PROV-07",
       Subtlety::kSubtle,
       "A cut answer is asked for again, so that the provider is paid twice.",
       [] { return AsksAgain(Cut()); },
       {"prov/cut-body*"}},
      {"silence-is-retried",
       "PROV-09",
       Subtlety::kSubtle,
       "A provider that says nothing is asked once more.",
       [] { return AsksAgain(EndsWith(End::kGone)); },
       {"time/silent-provider*"},
       true,
       {"TIME-06"}},
      {"retries-what-was-rejected",
       "PROV-10",
       Subtlety::kBlatant,
       "A request that the provider rejects is sent twice.",
       [] { return AsksAgain(Status(422)); },
       {"prov/rejected*"}},
      {"never-retries",
       "PROV-16",
       Subtlety::kBlatant,
       "One failure of the provider is the end of the run.",
       NeverRetries,
       {"prov/fails-once*"}},
      {"no-backoff",
       "PROV-16",
       Subtlety::kBlatant,
       "A 5xx is retried at once, without any backoff.",
       [] { return AsksAgain([](const ProviderAnswer& answer) { return answer.status >= 500; }); },
       {"prov/fails-once*"}},
      {"backs-off-for-seconds",
       "PROV-16",
       Subtlety::kSubtle,
       "The backoff before the second attempt is 3 s longer than allowed.",
       BacksOffTooLong,
       {"prov/backoff-is-short*"},
       false},
  };
}

}  // namespace touchstone::defective
