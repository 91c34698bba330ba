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

provider::Snapshot Saw(const std::vector<provider::Call>& calls, int probes) {
  provider::Snapshot journal;
  journal.calls.assign(calls.begin(), calls.end());
  journal.probes = probes;
  journal.connections = 1;
  journal.started_at = kStart;
  return journal;
}

void Answer(provider::Call& call) {
  call.answered = true;
  call.answered_at = call.arrived_at + milliseconds(12);
  call.status = 503;
  call.bytes_sent = 291;
}

std::vector<boost::json::object> Json(const ProviderWatch::Told& told) {
  std::vector<boost::json::object> lines;
  for (std::size_t at = 0; at < told.json.size(); at = told.json.find('\n', at) + 1) {
    const auto line = told.json.substr(at, told.json.find('\n', at) - at);
    lines.push_back(boost::json::parse(line).as_object());
  }
  return lines;
}

const ProviderWatch::Wanted kBoth{.text = true, .json = true};

TEST(ProviderWatch, TellsOfACallOnceAndOfItsEndOnce) {
  ProviderWatch watch(kStart, kBoth);
  provider::Snapshot journal = Saw({CallOf(1)}, 0);
  watch.Look(journal);
  auto told = watch.Take();
  EXPECT_EQ(told.text, "   1.000 s  call 1: POST /v1/chat/completions, user \"hi\" -> rule [0]\n");
  EXPECT_EQ(told.json, "");
  watch.Look(journal);
  EXPECT_FALSE(watch.HasNews());
  Answer(journal.calls[0]);
  watch.Look(journal);
  told = watch.Take();
  EXPECT_EQ(told.text, "   1.012 s  call 1: answered 503, 291 bytes in 12 ms\n");
  EXPECT_EQ(Json(told).at(0).at("call"), 1);
  EXPECT_EQ(Json(told).at(0).at("end"), "answered");
  EXPECT_EQ(told.json.find("very-secret"), std::string::npos) << told.json;
  watch.Look(journal);
  EXPECT_FALSE(watch.HasNews());
}

TEST(ProviderWatch, TellsInTheOrderOfTime) {
  ProviderWatch watch(kStart, kBoth);
  provider::Snapshot journal = Saw({CallOf(1), CallOf(2)}, 0);
  for (auto& call : journal.calls) Answer(call);
  provider::Link link;
  link.number = 1;
  link.closed_at = kStart + milliseconds(1500);
  journal.links.push_back(link);
  watch.Look(journal);
  const auto lines = Json(watch.Take());
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines[0].at("call"), 1);
  EXPECT_EQ(lines[1].at("closed_first_by"), "nobody");
  EXPECT_EQ(lines[2].at("call"), 2);
}

TEST(ProviderWatch, TellsOfWhatIsOpenAtTheEnd) {
  ProviderWatch watch(kStart, kBoth);
  provider::Snapshot journal = Saw({CallOf(1)}, 0);
  journal.links.emplace_back().number = 1;
  watch.Look(journal);
  watch.Take();
  watch.LookAtTheEnd(journal);
  const auto told = watch.Take();
  EXPECT_EQ(told.text, "");
  ASSERT_EQ(Json(told).size(), 2u);
  EXPECT_EQ(Json(told)[0].at("end"), "open");
  EXPECT_EQ(Json(told)[1].at("connection"), 1);
}

TEST(ProviderWatch, CountsWhatIsTooMuchToBeRead) {
  ProviderWatch watch(kStart, {.text = true, .json = false});
  std::vector<provider::Call> calls;
  for (int i = 1; i <= 60; ++i) Answer(calls.emplace_back(CallOf(i)));
  watch.Look(Saw(calls, 0));
  const auto told = watch.Take();
  EXPECT_NE(told.text.find("call 50: answered"), std::string::npos);
  EXPECT_EQ(told.text.find("call 51:"), std::string::npos);
  EXPECT_NE(told.text.find("… and 10 calls, not told one by one\n"), std::string::npos);
  EXPECT_EQ(told.json, "");
  EXPECT_EQ(watch.Summary(), "60 calls on 1 connection, 0 probes; by rule: [0] 60");
}

TEST(ProviderWatch, WantsNeither) {
  ProviderWatch watch(kStart, {.text = false, .json = false});
  auto call = CallOf(1);
  Answer(call);
  watch.Look(Saw({call}, 0));
  EXPECT_FALSE(watch.HasNews());
  EXPECT_EQ(watch.Summary(), "1 call on 1 connection, 0 probes; by rule: [0] 1");
}

TEST(ProviderWatch, SaysWhyNoRuleMatched) {
  ProviderWatch watch(kStart, kBoth);
  auto call = CallOf(1);
  call.rule = -1;
  call.near_miss = "rule [0]: match.call is 2, this is call 1";
  watch.Look(Saw({call}, 3));
  EXPECT_NE(watch.Take().text.find("NO RULE MATCHES; nearest: rule [0]: match.call"),
            std::string::npos);
  EXPECT_EQ(watch.Summary(), "1 call on 1 connection, 3 probes; no rule matched 1");
}

TEST(ProviderWatch, SaysWhoClosed) {
  ProviderWatch watch(kStart, kBoth);
  auto call = CallOf(1);
  call.closed_at = call.arrived_at + milliseconds(500);
  call.closed_by_caller = true;
  watch.Look(Saw({call}, 0));
  const auto told = watch.Take();
  EXPECT_TRUE(told.text.ends_with(
      "   1.500 s  call 1: never answered, 0 bytes in 500 ms; the caller closed the "
      "connection\n"))
      << told.text;
  EXPECT_EQ(Json(told).at(0).at("end"), "closed by the caller");
  EXPECT_EQ(watch.Summary(),
            "1 call on 1 connection, 0 probes; by rule: [0] 1; closed by the caller: 1");
}

// What was let go before it was seen is lost, and said to be.
TEST(ProviderWatch, FollowsAJournalThatForgets) {
  ProviderWatch watch(kStart, kBoth);
  watch.Look(Saw({CallOf(1), CallOf(2)}, 0));
  watch.Take();
  auto fifth = CallOf(5);
  Answer(fifth);
  watch.Look(Saw({fifth}, 0));
  const auto told = watch.Take();
  EXPECT_NE(told.text.find("too fast to be told: 4 calls\n"), std::string::npos) << told.text;
  EXPECT_NE(told.json.find("{\"lost_calls\":4}\n"), std::string::npos) << told.json;
  EXPECT_NE(told.json.find("\"call\":5"), std::string::npos) << told.json;
  EXPECT_TRUE(watch.Summary().ends_with("too fast to be told: 4")) << watch.Summary();
}

TEST(ProviderWatch, FollowsAReset) {
  ProviderWatch watch(kStart, kBoth);
  auto call = CallOf(1);
  Answer(call);
  watch.Look(Saw({call, CallOf(2)}, 0));
  watch.Take();
  auto journal = Saw({call}, 1);
  journal.started_at = kStart + milliseconds(500);
  watch.Look(journal);
  const auto told = watch.Take();
  EXPECT_NE(told.text.find("reset; calls are counted from 1 again\n"), std::string::npos);
  ASSERT_EQ(Json(told).size(), 2u);
  EXPECT_EQ(Json(told)[0].at("reset"), true);
  EXPECT_EQ(Json(told)[1].at("times").at("arrived_us").as_int64(), 500'000);
  EXPECT_EQ(watch.Summary(), "3 calls on 2 connections, 1 probe; by rule: [0] 3");
}

// A reset came before the next look: its journal is all that there is of these.
TEST(ProviderWatch, TellsOfWhatAResetHasEnded) {
  ProviderWatch watch(kStart, kBoth);
  auto call = CallOf(1);
  Answer(call);
  auto ended = Saw({call, CallOf(2)}, 0);
  ended.links.emplace_back().number = 1;
  ended.links.back().opened_at = kStart;
  watch.LookBeforeReset(ended);
  auto journal = Saw({}, 0);
  journal.started_at = kStart + milliseconds(5000);
  watch.Look(journal);
  const auto lines = Json(watch.Take());
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_EQ(lines[0].at("closed_first_by"), "nobody");
  EXPECT_EQ(lines[1].at("end"), "answered");
  EXPECT_EQ(lines[2].at("end"), "open");
  EXPECT_EQ(lines[3].at("reset"), true);
}

TEST(ProviderWatch, ABodyThatIsNotTextStaysOneLineOfJson) {
  ProviderWatch watch(kStart, kBoth);
  auto call = CallOf(1);
  call.json.reset();
  call.body = "\xff\xfe\n{";
  Answer(call);
  watch.Look(Saw({call}, 0));
  EXPECT_TRUE(Json(watch.Take()).at(0).at("body").as_object().contains("hex"));
}

}  // namespace
}  // namespace touchstone
