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
  if (hunted.lost == hunted.programs)
    return Judgement::Inconclusive("each program raced more than the model can follow");
  auto judgement = Judgement::Pass();
  judgement.message = fmt::format("{} programs, {} runs, at most {} worlds", hunted.programs,
                                  hunted.runs, hunted.most_worlds);
  return judgement;
}

// The story and the transcript of a program that failed.
Judgement Failed(const std::string& name, const model::Program& program, model::Played played) {
  model::Find find;
  find.program = program;
  find.steps = program.steps.size();
  find.plays = 1;
  find.reproduced = true;
  find.played = std::move(played);
  for (auto& violation : find.played.violations)
    violation.message = fmt::format("program {}: {}", name, violation.message);
  return Judgement::From(find.played.violations,
                         fmt::format("{}\n{}", model::Describe(find), find.played.transcript));
}

Judgement KnownPrograms(Rig& rig, Mode) {
  if (rig.golden.empty()) return Judgement::Skip("there is no golden/ here");
  const auto programs = model::LoadPrograms(rig.golden / "programs");
  if (!programs) return Judgement::HarnessBug(programs.error());
  for (const auto& [name, program] : *programs) {
    auto played = model::Play(rig, program, rig.patience.Now());
    if (!played.not_played.empty()) return Judgement::From({{"LIFE-01", played.not_played}}, {});
    if (!played.violations.empty()) return Failed(name, program, std::move(played));
  }
  auto judgement = Judgement::Pass();
  judgement.message = fmt::format("{} programs", programs->size());
  return judgement;
}

const CheckRegistration kKnown(
    {.name = "fuzz/programs",
     .requirements = {"LIFE-01",  "LIFE-02",  "LIFE-07",  "CTRL-02", "CTRL-04", "CTRL-05",
                      "CTRL-06",  "CTRL-08",  "CTRL-09",  "TIME-05", "SESS-01", "SESS-02",
                      "SESS-05",  "SESS-06",  "IDEM-01",  "IDEM-03", "IDEM-04", "IDEM-06",
                      "ADMIT-01", "ADMIT-02", "ADMIT-06", "REQ-12"},
     .modes = {Mode::kStream},
     .about = "The programs of golden/programs: what random ones shrank to at broken hosts.",
     .play = KnownPrograms});
const CheckRegistration kModel(
    {.name = "fuzz/model",
     .requirements = {"LIFE-01", "CTRL-02", "CTRL-05", "SESS-06", "IDEM-04", "ADMIT-02"},
     .modes = {Mode::kStream},
     .about = "Random programs of runs, cancels, closes and signals, held against a model of the "
              "contract.",
     .play = RandomPrograms});

}  // namespace
}  // namespace touchstone
