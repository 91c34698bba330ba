// The ends of a soak: what a segment begins with, and what is concluded from the record.
#include <fmt/format.h>

#include <algorithm>

#include "conformance/observe/strict_json.h"
#include "conformance/soak/soak_run.h"
#include "soak/trends/verdict.h"

namespace touchstone {
namespace {

constexpr std::size_t kMostViolations = 50;

soak::Asked AskedOf(const Rig& rig, const SoakPlan& plan) {
  soak::Asked asked;
  asked.mode = ToString(plan.mode);
  asked.mix = plan.mix.name;
  asked.arrivals = Describe(plan.arrivals);
  asked.seed = plan.seed;
  if (plan.duration) asked.asked_s = std::chrono::duration<double>(*plan.duration).count();
  asked.asked_requests = plan.requests;
  asked.host_name = rig.profile.name;
  asked.host_command = rig.profile.CommandLine();
  if (plan.reference) {
    asked.reference_name = plan.reference->profile.name;
    asked.reference_command = plan.reference->profile.CommandLine();
  }
  return asked;
}

std::string LineOf(const soak::Asked& asked) {
  std::string text;
  soak::RecordWriter([&](std::string_view line) { text = line; }).Begin(asked);
  return text;
}

int LivesIn(const soak::Recorded& recorded) {
  int lives = 0;
  for (const auto* samples : {&recorded.host.samples, &recorded.summary.host.samples})
    for (const auto& sample : *samples) lives = std::max(lives, sample.life);
  return lives;
}

// A window that was written between the last checkpoint and the kill is in both.
bool IsRecorded(const std::string& open, const soak::Recorded& recorded) {
  const auto json = ParseStrict(open);
  const auto* line = json ? json->if_object() : nullptr;
  const auto* who = line ? line->if_contains("who") : nullptr;
  const auto* from = line ? line->if_contains("from_s") : nullptr;
  if (!who || !from || !from->is_number()) return true;  // no window: nothing is lost with it
  const bool host = *who == "host";
  if (!host && !recorded.summary.reference) return true;
  const auto& windows = host ? recorded.summary.host.windows : recorded.summary.reference->windows;
  return !windows.empty() && windows.back().from_s >= from->to_number<double>() - 1e-3;
}

}  // namespace

tl::expected<SoakGround, std::string> PrepareSoak(Rig& rig, const SoakPlan& plan) {
  SoakGround ground;
  ground.asked = AskedOf(rig, plan);
  ground.record_path = plan.record;
  if (plan.record.empty())
    ground.record_path = rig.scratch / fmt::format("soak-{}.jsonl", rig.next_play++);
  if (!plan.resume || plan.checkpoint.empty() || !std::filesystem::exists(plan.checkpoint))
    return ground;

  auto from = ReadCheckpoint(plan.checkpoint);
  if (!from) return tl::unexpected(from.error());
  auto recorded = soak::ReadRecordFile(ground.record_path.string());
  if (!recorded) return tl::unexpected("a soak goes on with its record: " + recorded.error());
  ground.asked.seed = recorded->asked.seed;
  if (!(ground.asked == recorded->asked)) {
    return tl::unexpected(
        fmt::format("{}: --resume goes on with the same soak; recorded is\n  {}but asked is\n  {}",
                    ground.record_path.string(), LineOf(recorded->asked), LineOf(ground.asked)));
  }
  ground.resumed = true;
  ground.from = std::move(*from);
  ground.complete = ground.from.complete;
  ground.from_s = std::max(ground.from.soaked_s, recorded->summary.soaked_s);
  ground.lives = LivesIn(*recorded);
  ground.so_far.answered = recorded->summary.host.answered;
  ground.so_far.unexpected = recorded->summary.host.unexpected;
  ground.so_far.failures = recorded->summary.host.failure_count;
  ground.so_far.outcomes = recorded->summary.host.outcomes;
  for (const auto& open : ground.from.open_windows) {
    if (!IsRecorded(open, *recorded)) ground.lost_windows.push_back(open);
  }
  return ground;
}

tl::expected<SoakResult, std::string> Conclude(const std::filesystem::path& record,
                                               const SoakPlan& plan, std::string transcript,
                                               bool interrupted) {
  auto recorded = soak::ReadRecordFile(record.string());
  if (!recorded) return tl::unexpected(recorded.error());
  soak::JudgeSoak(*recorded, plan.limits.trends);
  SoakResult result;
  result.transcript = std::move(transcript);
  result.interrupted = interrupted;
  const auto& host = recorded->summary.host;
  for (const auto& failure : host.failures) {
    if (result.violations.size() >= kMostViolations) break;
    result.violations.push_back({failure.requirement, failure.message});
  }
  for (const auto& row : host.trends) {
    if (row.verdict == soak::TrendVerdict::kRises)
      result.violations.push_back({row.requirement, row.message});
  }
  result.summary = std::move(recorded->summary);
  return result;
}

}  // namespace touchstone
