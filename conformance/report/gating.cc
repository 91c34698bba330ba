#include "conformance/report/gating.h"

#include <boost/json/array.hpp>

namespace touchstone {

using boost::json::array;
using boost::json::object;

object ToJson(const Statistic& statistic) {
  return {{"text", statistic.text},   {"check", statistic.check},
          {"mode", statistic.mode},   {"what", statistic.what},
          {"total", statistic.total}, {"right", statistic.right},
          {"below", statistic.below}, {"confidence", statistic.confidence}};
}

object ToJson(const ShardInfo& shard) {
  return {{"index", shard.index},
          {"of", shard.of},
          {"planned_total", shard.planned_total},
          {"plan_digest", shard.plan_digest}};
}

object ToJson(const Difference& difference) {
  const auto rows = [](const std::vector<DifferenceRow>& list) {
    array json;
    for (const DifferenceRow& row : list) {
      json.push_back(object{{"subject", row.subject},
                            {"kind", row.kind},
                            {"was", row.was},
                            {"now", row.now},
                            {"message", row.message}});
    }
    return json;
  };
  return {{"report", difference.old_report},       {"regressed", rows(difference.regressed)},
          {"fixed", rows(difference.fixed)},       {"appeared", rows(difference.appeared)},
          {"vanished", rows(difference.vanished)}, {"unproven", rows(difference.unproven)},
          {"noise", rows(difference.noise)}};
}

}  // namespace touchstone
