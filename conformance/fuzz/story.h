// What a search found, for a report: what was broken, with the input and how to send it again.
#pragma once

#include <string>
#include <vector>

#include "conformance/fuzz/campaign.h"

namespace touchstone::fuzz {

struct Story {
  std::vector<Violation> violations;
  std::string transcript;
};

// A search that sent nothing is a violation, too: it proves nothing.
Story StoryOf(const CampaignResult& result);

}  // namespace touchstone::fuzz
