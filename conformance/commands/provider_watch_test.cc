// What a stand-alone provider tells of its calls.
#include "conformance/commands/provider_watch.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

namespace touchstone {
namespace {

using std::chrono::milliseconds;
const auto kStart = std::chrono::steady_clock::time_point() + std::chrono::hours(1);

provider::Call CallOf(int number) {
  provider::Call call;
  call.number = number;
  call.method = "POST";
  call.path = "/v1/chat/completions";
  call.body = R"({"messages":[{"role":"user","content":"hi"}]})";
  call.json = boost::json::parse(call.body);
  call.headers = {{"authorization", "Bearer sk-very-secret"}, {"x-api-key", "sk-very-secret"}};
  call.arrived_at = kStart + milliseconds(1000 * number);
  call.rule = 0;
  return call;
}

provider::Snapshot Saw(std::vector<provider::Call> calls, int probes) {
  provider::Snapshot journal;
  journal.calls = std::move(calls);
  journal.probes = probes;
  journal.connections = 1;
  return journal;
}

void Answer(provider::Call& call) {
  call.answered = true;
  call.answered_at = call.arrived_at + milliseconds(12);
  call.status = 503;
  call.bytes_sent = 291;
}

boost::json::object Json(const ProviderWatch::Told& told) {
  return boost::json::parse(told.json).as_object();
}

TEST(ProviderWatch, TellsOfACallOnceAndOfItsEndOnce) {
  ProviderWatch watch(kStart);
  provider::Snapshot journal = Saw({CallOf(1)}, 0);
  watch.Look(journal);
  auto told = watch.Take();
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].text, "   1.000 s  call 1: POST /v1/chat/completions, user \"hi\" -> rule [0]");
  EXPECT_EQ(Json(told[0]).at("event"), "call");
  EXPECT_EQ(told[0].json.find("very-secret"), std::string::npos) << told[0].json;
  watch.Look(journal);
  EXPECT_FALSE(watch.HasNews());
  Answer(journal.calls[0]);
  watch.Look(journal);
  told = watch.Take();
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].text, "   1.012 s  call 1: answered 503, 291 bytes in 12 ms");
  EXPECT_EQ(Json(told[0]).at("took_ms"), 12);
  watch.Look(journal);
  EXPECT_FALSE(watch.HasNews());
}

TEST(ProviderWatch, SaysWhyNoRuleMatched) {
  ProviderWatch watch(kStart);
  auto call = CallOf(1);
  call.rule = -1;
  call.near_miss = "rule [0]: match.call is 2, this is call 1";
  watch.Look(Saw({call}, 3));
  const auto told = watch.Take();
  EXPECT_NE(told[0].text.find("NO RULE MATCHES; nearest: rule [0]: match.call"), std::string::npos);
  EXPECT_EQ(watch.Summary(), "1 call on 1 connection, 3 probes; no rule matched 1");
}

TEST(ProviderWatch, SaysWhoClosed) {
  ProviderWatch watch(kStart);
  auto call = CallOf(1);
  call.closed_at = call.arrived_at + milliseconds(500);
  call.closed_by_caller = true;
  watch.Look(Saw({call}, 0));
  const auto told = watch.Take();
  ASSERT_EQ(told.size(), 2u);
  EXPECT_EQ(told[1].text,
            "   1.500 s  call 1: never answered, 0 bytes in 500 ms; the caller closed the "
            "connection");
  EXPECT_EQ(Json(told[1]).at("closed_by"), "caller");
  EXPECT_EQ(watch.Summary(),
            "1 call on 1 connection, 0 probes; by rule: [0] 1; closed by the caller: 1");
}

// The journal of a stand-alone provider lets old calls go, and a reset counts from 1 again.
TEST(ProviderWatch, FollowsAJournalThatForgets) {
  ProviderWatch watch(kStart);
  watch.Look(Saw({CallOf(1), CallOf(2)}, 0));
  EXPECT_EQ(watch.Take().size(), 2u);
  auto third = CallOf(3);
  Answer(third);
  watch.Look(Saw({third}, 0));
  EXPECT_EQ(watch.Take().size(), 2u);
  watch.Look(Saw({CallOf(1)}, 0));
  EXPECT_EQ(watch.Take().size(), 1u);
  EXPECT_EQ(watch.Summary().substr(0, 7), "4 calls");
}

TEST(ProviderWatch, ABodyThatIsNotTextStaysOneLineOfJson) {
  ProviderWatch watch(kStart);
  auto call = CallOf(1);
  call.json.reset();
  call.body = "\xff\xfe\n{";
  watch.Look(Saw({call}, 0));
  const auto told = watch.Take();
  EXPECT_EQ(told[0].json.find('\n'), std::string::npos);
  EXPECT_TRUE(Json(told[0]).contains("body_text"));
}

}  // namespace
}  // namespace touchstone
