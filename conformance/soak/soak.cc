#include "conformance/soak/soak.h"

#include <algorithm>

#include "conformance/soak/soak_run.h"

namespace touchstone {

std::chrono::milliseconds WindowOf(const SoakPlan& plan) {
  using std::chrono::milliseconds;
  if (plan.window) return *plan.window;
  auto length = plan.duration.value_or(milliseconds(0));
  if (!plan.duration && plan.arrivals.per_second > 0) {
    length = milliseconds(static_cast<std::int64_t>(
        1000 * static_cast<double>(plan.requests.value_or(0)) / plan.arrivals.per_second));
  }
  return std::clamp(length / 60, milliseconds(1000), milliseconds(60'000));
}

tl::expected<SoakResult, std::string> RunSoak(Rig& rig, const SoakPlan& plan,
                                              SoakObserver& observer, std::stop_token stop) {
  auto ground = PrepareSoak(rig, plan);
  if (!ground) return tl::unexpected(ground.error());
  if (ground->complete) return Conclude(ground->record_path, plan, {}, false);
  const auto path = ground->record_path.string();
  auto file = ground->resumed ? soak::RecordFile::Append(path) : soak::RecordFile::Create(path);
  if (!file) return tl::unexpected(file.error());
  std::string transcript;
  {
    SoakRun run(rig, plan, *ground, *file, observer, stop);
    if (auto done = run.Run(); !done) return tl::unexpected(done.error());
    transcript = run.transcript();
  }
  return Conclude(ground->record_path, plan, std::move(transcript), stop.stop_requested());
}

}  // namespace touchstone
