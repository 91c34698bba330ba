// `--shard i/n`: a plan cut into n parts that can be played on n machines, and be put together
// again (`touchstone merge`). Pure; the same plan is always cut alike.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "conformance/run/job.h"

namespace touchstone {

struct ShardOf {
  int index = 1, of = 1;  // 1 ≤ index ≤ of
};

// "2/3"; nullopt when it is something else, or out of range (at most 1000 shards).
std::optional<ShardOf> ParseShard(std::string_view text);

// The part of the plan, in the plan's order. Jobs of a kind (case or check, mode, shared, timed or
// alone) are dealt round, so that each part takes its share of what is slow.
std::vector<Job> TakeShard(const std::vector<Job>& plan, const ShardOf& shard);

// A name for exactly this set of checks and modes, whatever their order: 16 hexadecimal digits.
// Parts that carry the same one were cut from the same plan.
std::string PlanDigest(std::vector<std::pair<std::string, Mode>> checks);
std::string PlanDigest(const std::vector<Job>& plan);

}  // namespace touchstone
