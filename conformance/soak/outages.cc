#include "conformance/soak/outages.h"

namespace touchstone {
namespace {

constexpr std::size_t kRemember = 16;
constexpr auto kRecovery = std::chrono::seconds(2);  // PROV-15

}  // namespace

void Outages::Began(TimePoint beginning, TimePoint in_effect) {
  outages_.push_back({beginning, in_effect, std::nullopt, std::nullopt});
  if (outages_.size() > kRemember) outages_.pop_front();
}

void Outages::Ended(TimePoint ending, TimePoint over) {
  if (outages_.empty()) return;
  outages_.back().ending = ending;
  outages_.back().over = over;
}

soak::Circumstances::Outage Outages::During(TimePoint intended, TimePoint sent,
                                            TimePoint answered) const {
  using Kind = soak::Circumstances::Outage;
  for (const Outage& outage : outages_) {
    if (outage.in_effect <= sent && (!outage.ending || answered <= *outage.ending))
      return Kind::kThroughout;
    if (outage.beginning <= answered && (!outage.over || intended <= *outage.over + kRecovery))
      return Kind::kPartly;
  }
  return Kind::kNone;
}

}  // namespace touchstone
