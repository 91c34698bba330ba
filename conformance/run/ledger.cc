#include "conformance/run/ledger.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fnmatch.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "conformance/contract/always_on.h"
#include "conformance/run/waiver_book.h"

namespace touchstone {
namespace {

// What the results say of one requirement.
struct Tally {
  std::set<Mode> modes;  // in which something planned judges it
  int passed = 0, skipped = 0, inconclusive = 0, broken = 0, blocked = 0;
  int waived = 0;  // violations that a waiver covers
  int flaky = 0;   // violations in some attempts of a check, not in all
};

using Tallies = std::map<std::string, Tally>;

void Count(Summary& summary, Verdict verdict) {
  ++summary.executed;
  switch (verdict) {
    case Verdict::kPass:
      ++summary.pass;
      break;
    case Verdict::kFail:
      ++summary.fail;
      break;
    case Verdict::kSkip:
      ++summary.skip;
      break;
    case Verdict::kInconclusive:
      ++summary.inconclusive;
      break;
    case Verdict::kHarnessBug:
      ++summary.harness_bug;
      break;
    case Verdict::kFlaky:
      ++summary.flaky;
      break;
  }
}

void Add(Tallies& tallies, const CheckResult& result, WaiverBook& waivers) {
  for (const auto& id : result.requirements) {
    Tally& tally = tallies[id];
    switch (result.judgement.verdict) {
      case Verdict::kPass:
        ++tally.passed;
        break;
      case Verdict::kSkip:
        ++tally.skipped;
        break;
      case Verdict::kInconclusive:
        ++tally.inconclusive;
        break;
      // A check that failed for another requirement has neither proven nor broken this one.
      case Verdict::kFail:
      case Verdict::kFlaky:
      case Verdict::kHarnessBug:
        ++tally.blocked;
        break;
    }
  }
  // What each play looks at is proven by a good one; another has told nothing of it.
  for (const auto& id : AlwaysOn(result.mode)) {
    Tally& tally = tallies[std::string(id)];
    if (result.judgement.verdict == Verdict::kPass)
      ++tally.passed;
    else if (result.judgement.verdict != Verdict::kSkip)
      ++tally.blocked;
  }
  // The always-on checks may break requirements that the check was not about.
  for (const auto& violation : result.judgement.violations) {
    Tally& tally = tallies[violation.requirement];
    const bool flaky = result.judgement.verdict == Verdict::kFlaky;
    ++(waivers.Covers(result, violation) ? tally.waived : flaky ? tally.flaky : tally.broken);
  }
}

std::string VerdictOf(const Tally& tally) {
  if (tally.broken > 0) return "fail";
  if (tally.flaky > 0) return "flaky";
  if (tally.waived > 0) return "fail";
  if (tally.modes.empty()) return "uncovered";
  if (tally.passed > 0) return "pass";
  if (tally.inconclusive > 0 || tally.blocked > 0) return "inconclusive";
  return tally.skipped > 0 ? "skip" : "uncovered";
}

std::vector<Mode> UncoveredModes(const Requirement& requirement, const Tally& tally) {
  std::vector<Mode> modes;
  for (Mode mode : requirement.modes) {
    const bool covered = mode == Mode::kNone ? !tally.modes.empty() : tally.modes.contains(mode);
    if (!covered) modes.push_back(mode);
  }
  return modes;
}

bool Gates(const Requirement& requirement, const std::string& milestone) {
  return requirement.level == "MUST" && requirement.milestone <= milestone;
}

std::string FirstFailureOf(const std::string& id, const std::vector<CheckResult>& results) {
  for (const auto& result : results) {
    for (const auto& violation : result.judgement.violations) {
      if (violation.requirement != id) continue;
      auto text =
          fmt::format("{} [{}]: {}", result.check, ToString(result.mode), violation.message);
      if (result.judgement.verdict == Verdict::kFlaky && result.attempts)
        text += fmt::format(" ({} of {} attempts failed)", result.attempts->fail,
                            result.attempts->total());
      return text;
    }
  }
  return {};
}

// "2 of 5 planned checks were not executed: a [S], b [O]"; of many only the first are named.
std::string NotExecuted(const std::vector<Job>& planned, const std::vector<CheckResult>& results) {
  std::set<std::pair<std::string, Mode>> executed;
  for (const auto& result : results) executed.emplace(result.check, result.mode);
  std::vector<std::string> names;
  for (const Job& job : planned) {
    if (!executed.contains({job.check, job.mode}))
      names.push_back(fmt::format("{} [{}]", job.check, ToString(job.mode)));
  }
  constexpr std::size_t kNamed = 5;
  auto text = fmt::format("{} of {} planned checks were not executed",
                          planned.size() - results.size(), planned.size());
  for (std::size_t i = 0; i < names.size() && i < kNamed; ++i)
    text += (i == 0 ? ": " : ", ") + names[i];
  return names.size() > kNamed ? text + ", …" : text;
}

// The verdict from what blocks. `faults` make the run itself worthless: see Waiving.
void Decide(Ledger& ledger, int unplayed, std::vector<std::string> faults,
            const std::string& not_executed, const std::string& first_message) {
  const Summary& s = ledger.summary;
  if (unplayed > 0) {
    ledger.blocking.insert(
        ledger.blocking.begin(),
        fmt::format("{} check(s) were not played, and count as failed: the host let too many plays "
                    "run into their deadlines",
                    unplayed));
  }
  if (s.harness_bug > 0) {
    ledger.blocking.insert(
        ledger.blocking.begin(),
        fmt::format("{} check(s) failed by a bug in the harness", s.harness_bug));
    ledger.overall = Overall::kError;
    ledger.exit_status = 4;
  } else if (s.planned == 0 || s.executed < s.planned) {
    ledger.blocking.insert(ledger.blocking.begin(),
                           s.planned == 0
                               ? std::string("nothing was planned: a run of nothing proves nothing")
                               : not_executed);
    ledger.overall = Overall::kError;
    ledger.exit_status = 3;
  } else if (!faults.empty()) {
    ledger.blocking.insert(ledger.blocking.begin(), faults.begin(), faults.end());
    ledger.overall = Overall::kError;
    ledger.exit_status = 3;
  } else if (!ledger.blocking.empty()) {
    ledger.overall = Overall::kNonconformant;
    ledger.exit_status = 1;
  } else if (s.pass + s.fail + s.flaky == 0) {
    ledger.blocking.push_back("no check passed or failed; the first: " + first_message);
    ledger.overall = Overall::kError;
    ledger.exit_status = 3;
  } else {
    ledger.overall = Overall::kConformant;
    ledger.exit_status = 0;
  }
}

// Of one mode, or of all.
Tallies Count(const std::vector<Job>& planned, const std::vector<CheckResult>& results,
              WaiverBook& waivers, std::optional<Mode> mode = std::nullopt) {
  Tallies tallies;
  for (const Job& job : planned) {
    if (mode && job.mode != *mode) continue;
    for (const auto& id : job.requirements) tallies[id].modes.insert(job.mode);
    for (const auto& id : AlwaysOn(job.mode)) tallies[std::string(id)].modes.insert(job.mode);
  }
  for (const auto& result : results) {
    if (!mode || result.mode == *mode) Add(tallies, result, waivers);
  }
  return tallies;
}

// A row that is not tied to a mode is judged in whichever there is: then "-" itself says nothing.
void AddModes(Mode mode, const Tallies& tallies, std::vector<RequirementVerdict>& rows) {
  for (auto& row : rows) {
    const auto found = tallies.find(row.requirement->id);
    const bool judged = found != tallies.end() && VerdictOf(found->second) != "uncovered";
    const bool asked = mode != Mode::kNone && std::ranges::count(row.requirement->modes, mode) > 0;
    if (judged || asked) row.modes[mode] = judged ? VerdictOf(found->second) : "uncovered";
  }
}

}  // namespace

Ledger Account(const Catalogue& catalogue, const std::vector<Job>& planned,
               const std::vector<CheckResult>& results, const std::string& milestone, bool filtered,
               const Waiving& waiving) {
  Ledger ledger;
  WaiverBook waivers(waiving);
  ledger.summary.planned = static_cast<int>(planned.size());
  for (const auto& result : results) Count(ledger.summary, result.judgement.verdict);
  Tallies tallies = Count(planned, results, waivers);
  const bool may_be_flaky = ledger.summary.flaky <= waiving.flaky_allowed;
  // Warnings by weight: what is broken, what could not be judged, what nothing judges.
  std::vector<std::string> broken, unjudged, uncovered;
  for (const Requirement& requirement : catalogue.requirements()) {
    const Tally& tally = tallies[requirement.id];
    RequirementVerdict verdict{&requirement, VerdictOf(tally),
                               tally.broken + tally.flaky == 0 && tally.waived > 0,
                               UncoveredModes(requirement, tally)};
    const bool gates = Gates(requirement, milestone);
    if (verdict.verdict == "fail") {
      auto& list = gates && !verdict.waived ? ledger.blocking : broken;
      list.push_back(fmt::format("{} ({} {}) is {}: {}", requirement.id, requirement.level,
                                 requirement.milestone, verdict.waived ? "waived" : "broken",
                                 FirstFailureOf(requirement.id, results)));
    } else if (verdict.verdict == "flaky") {
      auto& list = gates && !may_be_flaky ? ledger.blocking : broken;
      list.push_back(fmt::format("{} ({} {}) is flaky: {}", requirement.id, requirement.level,
                                 requirement.milestone, FirstFailureOf(requirement.id, results)));
    } else if (verdict.verdict == "inconclusive" && gates) {
      unjudged.push_back(requirement.id);
    } else if (verdict.verdict == "uncovered" && gates && !filtered) {
      uncovered.push_back(requirement.id);
    }
    ledger.requirements.push_back(std::move(verdict));
  }
  for (Mode mode : {Mode::kStream, Mode::kOneShot, Mode::kBridge, Mode::kNone})
    AddModes(mode, Count(planned, results, waivers, mode), ledger.requirements);
  ledger.warnings = std::move(broken);
  // One cause has many rows: a line for all of them.
  const auto list = [&](std::string_view what, const std::vector<std::string>& ids) {
    if (!ids.empty()) ledger.warnings.push_back(fmt::format("{}: {}", what, fmt::join(ids, ", ")));
  };
  list("could not be judged", unjudged);
  list("not covered by any case or check", uncovered);
  // A failure that accuses nobody: see Patience.
  const auto unplayed =
      std::count_if(results.begin(), results.end(), [](const CheckResult& result) {
        return result.judgement.verdict == Verdict::kFail && result.judgement.violations.empty();
      });
  for (auto& note : waivers.Expired()) ledger.blocking.push_back(std::move(note));
  const auto played = [&](const Waiver& waiver) {
    if (!waiver.requirement.empty()) return !tallies[waiver.requirement].modes.empty();
    return std::any_of(planned.begin(), planned.end(), [&](const Job& job) {
      return ::fnmatch(waiver.check.c_str(), job.check.c_str(), 0) == 0;
    });
  };
  auto unused = waiving.partial ? std::vector<std::string>{} : waivers.Unused(played, filtered);
  Decide(ledger, static_cast<int>(unplayed), std::move(unused), NotExecuted(planned, results),
         results.empty() ? "" : results.front().judgement.message);
  return ledger;
}

}  // namespace touchstone
