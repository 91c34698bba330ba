// LOAD-01: many consecutive requests, each answered exactly once, every byte of stdout parseable. A
// closed loop: the next request goes out when an answer came in, so that it measures whether, not
// how fast.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "conformance/contract/mode.h"
#include "conformance/drive/rig.h"
#include "conformance/observe/violation.h"

namespace touchstone {

struct LoadOptions {
  int requests = 1000;
  Mode mode = Mode::kStream;
  std::uint64_t seed = 1;
  int window = 8;   // S: requests under way at once
  int workers = 2;  // O and B: processes under way at once
};

struct LoadResult {
  int sent = 0, answered = 0, as_expected = 0;
  std::map<std::string, int> outcomes;  // "OK", "PONG", "INVALID_REQUEST", "OK replayed"
  double seconds = 0;
  double p50_ms = 0, p99_ms = 0, max_ms = 0;
  std::vector<Violation> violations;
  std::string transcript;  // of a failure
  bool interrupted = false;
};

// `progress` is told the number of answers so far, at most a few times a second.
LoadResult RunLoad(Rig& rig, const LoadOptions& options, const std::function<void(int)>& progress,
                   std::stop_token stop);

// "1000 sent, 1000 answered, …": one line for a person.
std::string FormatLoad(const LoadOptions& options, const LoadResult& result);

}  // namespace touchstone
