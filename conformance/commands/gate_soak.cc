#include "conformance/commands/gate_soak.h"

#include <fmt/format.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "conformance/commands/gate_drivers.h"
#include "conformance/commands/ticker.h"
#include "conformance/soak/soak.h"
#include "soak/arrivals/arrivals.h"

namespace touchstone {
namespace {

// The bundled host in a rig of its own. Its plays are numbered from another start: two rigs share
// the scratch folder.
tl::expected<std::unique_ptr<Rig>, std::string> ReferenceRig(const Options& options,
                                                             const Context& context,
                                                             const Rig& host, Mode mode) {
  auto profile = ProfileFromOptions(Bundled(options));
  if (!profile) return tl::unexpected(profile.error().message);
  auto rig = MakeRig(std::move(*profile), context.scratch, options.seed);
  if (!rig) return tl::unexpected(rig.error());
  (*rig)->next_play = host.next_play + 1'000'000;
  const auto preflight = RunPreflight(**rig, {mode});
  if (!preflight.cannot_start.empty())
    return tl::unexpected("the reference cannot be started: " + preflight.cannot_start);
  if (!preflight.mute.empty())
    return tl::unexpected("the reference does not answer a ping: " +
                          preflight.mute.begin()->second);
  return rig;
}

class SoakTicker : public SoakObserver {
 public:
  explicit SoakTicker(const policy::SoakSuite& suite) : ticker_("soak " + suite.name) {}
  void OnProgress(const SoakProgress& progress) override {
    ticker_.Tell(fmt::format("{:.0f} s, {} answered, {} unexpected, p99 {:.1f} ms",
                             progress.soaked_s, progress.answered, progress.unexpected,
                             progress.p99_ms));
  }

 private:
  Ticker ticker_;
};

tl::expected<SoakPlan, std::string> PlanOf(const policy::SoakSuite& suite, const Options& options,
                                           const policy::Policy& policy) {
  SoakPlan plan;
  const bool is_name = suite.mix.find_first_of("/.") == std::string::npos;
  auto mix = is_name ? soak::FindMix(options.data_dir / "soak/mixes", suite.mix)
                     : soak::ReadMixFile(policy.file.file.parent_path() / suite.mix);
  if (!mix) return tl::unexpected("the mix: " + mix.error());
  auto arrivals = soak::ParseRate(suite.rate);
  if (!arrivals) return tl::unexpected("the rate: " + arrivals.error());
  plan.mode = suite.mode;
  plan.duration = suite.duration;
  plan.requests = suite.requests;
  plan.arrivals = *arrivals;
  plan.mix = std::move(*mix);
  plan.seed = options.seed;
  plan.processes = options.jobs;
  auto& trends = plan.limits.trends;
  const auto set = [](double& limit, const std::optional<double>& asked) {
    if (asked) limit = *asked;
  };
  set(trends.rss_kib_per_hour, suite.tolerances.rss_kib_per_hour);
  set(trends.descriptors_per_hour, suite.tolerances.descriptors_per_hour);
  set(trends.threads_per_hour, suite.tolerances.threads_per_hour);
  set(trends.children_per_hour, suite.tolerances.children_per_hour);
  set(trends.latency_ms_per_hour, suite.tolerances.latency_ms_per_hour);
  if (!options.report_dir.empty())
    plan.record = options.report_dir / fmt::format("soak-{}.jsonl", suite.name);
  if (!suite.checkpoint.empty()) {
    plan.checkpoint = options.report_dir / suite.checkpoint;
    plan.resume = true;
    if (plan.record.empty()) plan.record = plan.checkpoint.string() + ".jsonl";
  }
  return plan;
}

// Asks to stop when the segment is over, or when the whole gate is stopped.
class SegmentEnd {
 public:
  SegmentEnd(std::optional<std::chrono::milliseconds> length, std::stop_token outer)
      : outer_(outer, [this] { source_.request_stop(); }) {
    if (!length) return;
    timer_ = std::jthread([this, length = *length](std::stop_token over) {
      std::mutex mutex;
      std::unique_lock lock(mutex);
      std::condition_variable_any never;
      never.wait_for(lock, over, length, [] { return false; });
      if (!over.stop_requested()) source_.request_stop();
    });
  }
  std::stop_token token() const { return source_.get_token(); }

 private:
  std::stop_source source_;
  std::stop_callback<std::function<void()>> outer_;
  std::jthread timer_;
};

}  // namespace

tl::expected<soak::Summary, std::string> RunSoakSuite(const Options& options,
                                                      const Context& context,
                                                      const policy::Policy& policy, Rig& rig,
                                                      const policy::SoakSuite& suite) {
  auto plan = PlanOf(suite, options, policy);
  if (!plan) return tl::unexpected(plan.error());
  std::unique_ptr<Rig> reference;
  if (suite.reference) {
    auto made = ReferenceRig(options, context, rig, suite.mode);
    if (!made) return tl::unexpected(made.error());
    reference = std::move(*made);
    plan->reference = reference.get();
  }
  // Whoever goes on later ends his hosts in order: a killed one would be a failure of the host's.
  if (!suite.checkpoint.empty() && context.spare_hosts) context.spare_hosts();
  const SegmentEnd end(suite.segment, context.stop);
  SoakTicker ticker(suite);
  auto result = RunSoak(rig, *plan, ticker, end.token());
  if (!result) return tl::unexpected(result.error());
  if (context.stop.stop_requested()) return tl::unexpected(std::string("interrupted"));
  // A soak that is over is judged once: the next gate begins another.
  const auto& segments = result->summary.segments;
  const bool over = !segments.empty() && segments.back().ended != "interrupted";
  std::error_code ec;
  if (over && !plan->checkpoint.empty()) std::filesystem::remove(plan->checkpoint, ec);
  return std::move(result->summary);
}

}  // namespace touchstone
