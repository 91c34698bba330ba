// What became of one check in one mode. Values; any thread may copy them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/contract/mode.h"
#include "conformance/observe/moment.h"
#include "conformance/observe/violation.h"

namespace touchstone {

enum class Verdict {
  kPass,
  kFail,
  kSkip,  // not for this host: not claimed, or the profile has no such mode; the message says which
  kInconclusive,  // the environment failed: too few valid trials
  kHarnessBug,    // the judge failed
  kFlaky,         // of several attempts some passed and some failed (--repeat)
};

constexpr std::string_view ToString(Verdict verdict) {
  switch (verdict) {
    case Verdict::kPass:
      return "pass";
    case Verdict::kFail:
      return "fail";
    case Verdict::kSkip:
      return "skip";
    case Verdict::kInconclusive:
      return "inconclusive";
    case Verdict::kHarnessBug:
      return "harness_bug";
    case Verdict::kFlaky:
      return "flaky";
  }
  return "?";
}

// How many of the same kind a check did, and how many of them were answered right: what a bound of
// the failure rate is computed from.
struct Counted {
  std::string what;  // "requests"
  std::int64_t total = 0, right = 0;

  bool operator==(const Counted&) const = default;
};

// What a check says of the host.
struct Judgement {
  Verdict verdict = Verdict::kPass;
  std::string message;                // the first violation, the reason of a skip, …
  std::vector<Violation> violations;  // of a failure: each requirement that was seen broken
  std::string transcript;
  std::optional<Counted> counted = {};
  std::vector<Moment> timeline = {};  // of what is neither pass nor skip, where it is known

  static Judgement Pass() { return {}; }
  static Judgement Skip(std::string why) { return {Verdict::kSkip, std::move(why), {}, {}}; }
  static Judgement Inconclusive(std::string why, std::string transcript = {}) {
    return {Verdict::kInconclusive, std::move(why), {}, std::move(transcript)};
  }
  static Judgement HarnessBug(std::string what, std::string transcript = {}) {
    return {Verdict::kHarnessBug, std::move(what), {}, std::move(transcript)};
  }
  // Pass when there are none.
  static Judgement From(std::vector<Violation> violations, std::string transcript);
  Judgement With(std::vector<Moment> moments) && {
    timeline = std::move(moments);
    return std::move(*this);
  }
};

// What became of each attempt of a check that was played several times.
struct Attempts {
  int pass = 0, fail = 0, inconclusive = 0;

  int total() const { return pass + fail + inconclusive; }
  bool operator==(const Attempts&) const = default;
};

struct CheckResult {
  std::string check;  // "req/timeout-range/zero"
  std::string kind;   // "case", "check", or "suite" (of a gate's policy)
  std::vector<std::string> requirements;
  Mode mode = Mode::kStream;
  Judgement judgement;
  double duration_ms = 0;
  std::string transcript_file;            // in the report folder; empty when none was written
  std::optional<Attempts> attempts = {};  // of --repeat; the judgement then sums them up
};

}  // namespace touchstone
