#include "conformance/soak/soak_text.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "conformance/drive/rig.h"

namespace touchstone {
namespace {

constexpr int kShownFailures = 5;
constexpr auto kPlainEvery = std::chrono::seconds(10);

// The most frequent first.
std::string FormatOutcomes(const std::map<std::string, std::int64_t>& outcomes, std::size_t most) {
  std::vector<std::pair<std::string, std::int64_t>> sorted(outcomes.begin(), outcomes.end());
  std::ranges::stable_sort(sorted, std::greater(), &std::pair<std::string, std::int64_t>::second);
  std::string text;
  for (std::size_t i = 0; i < sorted.size() && i < most; ++i)
    text += fmt::format("{}{} {}", i == 0 ? "" : ", ", sorted[i].second, sorted[i].first);
  return sorted.size() > most ? text + ", …" : text;
}

double Mib(std::int64_t bytes) { return static_cast<double>(bytes) / (1 << 20); }

std::string FormatTrend(const soak::TrendRow& row) {
  const char* verdict = row.verdict == soak::TrendVerdict::kSteady  ? "steady    "
                        : row.verdict == soak::TrendVerdict::kRises ? "RISES     "
                                                                    : "not judged";
  std::string allowed;
  if (row.verdict != soak::TrendVerdict::kNotJudged)
    allowed = fmt::format("; allowed are {:.3g} {}/h", row.tolerance_per_hour, row.unit);
  return fmt::format("  {} {} {}: {}{}\n", verdict, row.requirement, row.what, row.message,
                     row.verdict == soak::TrendVerdict::kRises ? "" : allowed);
}

std::string FormatTrack(const soak::Track& track, double seconds) {
  return fmt::format(
      "{} lines sent, {} answered, {} not as they should be ({}); {:.1f} s, {:.0f}/s, p50 {:.1f} "
      "ms, p90 {:.1f} ms, p99 {:.1f} ms, max {:.1f} ms\n",
      track.intended, track.answered, track.unexpected, FormatOutcomes(track.outcomes, 12), seconds,
      static_cast<double>(track.answered) / std::max(seconds, 1e-9), track.latency.p50_ms,
      track.latency.p90_ms, track.latency.p99_ms, track.latency.max_ms);
}

double PeakRss(const soak::Track& track) {
  std::int64_t peak = 0;
  for (const auto& sample : track.samples) peak = std::max(peak, sample.rss_bytes);
  return static_cast<double>(peak);
}

// How many times as slow, and as large.
std::string FormatComparison(const soak::Track& host, const soak::Track& reference) {
  const auto ratio = [](double a, double b) { return b > 0 ? a / b : 0; };
  return fmt::format("  compared with it: p50 x {:.2f}, p99 x {:.2f}, peak RSS x {:.2f}\n",
                     ratio(host.latency.p50_ms, reference.latency.p50_ms),
                     ratio(host.latency.p99_ms, reference.latency.p99_ms),
                     ratio(PeakRss(host), PeakRss(reference)));
}

std::size_t Columns(std::FILE* stream) {
  winsize size{};
  if (::ioctl(::fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 20) return size.ws_col;
  return 80;
}

}  // namespace

std::string FormatLength(double seconds) {
  const auto total = static_cast<std::int64_t>(std::max(seconds, 0.0));
  const auto hours = total / 3600, minutes = total / 60 % 60, rest = total % 60;
  return hours > 0 ? fmt::format("{}:{:02}:{:02}", hours, minutes, rest)
                   : fmt::format("{}:{:02}", minutes, rest);
}

std::string FormatSoakProgress(const SoakPlan& plan, const SoakProgress& progress,
                               std::size_t width) {
  std::string text = FormatLength(progress.soaked_s);
  if (plan.duration)
    text += " of " + FormatLength(std::chrono::duration<double>(*plan.duration).count());
  if (plan.requests) text += fmt::format(", {} of {}", progress.given_out, *plan.requests);
  if (progress.failures > 0) text += fmt::format("  {} FAILED", progress.failures);
  text += fmt::format("  {:.0f}/s  p99 {:.1f} ms  RSS {:.1f} MiB  lag {:.1f} ms  {}",
                      progress.per_second, progress.p99_ms, Mib(progress.rss_bytes),
                      progress.lag_ms, FormatOutcomes(progress.outcomes, 8));
  if (text.size() <= width) return text;
  text.resize(width - 1);
  // No half of a character; of those outside ASCII there is but one.
  while (!text.empty() && (text.back() & 0x80)) text.pop_back();
  return text + "…";
}

std::string FormatSoak(const soak::Summary& summary) {
  std::string text = fmt::format("{} [{}]: {}\n", summary.verdict, summary.mode, summary.reason);
  text += fmt::format("  mix {}, {}, seed {}; soaked {}", summary.mix, summary.arrivals,
                      summary.seed, FormatLength(summary.soaked_s));
  if (summary.asked_s) text += " of " + FormatLength(*summary.asked_s);
  text += "\n  " + FormatTrack(summary.host, summary.soaked_s);
  if (summary.segments.size() > 1) {
    text += fmt::format("  {} segments:", summary.segments.size());
    for (const auto& segment : summary.segments)
      text += fmt::format(" {}–{} {};", FormatLength(segment.from_s), FormatLength(segment.until_s),
                          segment.ended);
    text.back() = '\n';
  }
  for (const auto& mark : summary.marks) {
    text += fmt::format("  chaos at {}: {} ({:.1f} s)\n", FormatLength(mark.from_s), mark.what,
                        mark.until_s - mark.from_s);
    if (&mark - summary.marks.data() >= 9) {
      text += fmt::format("  … {} in all\n", summary.marks.size());
      break;
    }
  }
  for (const auto& row : summary.host.trends) text += FormatTrend(row);
  if (summary.reference) {
    text += fmt::format("  beside it {}: {}", summary.reference->name,
                        FormatTrack(*summary.reference, summary.soaked_s));
    for (const auto& row : summary.reference->trends) text += "  " + FormatTrend(row);
    text += FormatComparison(summary.host, *summary.reference);
  }
  int shown = 0;
  for (const auto& failure : summary.host.failures) {
    if (++shown > kShownFailures) break;
    text +=
        fmt::format("  at {:.1f} s {}: {}\n", failure.at_s, failure.requirement, failure.message);
  }
  if (summary.host.failure_count > kShownFailures)
    text += fmt::format("  … {} failures in all\n", summary.host.failure_count);
  return text;
}

SoakConsole::SoakConsole(std::FILE* stream, bool plain, const SoakPlan& plan)
    : stream_(stream), plain_(plain), plan_(plan), told_at_(Clock::now()) {}

SoakConsole::~SoakConsole() {
  if (line_open_) fmt::print(stream_, "\r\x1b[K");
  std::fflush(stream_);
}

void SoakConsole::OnProgress(const SoakProgress& progress) {
  if (plain_) {
    if (Clock::now() - told_at_ < kPlainEvery) return;
    told_at_ = Clock::now();
    fmt::print(stream_, "soak [{}]: {}\n", ToString(plan_.mode),
               FormatSoakProgress(plan_, progress, 200));
  } else {
    line_open_ = true;
    fmt::print(stream_, "\r\x1b[K{}", FormatSoakProgress(plan_, progress, Columns(stream_)));
  }
  std::fflush(stream_);
}

}  // namespace touchstone
