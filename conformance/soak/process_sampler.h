// A host's processes once a second, as soak::Sample: memory, descriptors, threads, children, CPU,
// and how much the judge itself overslept meanwhile.
//
// For one thread. Reading costs some milliseconds of /proc; the proportional set size is read
// rarely where the kernel takes long to add it up.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "conformance/process/child_process.h"
#include "conformance/process/lag_gauge.h"
#include "soak/summary/summary.h"

namespace touchstone {

class ProcessSampler {
 public:
  explicit ProcessSampler(const LagGauge& lag) : lag_(lag), read_at_(Clock::now()) {}

  // The trees of all roots added up; nothing when none of them lives.
  std::optional<soak::Sample> Read(const std::vector<pid_t>& roots, double at_s);

 private:
  std::optional<std::int64_t> Pss(const std::vector<pid_t>& pids);

  const LagGauge& lag_;
  TimePoint read_at_;
  std::map<pid_t, std::chrono::microseconds> cpu_;  // of each root when it was last read
  Clock::duration pss_took_{0};
  int reads_since_pss_ = 0;
};

}  // namespace touchstone
