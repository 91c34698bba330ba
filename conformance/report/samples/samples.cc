#include "conformance/report/samples/samples.h"

#include <fmt/format.h>

#include <deque>

namespace touchstone {
namespace {

constexpr Mode kModes[] = {Mode::kStream, Mode::kOneShot, Mode::kBridge};

// The catalogue of the samples: rows live as long as the program, as a report points at them.
const std::deque<Requirement>& Rows() {
  static const std::deque<Requirement> rows = [] {
    std::deque<Requirement> made;
    for (const char* area : {"FRAME", "REQ", "RESP", "LIFE", "CTRL", "IDEM"}) {
      for (int n = 1; n <= 16; ++n) {
        Requirement row;
        row.id = fmt::format("{}-{:02}", area, n);
        row.level = n % 7 == 0 ? "SHOULD" : "MUST";
        row.milestone = n % 9 == 0 ? "M2" : "M1";
        row.modes = n % 3 == 0 ? std::vector<Mode>{Mode::kStream}
                               : std::vector<Mode>{std::begin(kModes), std::end(kModes)};
        row.text = fmt::format(
            "an invented rule, number {} of its area, about as long as those of the contract are: "
            "a request gets exactly one terminal, and nothing comes after it",
            n);
        made.push_back(std::move(row));
      }
    }
    return made;
  }();
  return rows;
}

Report Blank(const std::string& host) {
  Report report;
  report.version = "0.0.0-sample";
  report.seed = 580858;
  report.host_name = host;
  report.host_command = "./" + host + " host --protocol v1";
  report.milestone = "M1";
  report.replay_prefix = "touchstone run --host-bin ./" + host;
  report.started_ms = 1764250000000;
  report.duration_ms = 63400;
  report.areas = {{"FRAME", "Framing", "2"},      {"REQ", "Requests", "3"},
                  {"RESP", "Responses", "4"},     {"LIFE", "Life of a run", "6"},
                  {"CTRL", "Cancel, close", "7"}, {"IDEM", "Idempotency", "9"}};
  return report;
}

void Add(Report& report, std::string check, Mode mode, Judgement judgement) {
  const auto area = check.substr(0, check.find('/'));
  report.results.push_back({std::move(check),
                            "case",
                            {},
                            mode,
                            std::move(judgement),
                            3.0 + static_cast<double>(report.results.size() % 97),
                            {}});
  auto& result = report.results.back();
  if (result.judgement.verdict != Verdict::kPass && result.judgement.verdict != Verdict::kSkip)
    result.transcript_file = fmt::format("transcripts/{}.txt", report.results.size());
}

std::vector<Moment> SomeMoments(const std::string& said) {
  return {{0.1, "judge", "", "start host: ./my-host host --protocol v1 --single-request=false"},
          {4.0, "caller", "host", "run \"hi\" (request a, session s, at most 30000 ms)"},
          {10.8, "host", "caller", "ack ACCEPTED (request a)"},
          {11.5, "host", "provider", "call 1: POST /v1/chat/completions, user \"hi\", 1038 bytes"},
          {11.6, "provider", "host",
           "call 1: 429, 326 bytes on the wire, then ends the connection (FIN) (rule [0])"},
          {12.4, "host", "caller", "final OK \"" + said + "\" (request a)"},
          {12.5, "host#2", "caller", "final OK \"" + said + "\" (request a)"},
          {12.6, "judge", "", "LIFE-01: a request must get one terminal, this is the second"}};
}

Judgement Broken(const std::string& id, const std::string& message, const std::string& said) {
  return Judgement::From({{id, message}}, "the transcript").With(SomeMoments(said));
}

// Counts what is there, as the ledger would.
void Finish(Report& report) {
  Summary& s = report.ledger.summary;
  std::map<std::string, std::string> broken;
  for (const auto& result : report.results) {
    ++s.executed;
    switch (result.judgement.verdict) {
      case Verdict::kPass:
        ++s.pass;
        break;
      case Verdict::kFail:
        ++s.fail;
        break;
      case Verdict::kSkip:
        ++s.skip;
        break;
      case Verdict::kInconclusive:
        ++s.inconclusive;
        break;
      default:
        ++s.harness_bug;
    }
    for (const auto& violation : result.judgement.violations)
      broken.emplace(violation.requirement, violation.message);
  }
  s.planned = s.executed;
  int n = 0;
  for (const Requirement& row : Rows()) {
    const bool bad = broken.contains(row.id);
    RequirementVerdict verdict{&row, bad ? "fail" : ++n % 23 == 0 ? "skip" : "pass", false, {}, {}};
    for (const Mode mode : row.modes)
      verdict.modes[mode] = bad && mode == Mode::kStream ? "fail" : "pass";
    report.ledger.requirements.push_back(std::move(verdict));
    if (bad)
      report.ledger.blocking.push_back(
          fmt::format("{} (MUST M1) is broken: {}", row.id, broken[row.id]));
  }
  report.ledger.overall = broken.empty() ? Overall::kConformant : Overall::kNonconformant;
  report.ledger.exit_status = broken.empty() ? 0 : 1;
}

Report Pass() {
  Report report = Blank("good-host");
  for (int i = 0; i < 200; ++i)
    Add(report, fmt::format("frame/some-check/{}", i), kModes[i % 3],
        i % 31 == 0 ? Judgement::Skip("not claimed: tools") : Judgement::Pass());
  Finish(report);
  return report;
}

Report Fail() {
  Report report = Blank("my-host");
  for (int i = 0; i < 120; ++i)
    Add(report, fmt::format("req/some-check/{}", i), kModes[i % 3], Judgement::Pass());
  Add(report, "life/one-terminal", Mode::kStream,
      Broken("LIFE-01", "a request must get one terminal, this is the second", "fine"));
  Add(report, "frame/log-line", Mode::kStream,
      Broken("FRAME-01", "stdout must carry one JSON object per line: INFO starting host", "hi"));
  Add(report, "idem/replay", Mode::kBridge,
      Broken("IDEM-02", "`replayed`: expected true, got nothing", "four"));
  Add(report, "ctrl/grace", Mode::kStream,
      Judgement::Inconclusive("3 of 5 trials are valid, 4 are needed: the machine was too busy"));
  Finish(report);
  report.ledger.warnings = {"could not be judged: CTRL-06", "RESP-09 (SHOULD M1) is broken: …"};
  return report;
}

Report Many() {
  Report report = Blank("broken-host");
  const std::string noise(700, 'x');
  for (int i = 0; i < 2000; ++i) {
    const auto name = fmt::format("{}/an-invented-check-with-a-name/{}", i % 2 ? "req" : "life", i);
    if (i % 20 == 0) {
      Add(report, name, kModes[i % 3], Judgement::Pass());
      continue;
    }
    auto judgement = Broken(Rows()[static_cast<std::size_t>(i) % Rows().size()].id,
                            fmt::format("line {} is not what was expected: {}", i, noise), noise);
    while (judgement.timeline.size() < 100)
      judgement.timeline.push_back({20, "host", "caller", "event " + noise});
    Add(report, name, kModes[i % 3], std::move(judgement));
  }
  Finish(report);
  return report;
}

Report Hostile() {
  const auto texts = HostileTexts();
  Report report = Blank(texts[0]);
  report.host_command = texts[1];
  report.replay_prefix = "touchstone run -- " + texts[0];
  report.ledger.warnings = texts;
  for (const auto& text : texts) {
    Add(report, "frame/hostile/" + text, Mode::kStream, Broken("FRAME-01", text, text));
    Add(report, "frame/skipped", Mode::kStream, Judgement::Skip(text));
  }
  report.soaks = {SampleSoak()};
  auto& soak = report.soaks[0];
  for (const auto& text : texts) {
    soak.marks.push_back({100, 200, text});
    soak.host.failures.push_back({5, text, text});
    soak.host.windows[0].outcomes[text] = 3;
  }
  soak.mix = soak.reason = soak.host.name = texts[0];
  Finish(report);
  return report;
}

Report Soaked() {
  Report report = Fail();
  report.soaks = {SampleSoak()};
  report.policy = "release";
  report.statistics = {
      {"1000 of 1000 requests in mode S answered right: the failure rate is below "
       "0.30 % (95 % confidence)",
       "load/thousand-requests", "S", "requests", 1000, 1000, 0.003, 0.95}};
  report.baseline =
      Difference{"release-1.0/report.json",
                 {{"life/one-terminal [S]", "check", "pass", "fail", "a second terminal"},
                  {"S ping round trip", "benchmark", "0.11 ms", "0.19 ms", "+73 %, p = 0.008"}},
                 {{"req/some-check/7 [O]", "check", "fail", "pass", ""}},
                 {{"req/some-check/119 [B]", "check", "", "pass", ""}},
                 {{"frame/old-check [S]", "check", "pass", "", ""}},
                 {},
                 {}};
  report.benchmarks = {
      {"S ping round trip against a bare loop",
       "ratio",
       Better::kLess,
       {1.31, 1.28, 1.35, 1.30, 1.29},
       "pinned, interleaved",
       1.5,
       ""},
      {"judge lines per second", "1/s", Better::kMore, {}, "", 100000.0, "no quiet machine"}};
  return report;
}

}  // namespace

std::vector<std::string> HostileTexts() {
  return {"</script><script>window.hacked=1</script><img src=x onerror=window.hacked=1>",
          "\"><svg onload=window.hacked=1> ' onmouseover='window.hacked=1' {{gap}}",
          "]]> --> <!-- <![CDATA[ &lt; &#60; ```\n# heading\n@everyone | a | b |",
          "\x1b[31mred\x1b[0m \x07 bell \x7f del \r cr",
          "\xe2\x80\xae"
          "gnirts a \xe2\x81\xa7 isolate \xe2\x80\x8b zero width",
          "\xff\xfe invalid \xc3( \xed\xa0\x80 \xf5\x80\x80\x80",
          std::string("nul \0 in it", 11)};
}

std::vector<std::string_view> SampleNames() { return {"pass", "fail", "many", "hostile", "soak"}; }

std::optional<Report> SampleReport(std::string_view name) {
  if (name == "pass") return Pass();
  if (name == "fail") return Fail();
  if (name == "many") return Many();
  if (name == "hostile") return Hostile();
  if (name == "soak") return Soaked();
  return std::nullopt;
}

}  // namespace touchstone
