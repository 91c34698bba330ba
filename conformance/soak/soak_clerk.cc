// The clerk: what is written and told while a soak goes on.
#include <fmt/format.h>
#include <pthread.h>

#include <condition_variable>

#include "conformance/soak/soak_run.h"

namespace touchstone {

void SoakRun::Clerk(std::stop_token ended) {
  ::pthread_setname_np(::pthread_self(), "judge-clerk");
  const std::chrono::duration<double> window = WindowOf(plan_);
  double window_ends = (std::floor(clock_.from_s / window.count()) + 1) * window.count();
  auto next = clock_.started + plan_.sample_every;
  auto saved = clock_.started;
  told_at_ = clock_.started;
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  Save(false);
  while (!never.wait_until(lock, ended, next, [&] { return ended.stop_requested(); })) {
    TakeSamples();
    const auto now = Clock::now();
    const bool window_is_over = clock_.At(now) >= window_ends;
    if (window_is_over) {
      CloseWindows();
      while (window_ends <= clock_.At(now)) window_ends += window.count();
    }
    if (window_is_over || now - saved >= plan_.checkpoint_every) {
      saved = now;
      Save(false);
    }
    Tell();
    next += plan_.sample_every;
    // Samples that were missed, because the machine slept, are not made up for.
    if (next < now) next = now + plan_.sample_every;
  }
}

void SoakRun::TakeSamples() {
  for (Loaded* loaded : all_) {
    // The number before the processes: a restart in between shows in the next sample.
    const int life = ground_.lives + loaded->load->life();
    auto sample = loaded->sampler.Read(loaded->load->Processes(), clock_.Now());
    if (!sample) continue;
    sample->life = life;
    record_.Add(loaded->who, *sample);
    if (loaded->who != soak::Who::kHost) continue;
    lag_ms_ = sample->lag_ms;
    rss_bytes_ = sample->rss_bytes;
  }
}

void SoakRun::CloseWindows() {
  for (Loaded* loaded : all_) loaded->tally.CloseWindow();
}

void SoakRun::Save(bool complete) {
  if (plan_.checkpoint.empty()) return;
  Checkpoint checkpoint;
  {
    std::lock_guard lock(mutex_);
    checkpoint.starts = position_.count;
    checkpoint.start_at_ns = position_.at.count();
    checkpoint.position = given_out_;
  }
  checkpoint.soaked_s = clock_.Now();
  checkpoint.segment = ground_.from.segment + (ground_.resumed ? 1 : 0);
  checkpoint.complete = complete;
  for (Loaded* loaded : all_) {
    if (auto line = loaded->tally.OpenWindow(); !line.empty())
      checkpoint.open_windows.push_back(std::move(line));
  }
  if (auto written = WriteCheckpoint(plan_.checkpoint, checkpoint); !written) {
    std::lock_guard lock(mutex_);
    fault_ = written.error();
  }
}

void SoakRun::Tell() {
  const auto totals = host_->tally.Sum();
  const auto now = Clock::now();
  const double seconds = std::chrono::duration<double>(now - told_at_).count();
  if (seconds > 0.1) {
    per_second_ = static_cast<double>(totals.answered - answered_before_) / seconds;
    answered_before_ = totals.answered;
    told_at_ = now;
  }
  SoakProgress progress = ground_.so_far;
  progress.soaked_s = clock_.At(now);
  {
    std::lock_guard lock(mutex_);
    progress.given_out = given_out_;
  }
  progress.per_second = per_second_;
  progress.answered += totals.answered;
  progress.unexpected += totals.unexpected;
  progress.failures += totals.failures;
  for (const auto& [outcome, count] : totals.outcomes) progress.outcomes[outcome] += count;
  progress.under_way = host_->load->UnderWay();
  progress.p99_ms = totals.p99_ms;
  progress.lag_ms = lag_ms_;
  progress.rss_bytes = rss_bytes_;
  observer_.OnProgress(progress);
}

}  // namespace touchstone
