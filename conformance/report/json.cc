#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cmath>

#include "conformance/observe/strict_json.h"
#include "conformance/report/html_text.h"
#include "conformance/report/report.h"
#include "soak/summary/summary_json.h"

namespace touchstone {
namespace {

using boost::json::array;
using boost::json::object;

array Strings(const std::vector<std::string>& strings) {
  array list;
  for (const auto& text : strings) list.emplace_back(text);
  return list;
}

array AreasJson(const std::vector<Area>& areas) {
  array list;
  for (const auto& area : areas)
    list.push_back(object{{"id", area.id}, {"title", area.title}, {"section", area.section}});
  return list;
}

array TimelineJson(const std::vector<Moment>& moments) {
  array list;
  for (const auto& moment : moments) {
    list.push_back(object{{"ms", std::round(moment.ms * 1000) / 1000},
                          {"from", moment.from},
                          {"to", moment.to},
                          {"what", moment.what}});
  }
  return list;
}

object SummaryJson(const Summary& s) {
  return {{"planned", s.planned},
          {"executed", s.executed},
          {"pass", s.pass},
          {"fail", s.fail},
          {"skip", s.skip},
          {"inconclusive", s.inconclusive},
          {"harness_bug", s.harness_bug},
          {"flaky", s.flaky}};
}

object RequirementJson(const RequirementVerdict& row) {
  object by_mode;
  for (const auto& [mode, verdict] : row.modes) by_mode[ToString(mode)] = verdict;
  object json{{"id", row.requirement->id},       {"area", row.requirement->area()},
              {"level", row.requirement->level}, {"milestone", row.requirement->milestone},
              {"text", row.requirement->text},   {"verdict", row.verdict},
              {"modes", std::move(by_mode)}};
  if (row.waived) json["waived"] = true;
  if (!row.uncovered_modes.empty()) {
    array modes;
    for (Mode mode : row.uncovered_modes) modes.emplace_back(ToString(mode));
    json["uncovered_modes"] = std::move(modes);
  }
  return json;
}

object ResultJson(const Report& report, const CheckResult& result) {
  object json{{"check", result.check},
              {"kind", result.kind},
              {"requirements", Strings(result.requirements)},
              {"mode", ToString(result.mode)},
              {"verdict", ToString(result.judgement.verdict)},
              {"duration_ms", static_cast<std::int64_t>(result.duration_ms)},
              {"message", result.judgement.message}};
  json["transcript"] = result.transcript_file.empty()
                           ? boost::json::value(nullptr)
                           : boost::json::value(boost::json::string(result.transcript_file));
  if (result.attempts) {
    json["attempts"] = object{{"pass", result.attempts->pass},
                              {"fail", result.attempts->fail},
                              {"inconclusive", result.attempts->inconclusive}};
  }
  if (const auto& counted = result.judgement.counted) {
    json["counted"] =
        object{{"what", counted->what}, {"total", counted->total}, {"right", counted->right}};
  }
  if (!result.judgement.violations.empty()) {
    array violations;
    for (const auto& violation : result.judgement.violations) {
      violations.push_back(
          object{{"requirement", violation.requirement}, {"message", violation.message}});
    }
    json["violations"] = std::move(violations);
    json["replay"] = ReplayCommand(report, result);
  }
  if (!result.judgement.timeline.empty())
    json["timeline"] = TimelineJson(result.judgement.timeline);
  return json;
}

}  // namespace

std::string FormatJson(const Report& report) {
  object json{{"tool", "touchstone"},
              {"version", report.version},
              {"seed", report.seed},
              {"host", object{{"name", report.host_name}, {"command", report.host_command}}},
              {"milestone", report.milestone},
              {"summary", SummaryJson(report.ledger.summary)},
              {"verdict", ToString(report.ledger.overall)},
              {"exit_status", report.ledger.exit_status},
              {"started_ms", report.started_ms},
              {"duration_ms", static_cast<std::int64_t>(report.duration_ms)},
              {"areas", AreasJson(report.areas)},
              {"blocking", Strings(report.ledger.blocking)},
              {"warnings", Strings(report.ledger.warnings)}};
  json["filtered"] = report.filtered;
  json["replay_prefix"] = report.replay_prefix;
  if (!report.suite_command.empty()) json["suite_command"] = report.suite_command;
  if (!report.policy.empty()) json["policy"] = object{{"name", report.policy}};
  if (report.shard) json["shard"] = ToJson(*report.shard);
  if (report.baseline) json["baseline"] = ToJson(*report.baseline);
  array statistics;
  for (const auto& statistic : report.statistics) statistics.push_back(ToJson(statistic));
  json["statistics"] = std::move(statistics);
  json["benchmarks"] = ToJson(report.benchmarks);
  array soaks;
  for (const auto& summary : report.soaks) soaks.push_back(soak::ToJson(summary));
  json["soaks"] = std::move(soaks);
  array requirements, results;
  for (const auto& row : report.ledger.requirements) requirements.push_back(RequirementJson(row));
  for (const auto& result : report.results) results.push_back(ResultJson(report, result));
  json["requirements"] = std::move(requirements);
  json["results"] = std::move(results);
  // What a host wrote may be cut in the middle of a character, and the file must be UTF-8.
  return EscapeInvalidUtf8(ToJson(json), "\\\\x") + "\n";
}

}  // namespace touchstone
