#include "conformance/run/shard.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <map>
#include <tuple>

namespace touchstone {
namespace {

constexpr int kMostShards = 1000;

std::optional<int> AsNumber(std::string_view text) {
  int number = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (ec != std::errc() || end != text.data() + text.size() || text.starts_with('-'))
    return std::nullopt;
  return number;
}

}  // namespace

std::optional<ShardOf> ParseShard(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto index = AsNumber(text.substr(0, slash)), of = AsNumber(text.substr(slash + 1));
  if (!index || !of || *index < 1 || *index > *of || *of > kMostShards) return std::nullopt;
  return ShardOf{*index, *of};
}

std::vector<Job> TakeShard(const std::vector<Job>& plan, const ShardOf& shard) {
  using Kind = std::tuple<std::string, bool, bool, Mode>;
  const auto kind_of = [](const Job& job) {
    return Kind{job.kind, job.timing, job.serial, job.mode};
  };
  std::map<Kind, int> next;
  for (const Job& job : plan) ++next[kind_of(job)];
  // One kind goes on where the one before it ended, so that the parts differ by one job at most.
  int dealt = 0;
  for (auto& [kind, count] : next) dealt += std::exchange(count, dealt);
  std::vector<Job> part;
  for (const Job& job : plan) {
    if (next[kind_of(job)]++ % shard.of == shard.index - 1) part.push_back(job);
  }
  return part;
}

std::string PlanDigest(std::vector<std::pair<std::string, Mode>> checks) {
  std::ranges::sort(checks);
  // FNV-1a: chance, not an adversary, is what makes two plans differ.
  std::uint64_t hash = 14695981039346656037u;
  for (const auto& [name, mode] : checks) {
    for (unsigned char c : fmt::format("{} {}\n", name, ToString(mode)))
      hash = (hash ^ c) * 1099511628211u;
  }
  return fmt::format("{:016x}", hash);
}

std::string PlanDigest(const std::vector<Job>& plan) {
  std::vector<std::pair<std::string, Mode>> checks;
  for (const Job& job : plan) checks.emplace_back(job.check, job.mode);
  return PlanDigest(std::move(checks));
}

}  // namespace touchstone
