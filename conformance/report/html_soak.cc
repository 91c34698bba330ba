// A soak: its verdict, what rises and what does not, the charts, and their figures as tables.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>

#include "conformance/observe/strict_json.h"
#include "conformance/report/html.h"
#include "conformance/report/soak_model.h"

namespace touchstone {
namespace {

constexpr std::size_t kWindowRows = 240, kFailureRows = 50;

std::string_view ClassOf(std::string_view verdict) {
  return verdict == "pass" || verdict == "fail" ? verdict : "inconclusive";
}

std::string_view InWords(soak::TrendVerdict verdict) {
  switch (verdict) {
    case soak::TrendVerdict::kSteady:
      return "steady";
    case soak::TrendVerdict::kRises:
      return "rises";
    case soak::TrendVerdict::kNotJudged:
      return "not judged";
  }
  return "?";
}

std::string Ms(double ms) { return fmt::format("{:.{}f}", ms, ms < 100 ? 2 : 0); }

std::string Outcomes(const std::map<std::string, std::int64_t>& outcomes) {
  std::string text;
  for (const auto& [name, count] : outcomes)
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, count);
  return text;
}

std::string Asked(const soak::Summary& soak) {
  if (soak.asked_s) return TimeSpan(*soak.asked_s);
  if (soak.asked_requests) return Plural(*soak.asked_requests, "request");
  return "until stopped";
}

Markup Facts(const soak::Summary& soak) {
  const auto& host = soak.host;
  Markup facts = Fact("Asked", Asked(soak));
  facts += Fact("Soaked", TimeSpan(soak.soaked_s));
  facts += Fact("Load", fmt::format("{}, mix {}", soak.arrivals, soak.mix));
  facts += Fact("Answered", fmt::format("{} of {}", host.answered, host.intended));
  facts += Fact("Unexpected", fmt::format("{}", host.unexpected));
  facts += Fact("Latency p50, p90, p99, max",
                fmt::format("{}, {}, {}, {} ms", Ms(host.latency.p50_ms), Ms(host.latency.p90_ms),
                            Ms(host.latency.p99_ms), Ms(host.latency.max_ms)));
  if (soak.reference) {
    const auto& latency = soak.reference->latency;
    facts += Fact("The reference’s latency",
                  fmt::format("{}, {}, {}, {} ms", Ms(latency.p50_ms), Ms(latency.p90_ms),
                              Ms(latency.p99_ms), Ms(latency.max_ms)));
  }
  facts += Fact("Outcomes", Outcomes(host.outcomes));
  facts += Fact("Seed", fmt::format("{}", soak.seed));
  return facts;
}

Markup Trends(const soak::Track& track, std::string_view caption) {
  if (track.trends.empty()) return {};
  std::vector<std::vector<std::string>> rows;
  for (const auto& row : track.trends) {
    rows.push_back({row.requirement, row.what, std::string(InWords(row.verdict)),
                    fmt::format("{:+.3g} {}/h", row.slope_per_hour, row.unit),
                    fmt::format("{:.3g} {}/h", row.tolerance_per_hour, row.unit),
                    fmt::format("{:.2g}", row.p), fmt::format("{}", row.points),
                    TimeSpan(row.warm_up_s), row.message});
  }
  return Table(caption,
               {"Requirement", "What", "Trend", "Slope (Theil–Sen)", "Tolerated",
                "p (Mann–Kendall)", "Points", "Warm-up", ""},
               rows);
}

Markup Failures(const soak::Track& track) {
  if (track.failures.empty()) return {};
  std::vector<std::vector<std::string>> rows;
  for (const auto& failure : track.failures) {
    if (rows.size() == kFailureRows) break;
    rows.push_back({TimeSpan(failure.at_s), failure.requirement, Visible(failure.message, 400)});
  }
  return Table(fmt::format("{}; the first {}", Plural(track.failure_count, "failure"), rows.size()),
               {"At", "Requirement", "What"}, rows);
}

std::string Started(std::int64_t ms) {
  return fmt::format("{:%Y-%m-%d %H:%M:%S}", fmt::gmtime(static_cast<std::time_t>(ms / 1000)));
}

Markup Folded(std::string_view title, const Markup& content) {
  static const Template kFolded("folded.html");
  return kFolded.Fill({{"title", title}, {"content", content}});
}

Markup Tables(const soak::Summary& soak) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& w : JoinWindows(soak.host.windows, kWindowRows)) {
    rows.push_back({TimeSpan(w.from_s), TimeSpan(w.seconds), fmt::format("{}", w.answered),
                    fmt::format("{}", w.unexpected), Ms(w.latency.p50_ms), Ms(w.latency.p90_ms),
                    Ms(w.latency.p99_ms), Ms(w.latency.max_ms), Outcomes(w.outcomes)});
  }
  Markup tables = Folded(
      "Latency and outcomes over time",
      Table(soak.host.windows.size() > kWindowRows
                ? "Neighbouring windows are joined; of their latencies the worse is shown."
                : "Latencies in ms, from the intended start.",
            {"From", "Long", "Answered", "Unexpected", "p50", "p90", "p99", "max", "Outcomes"},
            rows));
  rows.clear();
  for (const auto& mark : soak.marks)
    rows.push_back({TimeSpan(mark.from_s), TimeSpan(mark.until_s), mark.what});
  if (!rows.empty()) {
    tables += Folded("What was done to the host (shaded in the charts)",
                     Table("", {"From", "Until", "What"}, rows));
  }
  rows.clear();
  for (const auto& segment : soak.segments)
    rows.push_back({Started(segment.started_ms), TimeSpan(segment.from_s),
                    TimeSpan(segment.until_s), segment.ended});
  tables += Folded("Segments (times of day are UTC; the time between two is not soaked)",
                   Table("", {"Started", "From", "Until", "Ended"}, rows));
  return tables;
}

// What the lines and bands of the charts are.
std::string Legend(const soak::Summary& soak) {
  std::string text;
  if (soak.reference) text += fmt::format("Dashed series: {}, beside it. ", soak.reference->name);
  if (!soak.marks.empty()) text += "Shaded: what was done to the host. ";
  if (soak.segments.size() > 1) text += "Dashed verticals: where it was resumed.";
  return text;
}

std::string DataId(std::size_t i) { return fmt::format("soak-data-{}", i + 1); }

Markup Soak(const soak::Summary& soak, std::size_t i) {
  static const Template kSoak("soak.html"), kCharts("charts.html");
  Markup trends = Trends(soak.host, "Trends after the warm-up");
  if (soak.reference) trends += Trends(*soak.reference, "The reference beside it");
  return kSoak.Fill({{"class", ClassOf(soak.verdict)},
                     {"verdict", soak.verdict},
                     {"heading", fmt::format("{} in mode {}", soak.host.name, soak.mode)},
                     {"reason", soak.reason},
                     {"facts", Facts(soak)},
                     {"legend", Legend(soak)},
                     {"charts", kCharts.Fill({{"source", DataId(i)}})},
                     {"trends", trends},
                     {"failures", Failures(soak.host)},
                     {"tables", Tables(soak)}});
}

}  // namespace

Markup SoakSection(const PageContext& context) {
  Markup html;
  const auto& soaks = context.report.soaks;
  for (std::size_t i = 0; i < soaks.size(); ++i) html += Soak(soaks[i], i);
  if (html.empty()) return {};
  return Section("soak", "Soak", "", html);
}

Markup ChartData(const PageContext& context) {
  static const Template kData("data.html");
  Markup data;
  const auto& soaks = context.report.soaks;
  for (std::size_t i = 0; i < soaks.size(); ++i) {
    data += kData.Fill(
        {{"id", DataId(i)}, {"json", Markup{EscapeJsonForScript(ToJson(SoakModel(soaks[i])))}}});
  }
  return data;
}

}  // namespace touchstone
