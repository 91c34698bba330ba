// Random programs against the executable model of the contract (docs/model.md): a bounded part of
// what `touchstone fuzz --model` does, from the run's seed.
#include <fmt/format.h>

#include "conformance/checks/check.h"
#include "conformance/fuzz/model/hunt.h"

namespace touchstone {
namespace {

constexpr int kPrograms = 120, kSteps = 30, kThreads = 2;
constexpr std::chrono::milliseconds kBudget{2500};

Judgement RandomPrograms(Rig& rig, Mode) {
  const auto hunted = model::Hunt(rig,
                                  {.seed = rig.seed,
                                   .programs = kPrograms,
                                   .steps = kSteps,
                                   .threads = kThreads,
                                   .budget = kBudget},
                                  {});
  if (!hunted.not_played.empty()) return Judgement::From({{"LIFE-01", hunted.not_played}}, {});
  if (hunted.find) {
    const auto& find = *hunted.find;
    return Judgement::From(find.played.violations,
                           fmt::format("{}\n{}\n{}", model::Describe(find),
                                       model::Write(find.program), find.played.transcript));
  }
  if (hunted.programs == 0) return Judgement::HarnessBug("no program was played");
  auto judgement = Judgement::Pass();
  judgement.message = fmt::format("{} programs, {} runs, at most {} worlds", hunted.programs,
                                  hunted.runs, hunted.most_worlds);
  return judgement;
}

const CheckRegistration kModel(
    {.name = "fuzz/model",
     .requirements = {"LIFE-01", "CTRL-02", "CTRL-05", "SESS-06", "IDEM-04", "ADMIT-02"},
     .modes = {Mode::kStream},
     .about = "Random programs of runs, cancels, closes and signals, held against a model of the "
              "contract.",
     .play = RandomPrograms});

}  // namespace
}  // namespace touchstone
