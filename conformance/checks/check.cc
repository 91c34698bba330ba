#include "conformance/checks/check.h"

#include <algorithm>

namespace touchstone {
namespace {

std::vector<Check>& Registered() {
  static std::vector<Check> checks;
  return checks;
}

}  // namespace

CheckRegistration::CheckRegistration(Check check) {
  auto& checks = Registered();
  const auto place =
      std::lower_bound(checks.begin(), checks.end(), check,
                       [](const Check& a, const Check& b) { return a.name < b.name; });
  checks.insert(place, std::move(check));
}

const std::vector<Check>& Checks() { return Registered(); }

}  // namespace touchstone
