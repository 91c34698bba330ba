#include <gtest/gtest.h>

#include "reference-host/e2e/fake_provider.h"

namespace refhost {
namespace {

using Call = FakeProvider::Call;

struct Outcome {
  std::string code;  // empty: OK
  std::string text;
  int calls = 0;
  int64_t took_ms = 0;
};

Outcome Ask(FakeProvider::Script script, const Env& extra = {}, int timeout_ms = 10000) {
  TempDir dir;
  FakeProvider provider(std::move(script));
  Env env = provider.EnvFor(dir);
  for (const auto& [name, value] : extra) env[name] = value;
  Json run = RunRequest("a", "s", "p", "k");
  run["timeout_ms"] = timeout_ms;
  const int64_t start = NowMs();
  const auto result = OneShot(run.dump() + "\n", env);
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.out.find("sk-canary"), std::string::npos);
  const Json error = result.json["error"];
  return {error.is_object() ? error["code"].get<std::string>() : "", result.json["text"],
          provider.calls(), NowMs() - start};
}

std::string Ok(const std::string& body, const std::string& headers = "") {
  return "HTTP/1.1 200 OK\r\n" + headers + "Content-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

TEST(Provider, StatusesMapToCodes) {
  for (int status : {401, 403}) {
    const auto outcome = Ask([=](const Call& call) { call.Status(status); });
    EXPECT_EQ(outcome.code, "PROVIDER_AUTH");
    EXPECT_EQ(outcome.calls, 1);
  }
  for (int status : {400, 404, 413, 422, 418}) {
    const auto outcome = Ask([=](const Call& call) { call.Status(status); });
    EXPECT_EQ(outcome.code, "INTERNAL");
    EXPECT_EQ(outcome.calls, 1);
  }
  for (int status : {500, 502, 503, 529, 408}) {
    const auto outcome = Ask([=](const Call& call) { call.Status(status); });
    EXPECT_EQ(outcome.code, "PROVIDER_DOWN");
    EXPECT_EQ(outcome.calls, status == 408 ? 1 : 2);
  }
  const auto limited = Ask([](const Call& call) { call.Status(429); });
  EXPECT_EQ(limited.code, "PROVIDER_RATE_LIMIT");
  EXPECT_EQ(limited.calls, 2);
  const auto moved =
      Ask([](const Call& call) { call.Status(302, "Location: http://127.0.0.1:1/\r\n"); });
  EXPECT_EQ(moved.code, "PROVIDER_DOWN");
  EXPECT_EQ(moved.calls, 1);
}

TEST(Provider, RetryAfterIsHonouredOnlyWithinTheBudget) {
  const auto script = [](const std::string& value) {
    return [value](const Call& call) {
      if (call.number == 1) return call.Status(429, "Retry-After: " + value + "\r\n");
      call.Answer("fine");
    };
  };
  auto outcome = Ask(script("1"));
  EXPECT_EQ(outcome.text, "fine");
  EXPECT_GE(outcome.took_ms, 995);
  outcome = Ask(script("30"));
  EXPECT_EQ(outcome.code, "PROVIDER_RATE_LIMIT");
  EXPECT_EQ(outcome.calls, 1);
  for (const std::string nonsense : {"0", "-3", "soon", ""}) {
    outcome = Ask(script(nonsense));
    EXPECT_EQ(outcome.text, "fine");
    EXPECT_GE(outcome.took_ms, 100);
    EXPECT_LT(outcome.took_ms, 1500);
  }
}

TEST(Provider, NetworkFaultsAreDown) {
  const std::string body = R"({"choices":[{"message":{"content":"fine"}}]})";
  struct Case {
    const char* name;
    FakeProvider::Script script;
    int calls;
  };
  const std::vector<Case> cases = {
      {"reset at once", [](const Call& call) { call.Reset(); }, 2},
      {"closed at once", [](const Call&) {}, 2},
      {"closed in head", [](const Call& call) { call.Send("HTTP/1.1 200 OK\r\nCont"); }, 2},
      {"short body",
       [=](const Call& call) {
         call.Send("HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n" + body);
       },
       1},
      {"cut chunks",
       [=](const Call& call) {
         call.Send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2c\r\n" + body + "\r\n");
       },
       1},
      {"half a body to the end",
       [=](const Call& call) { call.Send("HTTP/1.1 200 OK\r\n\r\n" + body.substr(0, 20)); }, 1},
      {"not HTTP", [](const Call& call) { call.Send("SSH-2.0-OpenSSH\r\n\r\n"); }, 1},
      {"empty", [](const Call& call) { call.Send(Ok("")); }, 1},
      {"html", [](const Call& call) { call.Send(Ok("<html>")); }, 1},
      {"no answer", [](const Call& call) { call.Send(Ok("{\"choices\":[]}")); }, 1},
      {"null text",
       [](const Call& call) { call.Send(Ok(R"({"choices":[{"message":{"content":null}}]})")); }, 1},
      {"blank text",
       [](const Call& call) { call.Send(Ok(R"({"choices":[{"message":{"content":" \n"}}]})")); },
       1},
      {"no content-type object", [](const Call& call) { call.Send(Ok("[1]")); }, 1},
      {"too large",
       [](const Call& call) {
         call.Send("HTTP/1.1 200 OK\r\n\r\n");
         for (int i = 0; i < 300; ++i) call.Send(std::string(65536, ' '));
       },
       1},
  };
  for (const auto& it : cases) {
    const auto outcome = Ask(it.script);
    EXPECT_EQ(outcome.code, "PROVIDER_DOWN") << it.name;
    EXPECT_EQ(outcome.calls, it.calls) << it.name;
  }
}

TEST(Provider, AFaultThatPassesIsRetried) {
  const auto once = [](FakeProvider::Script fault) {
    return [fault](const Call& call) {
      if (call.number == 1) return fault(call);
      call.Answer("fine");
    };
  };
  EXPECT_EQ(Ask(once([](const Call& call) { call.Reset(); })).text, "fine");
  EXPECT_EQ(Ask(once([](const Call& call) { call.Status(500); })).text, "fine");
}

TEST(Provider, AnswersMayComeInAnyShape) {
  const std::string body = R"({"choices":[{"message":{"content":"fine \ud83d\ude00 \ud800!"}}]})";
  const auto chunked = Ask([&](const Call& call) {
    call.Send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (char c : body) call.Send(std::string("1;x=y\r\n") + c + "\r\n");
    call.Send("0\r\nTrailer: x\r\n\r\n");
  });
  EXPECT_EQ(chunked.text, "fine \U0001F600 \uFFFD!");
  const auto to_the_end = Ask([&](const Call& call) { call.Send("HTTP/1.0 200 OK\n\n" + body); });
  EXPECT_EQ(to_the_end.text, chunked.text);
  const std::string large(1 << 20, 'x');
  EXPECT_EQ(
      Ask([&](const Call& call) { call.Answer(large + "\x01\u202E{\"type\":\"final\"}"); }).text,
      large + "\x01\u202E{\"type\":\"final\"}");
}

TEST(Provider, SilenceIsDownAndTheDeadlineIsTimeout) {
  const auto hang = [](const Call& call) { call.AwaitClose(); };
  const auto silent = Ask(hang, {{"ZENE_PROVIDER_TIMEOUT_MS", "200"}});
  EXPECT_EQ(silent.code, "PROVIDER_DOWN");
  EXPECT_EQ(silent.calls, 1);
  const auto stalls = Ask(
      [](const Call& call) {
        call.Send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n");
        call.AwaitClose();
      },
      {{"ZENE_PROVIDER_TIMEOUT_MS", "200"}});
  EXPECT_EQ(stalls.code, "PROVIDER_DOWN");
  const auto late = Ask(hang, {}, 300);
  EXPECT_EQ(late.code, "TIMEOUT");
  EXPECT_GE(late.took_ms, 300);
}

TEST(Provider, FallbackAnswersWhenThePrimaryCannot) {
  FakeProvider other([](const Call& call) { call.Answer("from the other"); });
  FakeProvider broken([](const Call& call) { call.Status(401); });
  const auto with = [](const FakeProvider& fallback) {
    return Env{{"LLM_FALLBACK_PROVIDER", "openai"},
               {"LLM_FALLBACK_API_KEY", "sk-canary-other"},
               {"LLM_FALLBACK_BASE_URL", fallback.base_url()}};
  };
  for (int status : {401, 429, 503, 302}) {
    const auto outcome = Ask([=](const Call& call) { call.Status(status); }, with(other));
    EXPECT_EQ(outcome.text, "from the other") << status;
  }
  const auto hang = [](const Call& call) { call.AwaitClose(); };
  const auto hung = Ask(hang, with(other), 1000);
  EXPECT_EQ(hung.text, "from the other");
  EXPECT_LT(hung.took_ms, 900);
  EXPECT_EQ(Ask([](const Call& call) { call.Status(400); }, with(other)).code, "INTERNAL");
  EXPECT_EQ(Ask([](const Call& call) { call.Status(429); }, with(broken)).code,
            "PROVIDER_RATE_LIMIT");
}

TEST(Provider, UnreachableIsDown) {
  const auto answer = [](const Call& call) { call.Answer("x"); };
  EXPECT_EQ(Ask(answer, {{"LLM_BASE_URL", "http://127.0.0.1:1/v1"}}).code, "PROVIDER_DOWN");
  EXPECT_EQ(Ask(answer, {{"LLM_BASE_URL", "http://no-such-host.invalid/v1"}}).code,
            "PROVIDER_DOWN");
  const auto no_key = Ask(answer, {{"LLM_API_KEY", " "}});
  EXPECT_EQ(no_key.code, "PROVIDER_AUTH");
  EXPECT_EQ(no_key.calls, 0);
}

}  // namespace
}  // namespace refhost
