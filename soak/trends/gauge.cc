#include "soak/trends/gauge.h"

#include <fmt/format.h>

#include <algorithm>

namespace touchstone::soak {
namespace {

// A day is judged by the hour; what is shorter, or has many restarts, by the same number of
// windows. The more windows, the more sensitive to values that go together; the fewer, the less
// power.
constexpr double kWindows = 24, kWindowsOfALife = 12;
constexpr double kLongestS = 3600;
// The warm-up's end is looked for on a finer scale.
constexpr double kFiner = 4;
// A process that is ended sooner is in its warm-up all the time, and rises: Mann-Kendall has no
// answer for fewer points either.
constexpr double kFewestWindowsOfALife = 8;

double Span(const std::vector<Point>& series) {
  return series.empty() ? 0 : series.back().at - series.front().at;
}

double WindowLength(const Lives& lives, double shortest_s) {
  double total = 0, longest = 0;
  for (const auto& series : lives) {
    total += Span(series);
    longest = std::max(longest, Span(series));
  }
  return std::clamp(std::min(total / kWindows, longest / kWindowsOfALife), shortest_s, kLongestS);
}

Lives WithoutShort(const Lives& raw, double shortest_s) {
  Lives longer;
  std::copy_if(raw.begin(), raw.end(), std::back_inserter(longer),
               [&](const auto& series) { return Span(series) >= shortest_s; });
  return longer;
}

}  // namespace

Judged AfterWarmUp(const Lives& raw, double shortest_window_s) {
  Judged judged;
  const auto lives = WithoutShort(raw, kFewestWindowsOfALife * shortest_window_s);
  judged.too_short = static_cast<int>(raw.size() - lives.size());
  const double fine_s = WindowLength(lives, shortest_window_s) / kFiner;
  Lives rest;
  for (const auto& series : lives) {
    const auto fine = WindowMedians(series, fine_s);
    const auto warm = WarmUp(fine);
    // A window's point is at its middle: half a window more was warm-up.
    const double from = warm == 0 ? -1e300 : fine[warm].at - fine_s / 2;
    auto& kept = rest.emplace_back();
    std::copy_if(series.begin(), series.end(), std::back_inserter(kept),
                 [&](const Point& point) { return point.at >= from; });
    if (warm > 0) judged.warm_up_s = std::max(judged.warm_up_s, from - series.front().at);
    judged.longest_s = std::max(judged.longest_s, Span(kept));
  }
  judged.window_s = WindowLength(rest, shortest_window_s);
  for (const auto& series : rest) judged.lives.push_back(WindowMedians(series, judged.window_s));
  return judged;
}

namespace {

constexpr double kHour = 3600;

// The points of the second half of the time that was judged; a step in it is a warm-up once more.
Lives LaterHalf(const Lives& lives) {
  std::vector<double> times;
  for (const auto& series : lives) {
    for (const auto& point : series) times.push_back(point.at);
  }
  if (times.empty()) return {};
  const double middle = times[times.size() / 2];  // lives come in order of time
  Lives later;
  for (const auto& series : lives) {
    auto& kept = later.emplace_back();
    std::copy_if(series.begin(), series.end(), std::back_inserter(kept),
                 [&](const Point& point) { return point.at >= middle; });
    kept.erase(kept.begin(), kept.begin() + static_cast<std::ptrdiff_t>(WarmUp(kept)));
  }
  return later;
}

double LongestSpan(const Lives& lives) {
  double longest = 0;
  for (const auto& series : lives) longest = std::max(longest, Span(series));
  return longest;
}

// Two chances to be wrong share what is allowed; in the later half there are too few points to know
// well how much neighbours go together.
constexpr double kShareOfWhole = 0.9, kShareOfHalf = 0.1;
constexpr double kLeastShareOfPace = 0.3;

bool Rises(const Rise& rise, double span_s, double share, const GaugeLimits& limits) {
  return rise.points >= limits.fewest_points && rise.p < limits.significance * share &&
         rise.slope * kHour > limits.per_hour && rise.slope * span_s >= limits.least;
}

}  // namespace

TrendRow JudgeGauge(const Lives& raw, const std::string& unit, const GaugeLimits& limits) {
  const auto judged = AfterWarmUp(raw, limits.shortest_window_s);
  const auto whole = FindRise(judged.lives);
  TrendRow row;
  row.tolerance_per_hour = limits.per_hour;
  row.warm_up_s = judged.warm_up_s;
  row.slope_per_hour = whole.slope * kHour;
  row.p = whole.p;
  row.points = whole.points;
  const auto basis = [&](const Rise& rise, const char* part) {
    auto text = fmt::format("{} windows of {:.0f} s{} after a warm-up of {:.0f} s", rise.points,
                            judged.window_s, part, judged.warm_up_s);
    if (judged.too_short > 0) {
      text +=
          fmt::format(", without {} of {} lives, which lasted less than {:g} s", judged.too_short,
                      raw.size(), kFewestWindowsOfALife * limits.shortest_window_s);
    }
    return text;
  };
  if (whole.points < limits.fewest_points) {
    row.verdict = TrendVerdict::kNotJudged;
    row.message = fmt::format("{}, at least {} are needed", basis(whole, ""), limits.fewest_points);
    return row;
  }
  // What begins to leak late hardly shows in the median of all slopes.
  const auto later_lives = LaterHalf(judged.lives);
  const auto later = FindRise(later_lives);
  // A leak goes on at its pace; what has come to rest in the later half was a late step, or a heap
  // that settled.
  const bool goes_on =
      later.slope * kHour > limits.per_hour / 2 && later.slope > whole.slope * kLeastShareOfPace;
  const bool rises = goes_on && Rises(whole, judged.longest_s, kShareOfWhole, limits);
  if (rises || Rises(later, LongestSpan(later_lives), kShareOfHalf, limits)) {
    const auto& rise = rises ? whole : later;
    row.verdict = TrendVerdict::kRises;
    row.slope_per_hour = rise.slope * kHour;
    row.p = rise.p;
    row.points = rise.points;
    row.message = fmt::format("rises by {:.4g} {}/h (p = {:.2g}; {}), allowed are {:g} {}/h",
                              row.slope_per_hour, unit, rise.p,
                              basis(rise, rises ? "" : ", the later half,"), limits.per_hour, unit);
    return row;
  }
  row.verdict = TrendVerdict::kSteady;
  row.message = fmt::format(
      "{:+.3g} {}/h (p = {:.2g}; {}); a rise of more than {:.3g} {}/h is ruled out (95 %)",
      row.slope_per_hour, unit, whole.p, basis(whole, ""),
      std::max(0.0, whole.highest_slope * kHour), unit);
  return row;
}

}  // namespace touchstone::soak
