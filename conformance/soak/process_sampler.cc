#include "conformance/soak/process_sampler.h"

#include <algorithm>

#include "conformance/process/proc_stats.h"

namespace touchstone {
namespace {

constexpr auto kCheap = std::chrono::milliseconds(2);
constexpr int kRarely = 60;  // where it is not cheap: each so many reads

}  // namespace

bool ProcessSampler::PssIsDue() const { return pss_took_ <= kCheap || reads_since_pss_ >= kRarely; }

std::optional<soak::Sample> ProcessSampler::Read(const std::vector<pid_t>& roots, double at_s) {
  const auto now = Clock::now();
  const bool with_pss = PssIsDue();
  soak::Sample sample;
  sample.at_s = at_s;
  std::map<pid_t, std::chrono::microseconds> cpu;
  std::chrono::microseconds used{0};
  for (pid_t root : roots) {
    const auto tree = ReadTreeStats(root, with_pss);
    if (!tree) continue;
    sample.rss_bytes += tree->rss_bytes;
    if (tree->pss_bytes) sample.pss_bytes = sample.pss_bytes.value_or(0) + *tree->pss_bytes;
    sample.descriptors += tree->descriptors;
    sample.threads += tree->threads;
    sample.children += tree->children;
    const auto before = cpu_.find(root);
    // One that is new has used all of it since the last read.
    used += std::max(tree->cpu - (before == cpu_.end() ? tree->cpu.zero() : before->second),
                     std::chrono::microseconds(0));
    cpu[root] = tree->cpu;
  }
  if (with_pss) {
    pss_took_ = Clock::now() - now;
    reads_since_pss_ = 0;
  } else {
    ++reads_since_pss_;
  }
  const double elapsed_us = std::chrono::duration<double, std::micro>(now - read_at_).count();
  sample.cpu_percent = elapsed_us > 0 ? 100 * static_cast<double>(used.count()) / elapsed_us : 0;
  sample.lag_ms = std::chrono::duration<double, std::milli>(lag_.WorstSince(read_at_)).count();
  read_at_ = now;
  cpu_ = std::move(cpu);
  if (cpu_.empty()) return std::nullopt;
  return sample;
}

}  // namespace touchstone
