#include "conformance/selftest/kill_matrix.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <map>

#include "conformance/observe/framing.h"

namespace touchstone {
namespace {

constexpr double kRightShare = 0.95;

bool IsRight(const defective::Defect& defect, const std::string& requirement) {
  return requirement == defect.requirement ||
         std::ranges::find(defect.also, requirement) != defect.also.end();
}

void Kill(Trial& trial, Fate fate, const CheckResult& result, const std::string& requirement,
          const std::string& message) {
  trial.fate = fate;
  trial.blamed = requirement;
  trial.check = result.check;
  trial.mode = result.mode;
  trial.message = message;
}

}  // namespace

void Weigh(Trial& trial, const CheckResult& result) {
  ++trial.plays;
  trial.seconds += result.duration_ms / 1000;
  const auto& judgement = result.judgement;
  if (trial.fate == Fate::kRight) return;
  switch (judgement.verdict) {
    case Verdict::kSkip:
      return;
    case Verdict::kInconclusive:
    case Verdict::kHarnessBug:
      if (trial.fate == Fate::kNotJudged) trial.message = judgement.message;
      return;
    case Verdict::kPass:
      if (trial.fate == Fate::kNotJudged) trial.fate = Fate::kSurvived;
      return;
    case Verdict::kFlaky:
    case Verdict::kFail:
      break;
  }
  for (const auto& violation : judgement.violations) {
    if (IsRight(*trial.defect, violation.requirement)) {
      return Kill(trial, Fate::kRight, result, violation.requirement, violation.message);
    }
  }
  if (trial.fate == Fate::kOther) return;
  const std::string blamed =
      judgement.violations.empty() ? "-" : judgement.violations.front().requirement;
  Kill(trial, Fate::kOther, result, blamed, judgement.message);
}

int KillMatrix::Count(Fate fate) const {
  return static_cast<int>(std::ranges::count(trials, fate, &Trial::fate));
}

bool KillMatrix::bites() const {
  return !trials.empty() && !interrupted && Count(Fate::kSurvived) == 0 &&
         Count(Fate::kNotJudged) == 0 && false_alarms.empty() && without_defect.empty() &&
         Count(Fate::kRight) >= kRightShare * static_cast<double>(trials.size());
}

std::vector<std::string> WithoutDefect(const Catalogue& catalogue, std::string_view milestone,
                                       const std::vector<defective::Defect>& defects,
                                       const std::vector<defective::Exception>& exceptions) {
  std::vector<std::string> found;
  for (const Requirement& requirement : catalogue.requirements()) {
    if (requirement.milestone > milestone) continue;
    const bool has = std::ranges::find(defects, requirement.id, &defective::Defect::requirement) !=
                     defects.end();
    const bool excused = std::ranges::find(exceptions, requirement.id,
                                           &defective::Exception::requirement) != exceptions.end();
    if (!has && !excused) found.push_back(requirement.id);
    if (has && excused) found.push_back(requirement.id + " (excused, yet it has one)");
  }
  return found;
}

std::string FormatTrial(const Trial& trial) {
  std::string text =
      fmt::format("{:<18} {:<10} {:<8} {}", ToString(trial.fate), trial.defect->requirement,
                  ToString(trial.defect->subtlety), trial.defect->name);
  switch (trial.fate) {
    case Fate::kRight:
      return text +
             fmt::format(": {} [{}], {:.1f} s", trial.check, ToString(trial.mode), trial.seconds);
    case Fate::kOther:
      return text + fmt::format(": {} by {} [{}]: {}", trial.blamed, trial.check,
                                ToString(trial.mode), Excerpt(trial.message, 200));
    case Fate::kSurvived:
      return text + fmt::format(": {} plays passed: {}", trial.plays, trial.defect->about);
    case Fate::kNotJudged:
      return text + fmt::format(": {}", trial.message.empty() ? "no check fits its row"
                                                              : Excerpt(trial.message, 200));
  }
  return text;
}

std::string FormatMatrix(const KillMatrix& matrix) {
  struct Row {
    int right = 0, other = 0, survived = 0;
  };
  std::vector<std::string> areas;
  std::map<std::string, Row> rows;
  for (const Trial& trial : matrix.trials) {
    const auto& id = trial.defect->requirement;
    const auto area = id.substr(0, id.find('-'));
    if (!rows.contains(area)) areas.push_back(area);
    Row& row = rows[area];
    ++(trial.fate == Fate::kRight   ? row.right
       : trial.fate == Fate::kOther ? row.other
                                    : row.survived);
  }
  std::string text =
      fmt::format("{:<10} {:>8} {:>18} {:>9}\n", "area", "killed", "killed by another", "survived");
  for (const auto& area : areas) {
    const Row& row = rows[area];
    text += fmt::format("{:<10} {:>8} {:>18} {:>9}\n", area, row.right, row.other, row.survived);
  }
  for (const Trial& trial : matrix.trials) {
    if (trial.fate != Fate::kRight) text += FormatTrial(trial) + "\n";
  }
  for (const auto& alarm : matrix.false_alarms)
    text += "FALSE ALARM at an unbroken host: " + alarm + "\n";
  if (!matrix.without_defect.empty()) {
    text += fmt::format("no defect violates: {}\n", fmt::join(matrix.without_defect, ", "));
  }
  text += fmt::format(
      "{} defects: {} killed by the right requirement, {} by another, {} survived, {} not judged; "
      "{} of the killing plays repeated at the unbroken host, {} false alarms\n",
      matrix.trials.size(), matrix.Count(Fate::kRight), matrix.Count(Fate::kOther),
      matrix.Count(Fate::kSurvived), matrix.Count(Fate::kNotJudged), matrix.control_plays,
      matrix.false_alarms.size());
  text += matrix.interrupted ? "interrupted: this is no verdict on the judge\n"
          : matrix.bites()   ? "the judge bites\n"
                             : "the judge does NOT bite\n";
  return text;
}

std::string MatrixJson(const KillMatrix& matrix) {
  namespace json = boost::json;
  json::array trials;
  for (const Trial& trial : matrix.trials) {
    json::object object{{"defect", trial.defect->name},
                        {"requirement", trial.defect->requirement},
                        {"subtlety", std::string(ToString(trial.defect->subtlety))},
                        {"about", trial.defect->about},
                        {"fate", trial.fate == Fate::kRight      ? "right"
                                 : trial.fate == Fate::kOther    ? "other"
                                 : trial.fate == Fate::kSurvived ? "survived"
                                                                 : "not_judged"},
                        {"plays", trial.plays},
                        {"seconds", trial.seconds}};
    if (!trial.check.empty()) {
      object["blamed"] = trial.blamed;
      object["check"] = trial.check;
      object["mode"] = std::string(ToString(trial.mode));
    }
    if (!trial.message.empty()) object["message"] = Excerpt(trial.message, 2000);
    trials.push_back(std::move(object));
  }
  const json::object report{
      {"bites", matrix.bites()},
      {"interrupted", matrix.interrupted},
      {"killed_right", matrix.Count(Fate::kRight)},
      {"killed_other", matrix.Count(Fate::kOther)},
      {"survived", matrix.Count(Fate::kSurvived)},
      {"not_judged", matrix.Count(Fate::kNotJudged)},
      {"control_plays", matrix.control_plays},
      {"false_alarms", json::array(matrix.false_alarms.begin(), matrix.false_alarms.end())},
      {"without_defect", json::array(matrix.without_defect.begin(), matrix.without_defect.end())},
      {"trials", std::move(trials)}};
  return json::serialize(report) + "\n";
}

}  // namespace touchstone
