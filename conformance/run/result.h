// What became of one check in one mode. Values; any thread may copy them.
#pragma once

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
  }
  return "?";
}

// What a check says of the host.
struct Judgement {
  Verdict verdict = Verdict::kPass;
  std::string message;                // the first violation, the reason of a skip, …
  std::vector<Violation> violations;  // of a failure: each requirement that was seen broken
  std::string transcript;
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

struct CheckResult {
  std::string check;  // "req/timeout-range/zero"
  std::string kind;   // "case" or "check"
  std::vector<std::string> requirements;
  Mode mode = Mode::kStream;
  Judgement judgement;
  double duration_ms = 0;
  std::string transcript_file;  // in the report folder; empty when none was written
};

}  // namespace touchstone
