#include "soak/arrivals/arrivals.h"

#include <fmt/format.h>

#include <cassert>
#include <charconv>
#include <cmath>

#include "soak/draw.h"

namespace touchstone::soak {
namespace {

constexpr double kFastest = 100'000;
constexpr std::string_view kPoisson = "poisson:";

}  // namespace

tl::expected<ArrivalPlan, std::string> ParseRate(std::string_view text) {
  if (text == "max") return ArrivalPlan{};
  ArrivalPlan plan{ArrivalProcess::kConstant, 0};
  std::string_view rate = text;
  if (rate.starts_with(kPoisson)) {
    plan.process = ArrivalProcess::kPoisson;
    rate.remove_prefix(kPoisson.size());
  }
  if (rate.ends_with("/s")) rate.remove_suffix(2);
  const char* end = rate.data() + rate.size();
  const auto [stopped, error] = std::from_chars(rate.data(), end, plan.per_second);
  if (error != std::errc() || stopped != end || !(plan.per_second > 0) ||
      plan.per_second > kFastest) {
    return tl::unexpected(
        fmt::format("a rate is a number of requests a second, more than 0 and at most {:.0f}, such "
                    "as 50/s or poisson:50/s, or max for a closed loop; got \"{}\"",
                    kFastest, text));
  }
  return plan;
}

std::string Describe(const ArrivalPlan& plan) {
  switch (plan.process) {
    case ArrivalProcess::kConstant:
      return fmt::format("constant {:g}/s", plan.per_second);
    case ArrivalProcess::kPoisson:
      return fmt::format("poisson {:g}/s", plan.per_second);
    case ArrivalProcess::kClosedLoop:
      break;
  }
  return "closed loop (no schedule: latency counts from the send)";
}

ArrivalSchedule::ArrivalSchedule(ArrivalPlan plan, std::uint64_t seed, ArrivalPosition from)
    : plan_(plan), seed_(seed), position_(from) {
  assert(plan.process != ArrivalProcess::kClosedLoop && plan.per_second > 0);
}

std::chrono::nanoseconds ArrivalSchedule::Next() {
  if (plan_.process == ArrivalProcess::kConstant) {
    // From the count, not from the last one: roundings must not add up over a day.
    const auto ns = std::llround(static_cast<double>(position_.count) * 1e9 / plan_.per_second);
    position_.at = std::chrono::nanoseconds(ns);
  } else {
    const double unit = DrawUnit(seed_, static_cast<std::uint64_t>(position_.count));
    const double gap_s = -std::log1p(-unit) / plan_.per_second;
    position_.at += std::chrono::nanoseconds(std::llround(gap_s * 1e9));
  }
  ++position_.count;
  return position_.at;
}

}  // namespace touchstone::soak
