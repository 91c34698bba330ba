// What became of each defective host under the judge, and what that says of the judge. Values and
// strings; no I/O.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "conformance/contract/catalogue.h"
#include "conformance/run/result.h"
#include "fault-injection/defective-hosts/defect.h"

namespace touchstone {

// A survivor has passed all its plays; one that was not judged had no play that came to a verdict.
enum class Fate { kRight, kOther, kSurvived, kNotJudged };

constexpr std::string_view ToString(Fate fate) {
  switch (fate) {
    case Fate::kRight:
      return "killed";
    case Fate::kOther:
      return "killed by another";
    case Fate::kSurvived:
      return "SURVIVED";
    case Fate::kNotJudged:
      return "NOT JUDGED";
  }
  return "?";
}

struct Trial {
  const defective::Defect* defect = nullptr;
  Fate fate = Fate::kNotJudged;
  std::string blamed;  // the requirement
  std::string check;   // that killed it
  Mode mode = Mode::kStream;
  std::string message;  // of the check; of an inconclusive one, when nothing killed it
  int plays = 0;
  double seconds = 0;
};

// Takes one more result of a defect's plays into its trial.
void Weigh(Trial& trial, const CheckResult& result);

struct KillMatrix {
  std::vector<Trial> trials;
  int control_plays = 0;  // what killed, played at the unbroken host behind the shim
  std::vector<std::string> false_alarms;    // those that failed there: "frame/x [S]: message"
  std::vector<std::string> without_defect;  // requirements that no defect violates, not excused
  bool interrupted = false;

  int Count(Fate fate) const;
  // Nobody survived, at least 95 % killed by the right requirement, no false alarm, none without.
  bool bites() const;
};

// Requirements of the milestone that no row violates and no exception excuses; an excuse for one
// that has a row is named, too: it is stale.
std::vector<std::string> WithoutDefect(const Catalogue& catalogue, std::string_view milestone,
                                       const std::vector<defective::Defect>& defects,
                                       const std::vector<defective::Exception>& exceptions);

std::string FormatTrial(const Trial& trial);
// The matrix by area and the verdict in words.
std::string FormatMatrix(const KillMatrix& matrix);
std::string MatrixJson(const KillMatrix& matrix);

}  // namespace touchstone
