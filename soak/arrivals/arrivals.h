// When the requests of a load are meant to start. In an open loop that is decided beforehand, and
// latency counts from the intended start: a host that stalls cannot hide behind a caller who waits
// for it (coordinated omission; G. Tene, "How NOT to Measure Latency").
//
// Pure values, no clock. One thread at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace touchstone::soak {

enum class ArrivalProcess {
  kConstant,    // one each 1/rate
  kPoisson,     // independent callers: gaps are exponential
  kClosedLoop,  // the next one when a place is free; nothing is scheduled
};

struct ArrivalPlan {
  ArrivalProcess process = ArrivalProcess::kClosedLoop;
  double per_second = 0;  // 0 in a closed loop
};

// "50", "50/s" (constant), "poisson:50", "poisson:50/s", "max" (closed loop). The rate is more than
// 0 and at most 100000. The error says what is wrong and what is known.
tl::expected<ArrivalPlan, std::string> ParseRate(std::string_view text);

// "constant 50/s", "poisson 50/s", "closed loop (no schedule: latency counts from the send)".
std::string Describe(const ArrivalPlan& plan);

// How far a schedule has come: all that a resumed soak needs besides plan and seed.
struct ArrivalPosition {
  std::int64_t count = 0;          // starts that were given out
  std::chrono::nanoseconds at{0};  // the last of them; 0 before the first
};

// The same plan and seed give the same schedule, wherever it was interrupted.
class ArrivalSchedule {
 public:
  // The plan is no closed loop.
  ArrivalSchedule(ArrivalPlan plan, std::uint64_t seed, ArrivalPosition from = {});

  // The next intended start, in soaked time: counted from the begin of the soak, gaps between
  // segments left out. Never before the one that was given out last.
  std::chrono::nanoseconds Next();
  ArrivalPosition position() const { return position_; }

 private:
  const ArrivalPlan plan_;
  const std::uint64_t seed_;
  ArrivalPosition position_;
};

}  // namespace touchstone::soak
