#include "conformance/run/result.h"

namespace touchstone {

Judgement Judgement::From(std::vector<Violation> violations, std::string transcript) {
  if (violations.empty()) return {Verdict::kPass, {}, {}, std::move(transcript)};
  std::string message = violations.front().requirement + ": " + violations.front().message;
  return {Verdict::kFail, std::move(message), std::move(violations), std::move(transcript)};
}

}  // namespace touchstone
