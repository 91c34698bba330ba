#include "soak/summary/summary_json.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace touchstone::soak {
namespace {

// Every field has a value of its own.
Track MakeTrack(const std::string& name) {
  Track track;
  track.name = name;
  track.command = "./" + name + " host";
  track.outcomes = {{"OK", 10}, {"PONG", 2}};
  track.intended = 13;
  track.answered = 12;
  track.unexpected = 1;
  track.latency = {1.5, 2.5, 3.5, 4.5};
  track.samples = {{1, 1000, 900, 7, 3, 2, 12.5, 0.25, 1},
                   {2, 1100, std::nullopt, 8, 4, 1, 2, 0.5, 2}};
  track.windows = {{0, 60, {{"OK", 10}}, 13, 12, 1, {1, 2, 3, 4}}};
  track.trends = {
      {"LOAD-02", "RSS", "KiB", TrendVerdict::kRises, 512, 64, 0.001, 30, 120, "rises"}};
  track.failures = {{3.5, "LOAD-01", "wrong"}};
  track.failure_count = 5;
  return track;
}

Summary MakeSummary() {
  Summary summary;
  summary.name = "ten-minutes";
  summary.mode = "S";
  summary.mix = "default";
  summary.arrivals = "poisson 50/s";
  summary.seed = 0xffffffffffffffff;
  summary.asked_s = 1800;
  summary.soaked_s = 900.5;
  summary.segments = {{1764250000000, 0, 500, "killed"}, {1764260000000, 500, 900.5, "complete"}};
  summary.marks = {{300, 310, "provider outage"}};
  summary.host = MakeTrack("zene");
  summary.reference = MakeTrack("refhost");
  summary.verdict = "fail";
  summary.reason = "RSS rises";
  return summary;
}

TEST(SummaryJson, IsReadBack) {
  const auto json = ToJson(MakeSummary());
  const auto read = SummaryFromJson(boost::json::parse(boost::json::serialize(json)), "soaks[0]");
  ASSERT_TRUE(read) << read.error();
  EXPECT_EQ(ToJson(*read), json);
  EXPECT_EQ(read->seed, 0xffffffffffffffff);
  EXPECT_EQ(read->asked_s, 1800);
  EXPECT_FALSE(read->asked_requests);
  EXPECT_EQ(read->host.samples[0].pss_bytes, 900);
  EXPECT_FALSE(read->host.samples[1].pss_bytes);
  EXPECT_EQ(read->host.samples[1].life, 2);
  EXPECT_EQ(read->host.trends[0].verdict, TrendVerdict::kRises);
  EXPECT_EQ(read->host.trends[0].slope_per_hour, 512);
  EXPECT_EQ(read->host.windows[0].latency.max_ms, 4);
  EXPECT_EQ(read->segments[1].ended, "complete");
  EXPECT_EQ(read->reference->name, "refhost");
}

TEST(SummaryJson, OfAnEmptySummaryIsReadBackToo) {
  const auto read = SummaryFromJson(ToJson(Summary{}), "soaks[0]");
  ASSERT_TRUE(read) << read.error();
  EXPECT_FALSE(read->reference);
}

// Takes away, or spoils, each member of each object in turn.
void Spoil(boost::json::value& root, boost::json::value& at, const std::string& path, int& spoilt) {
  if (at.is_array()) {
    for (std::size_t i = 0; i < at.get_array().size(); ++i)
      Spoil(root, at.get_array()[i], path + "[" + std::to_string(i) + "]", spoilt);
  }
  if (!at.is_object()) return;
  std::vector<std::string> keys;
  for (const auto& member : at.get_object()) keys.emplace_back(member.key());
  for (const auto& key : keys) {
    auto& member = at.get_object()[key];
    Spoil(root, member, path + "." + key, spoilt);
    const auto good = member;
    member = boost::json::array{boost::json::array{}};
    const auto read = SummaryFromJson(root, "soaks[0]");
    EXPECT_FALSE(read) << path << "." << key;
    if (!read) {
      EXPECT_EQ(read.error().rfind(path + "." + key, 0) == 0 || read.error().rfind(path, 0) == 0,
                true)
          << read.error();
    }
    member = good;
    ++spoilt;
  }
}

TEST(SummaryJson, RefusesEveryWrongShape) {
  auto json = ToJson(MakeSummary());
  int spoilt = 0;
  Spoil(json, json, "soaks[0]", spoilt);
  EXPECT_GT(spoilt, 100);
  EXPECT_TRUE(SummaryFromJson(json, "soaks[0]"));
}

TEST(SummaryJson, NamesThePlace) {
  auto json = ToJson(MakeSummary());
  json.as_object()["host"].as_object()["samples"].as_array()[1].as_object()["rss_bytes"] = "a";
  EXPECT_EQ(SummaryFromJson(json, "soaks[2]").error(),
            "soaks[2].host.samples[1].rss_bytes: expected an integer, got \"a\"");
  EXPECT_EQ(SummaryFromJson(7, "soaks[2]").error(), "soaks[2]: expected an object, got 7");
  json = ToJson(MakeSummary());
  json.as_object().erase("segments");
  EXPECT_EQ(SummaryFromJson(json, "soaks[2]").error(), "soaks[2]: `segments` is missing");
  json = ToJson(MakeSummary());
  json.as_object()["host"].as_object()["trends"].as_array()[0].as_object()["verdict"] = "falls";
  EXPECT_EQ(SummaryFromJson(json, "s").error(),
            "s.host.trends[0].verdict: expected steady, rises or not judged, got \"falls\"");
}

}  // namespace
}  // namespace touchstone::soak
