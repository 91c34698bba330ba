// Input that nobody thought of: a bounded search from the run's seed, and the inputs that were
// found before. `touchstone fuzz` searches for longer.
#include "conformance/checks/check.h"
#include "conformance/fuzz/corpus.h"
#include "conformance/fuzz/story.h"

namespace touchstone {
namespace {

using fuzz::CampaignResult;
using fuzz::Family;

constexpr std::uint64_t kStreamCases = 6000, kOneShotCases = 32;

Judgement Concluded(const CampaignResult& result) {
  auto story = fuzz::StoryOf(result);
  return Judgement::From(std::move(story.violations), std::move(story.transcript));
}

template <Family kFamily>
Judgement Search(Rig& rig, Mode mode) {
  fuzz::CampaignOptions options;
  options.mode = mode;
  options.families = {kFamily};
  options.seed = rig.seed;
  options.cases = mode == Mode::kStream ? kStreamCases : kOneShotCases;
  options.workers = 1;
  options.max_findings = 1;  // a person waits; `touchstone fuzz` finds the others
  return Concluded(fuzz::RunCampaign(rig, options, {}, {}));
}

Judgement Corpus(Rig& rig, Mode mode) {
  if (rig.golden.empty()) return Judgement::Skip("there is no golden/ here");
  auto found = fuzz::LoadCorpus(rig.golden / "corpus");
  if (!found) return Judgement::HarnessBug("the corpus cannot be read: " + found.error());
  auto inputs = std::move(*found);
  // In O and B each input is a process: the JSON texts are for streams alone.
  if (mode == Mode::kStream) {
    auto json = fuzz::LoadJsonCorpus(rig.golden / "json");
    if (!json) return Judgement::HarnessBug("golden/json cannot be read: " + json.error());
    inputs.insert(inputs.end(), json->begin(), json->end());
  }
  return Concluded(fuzz::RunInputs(rig, mode, inputs, {}));
}

const std::vector<Mode> kAllModes = {Mode::kStream, Mode::kOneShot, Mode::kBridge};
const std::vector<std::string> kFraming = {"FRAME-05", "FRAME-06", "FRAME-07", "FRAME-08",
                                           "FRAME-09", "FRAME-10", "RESP-08"};

std::vector<std::string> And(std::vector<std::string> more) {
  more.insert(more.end(), kFraming.begin(), kFraming.end());
  return more;
}

const CheckRegistration kRequests(
    {.name = "fuzz/requests",
     .requirements = And({"REQ-01", "REQ-02", "REQ-03", "REQ-04", "REQ-05", "REQ-06", "REQ-07",
                          "REQ-08", "REQ-09", "FRAME-11", "FRAME-17"}),
     .modes = kAllModes,
     .about = "Valid requests, mutated field by field: each is answered once, as the contract's "
              "order of judgement says.",
     .play = Search<Family::kRequests>});
const CheckRegistration kBytes({.name = "fuzz/bytes",
                                .requirements = kFraming,
                                .modes = kAllModes,
                                .about = "Requests with bytes flipped, inserted, deleted, spliced "
                                         "or cut off: each line is answered once.",
                                .play = Search<Family::kBytes>});
const CheckRegistration kFramings(
    {.name = "fuzz/framing",
     .requirements = And({"FRAME-03", "FRAME-04", "FRAME-13"}),
     .modes = {Mode::kStream},
     .about = "Lines at the limit, in pieces, together, with CR, blank, without the last LF.",
     .play = Search<Family::kFraming>});
const CheckRegistration kJson(
    {.name = "fuzz/json",
     .requirements = And({"REQ-08"}),
     .modes = kAllModes,
     .about = "JSON from the grammar in unknown fields: deep, wide, every "
              "escape, numbers of every shape.",
     .play = Search<Family::kJson>});
const CheckRegistration kCorpus({.name = "fuzz/corpus",
                                 .requirements = And({"REQ-08", "FRAME-11"}),
                                 .modes = kAllModes,
                                 .about = "The inputs of golden/corpus and the JSON texts of "
                                          "golden/json: accepted, refused, or either.",
                                 .play = Corpus});

}  // namespace
}  // namespace touchstone
