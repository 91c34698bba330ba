#include "conformance/run/waiver_book.h"

#include <fmt/format.h>

namespace touchstone {

WaiverBook::WaiverBook(const Waiving& waiving)
    : waiving_(waiving), used_(waiving.waivers.size(), false) {}

bool WaiverBook::Covers(const CheckResult& result, const Violation& violation) {
  for (std::size_t i = 0; i < used_.size(); ++i) {
    if (!waiving_.waivers[i].Matches(result, violation)) continue;
    used_[i] = true;
    if (!waiving_.waivers[i].ExpiredOn(waiving_.today)) return true;
  }
  return false;
}

std::vector<std::string> WaiverBook::Unused(const std::function<bool(const Waiver&)>& played,
                                            bool filtered) const {
  std::vector<std::string> faults;
  for (std::size_t i = 0; i < used_.size(); ++i) {
    const Waiver& waiver = waiving_.waivers[i];
    if (used_[i]) continue;
    if (played(waiver)) {
      faults.push_back(fmt::format("{}: the waiver for {} is not needed: it no longer fails",
                                   waiver.where, waiver.Subject()));
    } else if (!filtered) {
      faults.push_back(fmt::format("{}: the waiver for {} matches nothing that was played",
                                   waiver.where, waiver.Subject()));
    }
  }
  return faults;
}

std::vector<std::string> WaiverBook::Expired() const {
  std::vector<std::string> notes;
  for (std::size_t i = 0; i < used_.size(); ++i) {
    const Waiver& waiver = waiving_.waivers[i];
    if (used_[i] && waiver.ExpiredOn(waiving_.today)) {
      notes.push_back(fmt::format("{}: the waiver for {} has expired ({}, {})", waiver.where,
                                  waiver.Subject(), waiver.owner, waiver.reason));
    }
  }
  return notes;
}

}  // namespace touchstone
