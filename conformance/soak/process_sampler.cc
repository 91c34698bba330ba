#include "conformance/soak/process_sampler.h"

#include <algorithm>

#include "conformance/process/proc_stats.h"

namespace touchstone {
namespace {

constexpr auto kCheap = std::chrono::milliseconds(2);
constexpr int kRarely = 60;  // where it is not cheap: each so many reads

}  // namespace

std::optional<std::int64_t> ProcessSampler::Pss(const std::vector<pid_t>& pids) {
  const auto begun = Clock::now();
  std::optional<std::int64_t> sum;
  for (pid_t pid : pids) {
    if (const auto pss = ReadPss(pid)) sum = sum.value_or(0) + *pss;
  }
  pss_took_ = Clock::now() - begun;
  reads_since_pss_ = 0;
  return sum;
}

std::optional<soak::Sample> ProcessSampler::Read(const std::vector<pid_t>& roots, double at_s) {
  const auto now = Clock::now();
  soak::Sample sample;
  sample.at_s = at_s;
  std::map<pid_t, std::chrono::microseconds> cpu;
  std::vector<pid_t> members;
  std::chrono::microseconds used{0};
  for (pid_t root : roots) {
    const auto tree = ReadTreeStats(root);
    if (!tree) continue;
    sample.rss_bytes += tree->rss_bytes;
    members.insert(members.end(), tree->pids.begin(), tree->pids.end());
    sample.descriptors += tree->descriptors;
    sample.threads += tree->threads;
    sample.children += tree->children;
    const auto before = cpu_.find(root);
    // One that is new has used all of it since the last read.
    used += std::max(tree->cpu - (before == cpu_.end() ? tree->cpu.zero() : before->second),
                     std::chrono::microseconds(0));
    cpu[root] = tree->cpu;
  }
  if (pss_took_ <= kCheap || ++reads_since_pss_ >= kRarely) sample.pss_bytes = Pss(members);
  const double elapsed_us = std::chrono::duration<double, std::micro>(now - read_at_).count();
  sample.cpu_percent = elapsed_us > 0 ? 100 * static_cast<double>(used.count()) / elapsed_us : 0;
  sample.lag_ms = std::chrono::duration<double, std::milli>(lag_.WorstSince(read_at_)).count();
  read_at_ = now;
  cpu_ = std::move(cpu);
  if (cpu_.empty()) return std::nullopt;
  return sample;
}

}  // namespace touchstone
