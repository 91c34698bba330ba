// The differential fuzz target: bytes of a line, judged by the host's parser and by the judge's
// oracle.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "ci/differential/agree.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view line(reinterpret_cast<const char*>(data), size);
  line = line.substr(0, line.find('\n'));
  const std::string difference = differential::Difference(line);
  if (difference.empty()) return 0;
  std::fprintf(stderr, "differential: %s\n", difference.c_str());
  std::abort();
}
