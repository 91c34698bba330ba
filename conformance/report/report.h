// A run as a report: what the formats (json, junit, markdown, html, console) all print. A plain
// value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "conformance/bench/benchmark.h"
#include "conformance/report/gating.h"
#include "conformance/run/ledger.h"
#include "conformance/run/result.h"
#include "soak/summary/summary.h"

namespace touchstone {

struct Report {
  std::string version;
  std::uint64_t seed = 0;
  std::string host_name, host_command;
  std::string milestone;
  std::string replay_prefix;    // "touchstone run --profile …": what a replay command begins with
  std::string suite_command;    // plays the suites again: "touchstone gate --policy release …"
  std::int64_t started_ms = 0;  // Unix; 0: not known
  double duration_ms = 0;
  std::vector<Area> areas;  // what the contract calls them
  Ledger ledger;
  std::vector<CheckResult> results;

  bool filtered = false;  // a part of the checks was asked for; a shard by itself is no filter
  std::string policy;     // its name; empty: the gate had none
  std::vector<Statistic> statistics;
  std::optional<ShardInfo> shard;
  std::optional<Difference> baseline;
  std::vector<soak::Summary> soaks;
  std::vector<Benchmark> benchmarks;
};

std::string_view ToString(Overall overall);  // conformant, nonconformant, error

// The one command that plays just this check again.
std::string ReplayCommand(const Report& report, const CheckResult& result);

// report.json, as issue-stable JSON (docs/report-format.md).
std::string FormatJson(const Report& report);
// JUnit XML: one suite per area, one test case per check and mode.
std::string FormatJunit(const Report& report);
// summary.md: what a pull request or a CI job's page shows. At most some 30 KB.
std::string FormatMarkdown(const Report& report);
// The end of a run, for a person: verdict, reasons, summary.
std::string FormatSummary(const Report& report);

}  // namespace touchstone
