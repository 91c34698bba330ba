// Keeps count, over the failures of one run, of which waivers covered something.
//
// Pure; for one thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "conformance/run/ledger.h"

namespace touchstone {

// Which waivers covered something, and what they leave to be said.
class WaiverBook {
 public:
  // `waiving` must outlive the book.
  explicit WaiverBook(const Waiving& waiving);

  // True when the violation shall not block.
  bool Covers(const CheckResult& result, const Violation& violation);

  // Waivers that have outlived their reason. `played` tells whether anything was played that a
  // waiver speaks of; in a `filtered` run the others are no fault.
  std::vector<std::string> Unused(const std::function<bool(const Waiver&)>& played,
                                  bool filtered) const;

  // Waivers whose failures block again.
  std::vector<std::string> Expired() const;

 private:
  const Waiving& waiving_;
  std::vector<bool> used_;
};

}  // namespace touchstone
