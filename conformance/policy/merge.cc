#include "conformance/policy/merge.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "conformance/policy/statistics.h"
#include "conformance/run/shard.h"

namespace touchstone {
namespace {

// What must be alike in all shards, by name.
std::vector<std::pair<std::string, std::string>> Common(const Report& report) {
  return {{"version", report.version},
          {"host", report.host_name},
          {"host's command", report.host_command},
          {"seed", std::to_string(report.seed)},
          {"milestone", report.milestone},
          {"policy", report.policy},
          {"number of shards", std::to_string(report.shard->of)},
          {"plan",
           fmt::format("{} ({} checks)", report.shard->plan_digest, report.shard->planned_total)}};
}

std::string Alike(const std::vector<ReportFile>& shards) {
  for (const ReportFile& shard : shards) {
    if (!shard.report.shard)
      return fmt::format("{}: no shard: it was not made with --shard", shard.file.string());
  }
  const auto first = Common(shards.front().report);
  for (const ReportFile& shard : shards) {
    const auto other = Common(shard.report);
    for (std::size_t i = 0; i < first.size(); ++i) {
      if (first[i].second == other[i].second) continue;
      return fmt::format("the shards are not of one run: the {} is \"{}\" in {} and \"{}\" in {}",
                         first[i].first, first[i].second, shards.front().file.string(),
                         other[i].second, shard.file.string());
    }
  }
  return {};
}

std::string EachOnce(const std::vector<ReportFile>& shards) {
  const int of = shards.front().report.shard->of;
  std::map<int, std::string> seen;
  for (const ReportFile& shard : shards) {
    const int index = shard.report.shard->index;
    if (const auto [at, fresh] = seen.emplace(index, shard.file.string()); !fresh) {
      return fmt::format("shard {}/{} is there twice: {} and {}", index, of, at->second,
                         shard.file.string());
    }
  }
  std::vector<std::string> missing;
  for (int index = 1; index <= of; ++index) {
    if (!seen.contains(index)) missing.push_back(fmt::format("{}/{}", index, of));
  }
  if (missing.empty()) return {};
  return fmt::format("missing: shard {}", fmt::join(missing, ", "));
}

std::string AllExecuted(const std::vector<ReportFile>& shards) {
  for (const ReportFile& shard : shards) {
    const Summary& s = shard.report.ledger.summary;
    if (s.executed != s.planned || static_cast<int>(shard.report.results.size()) != s.planned) {
      return fmt::format("{}: {} of its {} checks were not executed", shard.file.string(),
                         s.planned - static_cast<int>(shard.report.results.size()), s.planned);
    }
  }
  return {};
}

// The ledger of the whole: exactly the checks of the plan that was cut.
std::string Complete(const ShardInfo& plan, const std::vector<CheckResult>& results) {
  std::set<std::pair<std::string, Mode>> seen;
  for (const CheckResult& result : results) {
    if (!seen.emplace(result.check, result.mode).second)
      return fmt::format("{} [{}] is in two shards", result.check, ToString(result.mode));
  }
  const auto digest = PlanDigest(std::vector(seen.begin(), seen.end()));
  if (static_cast<int>(seen.size()) == plan.planned_total && digest == plan.plan_digest) return {};
  return fmt::format("the shards hold {} checks (digest {}), the plan has {} (digest {})",
                     seen.size(), digest, plan.planned_total, plan.plan_digest);
}

std::vector<Job> JobsOf(const std::vector<CheckResult>& results) {
  std::vector<Job> jobs;
  for (const CheckResult& result : results) {
    Job job;
    job.check = result.check;
    job.kind = result.kind;
    job.requirements = result.requirements;
    job.mode = result.mode;
    jobs.push_back(std::move(job));
  }
  return jobs;
}

}  // namespace

tl::expected<Report, std::string> Merge(const std::vector<ReportFile>& shards,
                                        const Catalogue& catalogue, const Waiving& waiving) {
  if (shards.empty()) return tl::unexpected(std::string("no shard: there is nothing to merge"));
  for (auto* fault : {&Alike, &EachOnce, &AllExecuted}) {
    if (auto why = fault(shards); !why.empty()) return tl::unexpected(why);
  }
  Report merged = shards.front().report;
  const ShardInfo plan = *merged.shard;
  merged.shard.reset();
  merged.results.clear();
  merged.soaks.clear();
  merged.benchmarks.clear();
  merged.duration_ms = 0;
  for (const ReportFile& shard : shards) {
    const auto append = [](auto& to, const auto& from) {
      to.insert(to.end(), from.begin(), from.end());
    };
    append(merged.results, shard.report.results);
    append(merged.soaks, shard.report.soaks);
    append(merged.benchmarks, shard.report.benchmarks);
    merged.duration_ms += shard.report.duration_ms;
  }
  if (auto why = Complete(plan, merged.results); !why.empty()) return tl::unexpected(why);
  std::ranges::sort(merged.results, [](const CheckResult& a, const CheckResult& b) {
    return std::tie(a.kind, a.check, a.mode) < std::tie(b.kind, b.check, b.mode);
  });
  merged.statistics = StatisticsOf(merged.results);
  merged.ledger = Account(catalogue, JobsOf(merged.results), merged.results, merged.milestone,
                          merged.filtered, waiving);
  return merged;
}

}  // namespace touchstone
