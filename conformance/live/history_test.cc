#include "conformance/live/history.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "conformance/observe/strict_json.h"

namespace touchstone::live {
namespace {

using boost::json::object;

std::vector<object> Parsed(const History& history) {
  std::vector<object> lines;
  for (const auto& line : history.Lines()) lines.push_back(ParseStrict(line)->get_object());
  return lines;
}

std::vector<object> OfKind(const History& history, std::string_view kind) {
  auto lines = Parsed(history);
  std::erase_if(lines, [&](const object& line) { return line.at("kind").get_string() != kind; });
  return lines;
}

std::string Sample(int at) {
  return fmt::format(R"({{"kind":"sample","who":"host","at_s":{},"rss_bytes":5}})", at);
}

std::string Window(int i, int ok, double p99) {
  return fmt::format(
      R"({{"kind":"window","who":"host","from_s":{},"seconds":60,"outcomes":{{"OK":{}}},)"
      R"("answered":{},"p99_ms":{},"latencies":[[1,2]]}})",
      i * 60, ok, ok, p99);
}

TEST(History, IsReplayedInOrder) {
  History history;
  history.Add(R"({"kind":"soak","mode":"S"})");
  history.Add(R"({"kind":"segment","from_s":0})");
  history.Add(Sample(1) + "\n");
  history.Add(R"({"kind":"mark","from_s":1,"until_s":2,"what":"outage"})");
  history.Add(R"({"kind":"end","at_s":2,"ended":"interrupted"})");
  std::vector<std::string> kinds;
  for (const auto& line : Parsed(history))
    kinds.emplace_back(std::string_view(line.at("kind").get_string()));
  EXPECT_EQ(kinds, (std::vector<std::string>{"soak", "segment", "mark", "sample", "end"}));
  // A resumed soak has not ended.
  history.Add(R"({"kind":"segment","from_s":2})");
  EXPECT_TRUE(OfKind(history, "end").empty());
  EXPECT_EQ(OfKind(history, "segment").size(), 2u);
}

TEST(History, StaysBoundedOverADay) {
  History history;
  for (int at = 0; at < 86400; ++at) history.Add(Sample(at));
  const auto samples = OfKind(history, "sample");
  EXPECT_LE(samples.size(), History::kMostSamples);
  EXPECT_GE(samples.size(), History::kMostSamples / 2);
  EXPECT_EQ(samples.front().at("at_s"), 0);
  EXPECT_GT(samples.back().at("at_s").to_number<int>(), 86000);
  // Evenly: no half of the day is told less of than the other.
  const auto half = std::ranges::count_if(
      samples, [](const object& s) { return s.at("at_s").to_number<int>() < 43200; });
  EXPECT_NEAR(static_cast<double>(half) / static_cast<double>(samples.size()), 0.5, 0.02);
}

TEST(History, JoinsWindowsWithoutLosingACount) {
  History history;
  std::int64_t sent = 0;
  for (int i = 0; i < 1441; ++i) {
    history.Add(Window(i, i, i == 700 ? 99.5 : 2));
    sent += i;
  }
  const auto windows = OfKind(history, "window");
  EXPECT_LE(windows.size(), History::kMostWindows);
  std::int64_t kept = 0, answered = 0;
  double worst = 0, next = 0;
  for (const auto& window : windows) {
    EXPECT_EQ(window.at("from_s").to_number<double>(), next);  // no gap, no overlap
    next += window.at("seconds").to_number<double>();
    kept += window.at("outcomes").at("OK").to_number<std::int64_t>();
    answered += window.at("answered").to_number<std::int64_t>();
    worst = std::max(worst, window.at("p99_ms").to_number<double>());
    EXPECT_FALSE(window.contains("latencies"));
  }
  EXPECT_EQ(kept, sent);
  EXPECT_EQ(answered, sent);
  EXPECT_EQ(worst, 99.5);
  EXPECT_EQ(next, 1441 * 60);
}

TEST(History, KeepsTheFirstAndTheLastFailures) {
  History history;
  for (int i = 0; i < 5000; ++i)
    history.Add(fmt::format(R"({{"kind":"failure","at_s":{},"message":"m"}})", i));
  const auto failures = OfKind(history, "failure");
  EXPECT_EQ(failures.size(), History::kMostFailures);
  EXPECT_EQ(failures.front().at("at_s"), 0);
  EXPECT_EQ(failures.back().at("at_s"), 4999);
}

TEST(History, IsNotImpressedByGarbage) {
  History history;
  for (const char* line : {"", "x", "[]", "{}", R"({"kind":3})", R"({"kind":"new"})", "\xff"})
    history.Add(line);
  history.Add(R"({"kind":"mark","what":")" + std::string(History::kMostBytes, 'x') + R"("})");
  EXPECT_TRUE(history.Lines().empty());
  // Windows of which a key is missing or of another type are joined all the same.
  for (int i = 0; i < 2000; ++i)
    history.Add(R"({"kind":"window","outcomes":[],"seconds":"a","answered":{}})");
  EXPECT_LE(history.Lines().size(), History::kMostWindows);
}

}  // namespace
}  // namespace touchstone::live
