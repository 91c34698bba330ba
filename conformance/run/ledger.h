// Pure accounting: what was planned, what was executed, what each requirement's verdict is, and
// what that makes of the whole. No I/O.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "conformance/contract/catalogue.h"
#include "conformance/run/job.h"
#include "conformance/run/result.h"
#include "conformance/run/waivers.h"

namespace touchstone {

struct RequirementVerdict {
  const Requirement* requirement = nullptr;
  std::string verdict;  // pass, fail, flaky, skip, inconclusive, uncovered
  bool waived = false;  // it fails, and each of its failures is waived
  // Modes of the requirement in which nothing planned judges it.
  std::vector<Mode> uncovered_modes;
  // The same verdicts by mode: of each mode that the requirement speaks of or that was judged.
  std::map<Mode, std::string> modes = {};
};

struct Summary {
  int planned = 0, executed = 0, pass = 0, fail = 0, skip = 0, inconclusive = 0, harness_bug = 0;
  int flaky = 0;
};

enum class Overall { kConformant, kNonconformant, kError };

struct Ledger {
  Summary summary;
  std::vector<RequirementVerdict> requirements;
  std::vector<std::string> blocking;  // why not conformant, most important first
  std::vector<std::string> warnings;  // SHOULD rows, later milestones, inconclusive results
  Overall overall = Overall::kError;
  int exit_status = 3;  // 0 conformant, 1 not, 3 could not run, 4 bug in the harness
};

// `milestone` is the one to gate on: M1 ⊂ M2 ⊂ M3. `filtered`: only a part of all checks was asked
// for, so that uncovered requirements are no news.
// Waivers turn failures into warnings until they expire; a waiver that matches no failure is an
// error. A flaky check blocks as a failed one does, unless so many are allowed.
struct Waiving {
  std::vector<Waiver> waivers;
  std::chrono::year_month_day today;
  int flaky_allowed = 0;
  bool partial = false;  // a shard: what a waiver covers may have been played elsewhere
};
Ledger Account(const Catalogue& catalogue, const std::vector<Job>& planned,
               const std::vector<CheckResult>& results, const std::string& milestone, bool filtered,
               const Waiving& waiving = {});

}  // namespace touchstone
