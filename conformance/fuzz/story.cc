#include "conformance/fuzz/story.h"

#include <fmt/format.h>

#include "conformance/fuzz/corpus.h"

namespace touchstone::fuzz {

Story StoryOf(const CampaignResult& result) {
  Story story;
  story.transcript = fmt::format("{} inputs, {} processes, {} findings\n", result.inputs,
                                 result.processes, result.findings.size());
  for (const auto& finding : result.findings) {
    const auto bytes = BytesOf(finding);
    Violation violation = finding.minimal.violation;
    if (bytes.size() <= 2000) {
      violation.message += fmt::format(
          "; input: printf {} (ZENE_MAX_REQUEST_BYTES={}); again: "
          "touchstone fuzz --modes {} --replay {}",
          AsPrintf(bytes), finding.limit, ToString(finding.mode), EncodeBase64(bytes));
    }
    story.transcript +=
        fmt::format("{} ({}): {}\n", violation.requirement, finding.origin, violation.message);
    story.violations.push_back(std::move(violation));
  }
  if (result.inputs == 0) story.violations.push_back({"LIFE-01", "nothing was sent"});
  return story;
}

}  // namespace touchstone::fuzz
