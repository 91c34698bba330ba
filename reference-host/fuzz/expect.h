// What a fuzz target does when something that must hold does not: say what, and abort, which is
// what libFuzzer takes for a finding. Asserts would do, but name no reason.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace refhost {

inline void Expect(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "fuzz: does not hold: %s\n", what);
  std::abort();
}

}  // namespace refhost
