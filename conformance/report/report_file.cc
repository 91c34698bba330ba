#include "conformance/report/report_file.h"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <fstream>
#include <limits>

#include "conformance/observe/json_fields.h"
#include "conformance/report/writer.h"
#include "soak/summary/summary_json.h"

namespace touchstone {
namespace {

constexpr auto kNeeded = JsonFields::kNeeded;
constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
constexpr double kAges = 1e12;

std::optional<Verdict> VerdictFromString(std::string_view text) {
  for (Verdict verdict : {Verdict::kPass, Verdict::kFail, Verdict::kSkip, Verdict::kInconclusive,
                          Verdict::kHarnessBug, Verdict::kFlaky}) {
    if (ToString(verdict) == text) return verdict;
  }
  return std::nullopt;
}

int Count(JsonFields& fields, const std::string& key, JsonFields::Need need = kNeeded) {
  return static_cast<int>(
      fields.Integer(key, 0, std::numeric_limits<int>::max(), need).value_or(0));
}

Mode ReadMode(JsonFields& fields) {
  const auto text = fields.Word("mode", {"S", "O", "B", "-"}, kNeeded);
  return ModeFromString(text.value_or("-")).value_or(Mode::kNone);
}

void ReadSummary(JsonFields summary, Summary& s) {
  s.planned = Count(summary, "planned");
  s.executed = Count(summary, "executed");
  s.pass = Count(summary, "pass");
  s.fail = Count(summary, "fail");
  s.skip = Count(summary, "skip");
  s.inconclusive = Count(summary, "inconclusive");
  s.harness_bug = Count(summary, "harness_bug");
  s.flaky = Count(summary, "flaky", JsonFields::kOptional);
}

Judgement ReadJudgement(JsonFields& fields) {
  Judgement judgement;
  const auto verdict = VerdictFromString(fields.Text("verdict", kNeeded).value_or(""));
  if (!verdict) fields.Fault("verdict", "no verdict of a check");
  judgement.verdict = verdict.value_or(Verdict::kHarnessBug);
  judgement.message = fields.Text("message", kNeeded).value_or("");
  fields.Each("violations", [&](JsonFields& violation) {
    judgement.violations.push_back({violation.Text("requirement", kNeeded).value_or(""),
                                    violation.Text("message", kNeeded).value_or("")});
  });
  fields.Each("timeline", [&](JsonFields& moment) {
    judgement.timeline.push_back({moment.Number("ms", -kAges, kAges).value_or(0),
                                  moment.Text("from").value_or(""), moment.Text("to").value_or(""),
                                  moment.Text("what").value_or("")});
  });
  if (auto counted = fields.Object("counted")) {
    judgement.counted = Counted{counted->Text("what", kNeeded).value_or(""),
                                counted->Integer("total", 0, kMost, kNeeded).value_or(0),
                                counted->Integer("right", 0, kMost, kNeeded).value_or(0)};
  }
  return judgement;
}

CheckResult ReadResult(JsonFields& fields) {
  CheckResult result;
  result.check = fields.Text("check", kNeeded).value_or("");
  result.kind = fields.Text("kind", kNeeded).value_or("");
  result.requirements = fields.Texts("requirements", kNeeded);
  result.mode = ReadMode(fields);
  result.judgement = ReadJudgement(fields);
  result.duration_ms = static_cast<double>(fields.Integer("duration_ms", 0, kMost).value_or(0));
  if (const auto* file = fields.Value("transcript"); file && file->is_string()) {
    result.transcript_file = file->get_string();
    // It is opened later: no report names a file elsewhere.
    if (!result.transcript_file.starts_with("transcripts/") ||
        result.transcript_file.find("..") != std::string::npos)
      fields.Fault("transcript", "expected a file in transcripts/");
  }
  if (auto attempts = fields.Object("attempts")) {
    result.attempts = Attempts{Count(*attempts, "pass"), Count(*attempts, "fail"),
                               Count(*attempts, "inconclusive")};
  }
  return result;
}

RequirementVerdict ReadRequirement(JsonFields& fields, std::deque<Requirement>& rows) {
  Requirement row;
  row.id = fields.Text("id", kNeeded).value_or("");
  row.level = fields.Text("level", kNeeded).value_or("");
  row.milestone = fields.Text("milestone", kNeeded).value_or("");
  row.text = fields.Text("text").value_or("");
  rows.push_back(std::move(row));
  RequirementVerdict verdict;
  verdict.requirement = &rows.back();
  verdict.verdict = fields.Text("verdict", kNeeded).value_or("");
  verdict.waived = fields.Flag("waived").value_or(false);
  for (const auto& mode : fields.Texts("uncovered_modes")) {
    if (const auto known = ModeFromString(mode)) verdict.uncovered_modes.push_back(*known);
  }
  if (auto modes = fields.Object("modes")) {
    for (const Mode mode : {Mode::kStream, Mode::kOneShot, Mode::kBridge, Mode::kNone}) {
      if (auto text = modes->Text(std::string(ToString(mode)))) verdict.modes[mode] = *text;
    }
  }
  return verdict;
}

void ReadLedger(JsonFields& root, ReportFile& read) {
  Ledger& ledger = read.report.ledger;
  if (auto summary = root.Object("summary", kNeeded)) ReadSummary(*summary, ledger.summary);
  const auto overall = root.Word("verdict", {"conformant", "nonconformant", "error"}, kNeeded);
  for (Overall one : {Overall::kConformant, Overall::kNonconformant, Overall::kError}) {
    if (overall == ToString(one)) ledger.overall = one;
  }
  ledger.exit_status = static_cast<int>(root.Integer("exit_status", 0, 255, kNeeded).value_or(3));
  ledger.blocking = root.Texts("blocking", kNeeded);
  ledger.warnings = root.Texts("warnings", kNeeded);
  root.Each(
      "requirements",
      [&](JsonFields& row) { ledger.requirements.push_back(ReadRequirement(row, read.rows)); },
      kNeeded);
}

void ReadGating(JsonFields& root, Report& report) {
  report.filtered = root.Flag("filtered").value_or(false);
  report.replay_prefix = root.Text("replay_prefix").value_or("touchstone run");
  report.suite_command = root.Text("suite_command").value_or("");
  if (auto policy = root.Object("policy"))
    report.policy = policy->Text("name", kNeeded).value_or("");
  if (const auto* list = root.Value("soaks"); list && list->is_array()) {
    for (std::size_t i = 0; i < list->get_array().size(); ++i) {
      auto summary = soak::SummaryFromJson(list->get_array()[i], fmt::format("soaks[{}]", i));
      if (!summary) return root.Fault("soaks", summary.error());
      report.soaks.push_back(std::move(*summary));
    }
  }
  if (const auto* list = root.Value("benchmarks")) {
    auto benchmarks = BenchmarksFromJson(*list);
    if (!benchmarks) root.Fault("benchmarks", benchmarks.error());
    report.benchmarks = benchmarks.value_or(std::vector<Benchmark>{});
  }
  if (auto shard = root.Object("shard")) {
    report.shard =
        ShardInfo{Count(*shard, "index"), Count(*shard, "of"), Count(*shard, "planned_total"),
                  shard->Text("plan_digest", kNeeded).value_or("")};
    if (report.shard->index < 1 || report.shard->index > report.shard->of)
      shard->Fault("index", "expected a shard from 1 to `of`");
  }
}

void ReadHead(JsonFields& root, Report& report) {
  if (root.Text("tool", kNeeded) != "touchstone")
    root.Fault("tool", "expected \"touchstone\": this is no report of it");
  report.version = root.Text("version", kNeeded).value_or("");
  const auto* seed = root.Value("seed", kNeeded);
  boost::system::error_code ec;
  if (seed) report.seed = seed->to_number<std::uint64_t>(ec);
  if (ec) root.Fault("seed", "expected an integer that is not negative");
  if (auto host = root.Object("host", kNeeded)) {
    report.host_name = host->Text("name", kNeeded).value_or("");
    report.host_command = host->Text("command", kNeeded).value_or("");
  }
  report.milestone = root.Word("milestone", {"M1", "M2", "M3"}, kNeeded).value_or("M1");
  report.started_ms = root.Integer("started_ms", 0, kMost).value_or(0);
  root.Each("areas", [&](JsonFields& area) {
    report.areas.push_back({area.Text("id", kNeeded).value_or(""), area.Text("title").value_or(""),
                            area.Text("section").value_or("")});
  });
  report.duration_ms =
      static_cast<double>(root.Integer("duration_ms", 0, kMost, kNeeded).value_or(0));
}

}  // namespace

tl::expected<ReportFile, std::string> ReadReport(const std::filesystem::path& path) {
  const auto file = ReadJsonFile(path);
  if (!file) return tl::unexpected(file.error());
  ReportFile read;
  read.file = path;
  std::string fault;
  JsonFields root(*file, fault);
  ReadHead(root, read.report);
  ReadLedger(root, read);
  ReadGating(root, read.report);
  root.Each(
      "results", [&](JsonFields& row) { read.report.results.push_back(ReadResult(row)); }, kNeeded);
  if (!fault.empty()) return tl::unexpected(fault);
  return read;
}

std::vector<std::string> LoadTranscripts(ReportFile& read) {
  std::vector<std::string> missing;
  for (CheckResult& result : read.report.results) {
    if (result.transcript_file.empty()) continue;
    const auto file = read.file.parent_path() / result.transcript_file;
    std::ifstream stream(file, std::ios::binary);
    std::string text((std::istreambuf_iterator<char>(stream)), {});
    const auto preamble = text.find(kTranscriptPreamble);
    if (preamble == std::string::npos) {
      missing.push_back(file.string());
      text = fmt::format("{}: the transcript was not beside its report\n", file.string());
    } else {
      text.erase(0, preamble + kTranscriptPreamble.size());
    }
    result.judgement.transcript = std::move(text);
  }
  return missing;
}

}  // namespace touchstone
