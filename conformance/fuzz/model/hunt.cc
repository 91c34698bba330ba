#include "conformance/fuzz/model/hunt.h"

#include <fmt/format.h>
#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <iterator>
#include <mutex>
#include <thread>

#include "conformance/process/child_process.h"

namespace touchstone::model {
namespace {

using std::chrono::milliseconds;

// A candidate that waits for what never comes is given less time than the program that was found.
constexpr milliseconds kHurry{2000};
constexpr int kMostPlays = 600;
constexpr auto kMostTime = std::chrono::seconds(60);
constexpr int kTries = 3;  // of a candidate whose failure is a matter of luck

bool Blames(const Played& played, const std::string& requirement) {
  return std::ranges::find(played.violations, requirement, &Violation::requirement) !=
         played.violations.end();
}

// Takes away what the failure does not need: the steps behind it, runs of steps, single ones, and
// then what is special about those that are left.
class Shrinker {
 public:
  Shrinker(Rig& rig, Program program, Played failed, std::stop_token stop)
      : rig_(rig),
        requirement_(failed.violations.front().requirement),
        deadline_(Clock::now() + kMostTime),
        stop_(std::move(stop)) {
    find_.steps = program.steps.size();
    find_.program = std::move(program);
    find_.played = std::move(failed);
  }

  Find Run() {
    tries_ = Fails(find_.program, rig_.patience.Now()) && Fails(find_.program, kHurry) ? 1 : kTries;
    Program begun = find_.program;
    begun.steps.resize(std::min(begun.steps.size(), find_.played.steps_done));
    Try(begun);
    for (bool shorter = true; shorter;) {
      shorter = false;
      for (std::size_t size = std::max<std::size_t>(1, find_.program.steps.size() / 2); size > 0;
           size /= 2)
        shorter |= RemoveRuns(size);
    }
    Simplify();
    for (int i = 0; i < kTries && !find_.reproduced; ++i) {
      if (auto played = Fails(find_.program, rig_.patience.Now())) {
        find_.reproduced = true;
        find_.played = std::move(*played);
      }
    }
    return std::move(find_);
  }

 private:
  bool RemoveRuns(std::size_t size) {
    bool shorter = false;
    for (std::size_t at = 0; at < find_.program.steps.size();) {
      Program candidate = find_.program;
      const auto first = candidate.steps.begin() + static_cast<std::ptrdiff_t>(at);
      const auto count = std::min(size, candidate.steps.size() - at);
      candidate.steps.erase(first, first + static_cast<std::ptrdiff_t>(count));
      if (Try(candidate))
        shorter = true;
      else
        at += size;
    }
    return shorter;
  }

  void Simplify() {
    const auto without = [&](auto&& change) {
      Program candidate = find_.program;
      change(candidate);
      if (candidate != find_.program) Try(candidate);
    };
    for (int slots = 1; slots < find_.program.limits.slots; ++slots)
      without([&](Program& program) { program.limits.slots = slots; });
    for (int queue = 0; queue < find_.program.limits.queue; ++queue)
      without([&](Program& program) { program.limits.queue = queue; });
    for (std::size_t i = 0; i < find_.program.steps.size(); ++i) {
      without([&](Program& program) { program.steps[i].at_once = false; });
      without([&](Program& program) { program.steps[i].short_timeout = false; });
      without([&](Program& program) { program.steps[i].provider = Provider::kOk; });
      without([&](Program& program) { program.steps[i].twist = Twist::kFresh; });
      without([&](Program& program) { program.steps[i].session = 0; });
      without([&](Program& program) { program.steps[i].pick = 0; });
    }
  }

  bool Try(const Program& candidate) {
    for (int i = 0; i < tries_; ++i) {
      if (find_.plays >= kMostPlays || Clock::now() > deadline_ || stop_.stop_requested())
        return false;
      if (auto played = Fails(candidate, kHurry)) {
        find_.program = candidate;
        find_.played = std::move(*played);
        return true;
      }
    }
    return false;
  }

  std::optional<Played> Fails(const Program& candidate, milliseconds patience) {
    ++find_.plays;
    Played played = Play(rig_, candidate, patience);
    if (!Blames(played, requirement_)) return std::nullopt;
    return played;
  }

  Rig& rig_;
  const std::string requirement_;
  const TimePoint deadline_;
  const std::stop_token stop_;
  int tries_ = 1;
  Find find_;
};

}  // namespace

Find Shrink(Rig& rig, const Program& program, Played failed, std::stop_token stop) {
  return Shrinker(rig, program, std::move(failed), std::move(stop)).Run();
}

tl::expected<std::vector<NamedProgram>, std::string> LoadPrograms(
    const std::filesystem::path& folder) {
  std::error_code ec;
  std::vector<NamedProgram> programs;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ec)) {
    if (entry.path().extension() != ".jsonl") continue;
    std::ifstream stream(entry.path());
    const std::string text{std::istreambuf_iterator<char>(stream), {}};
    auto program = ReadProgram(text);
    if (!program)
      return tl::unexpected(fmt::format("{}: {}", entry.path().string(), program.error()));
    programs.push_back({entry.path().stem(), std::move(*program)});
  }
  if (ec) return tl::unexpected(fmt::format("{}: {}", folder.string(), ec.message()));
  std::ranges::sort(programs, {}, &NamedProgram::name);
  return programs;
}

Hunted Hunt(Rig& rig, const HuntPlan& plan, std::stop_token stop,
            const std::function<void(const Hunted&)>& told) {
  Hunted hunted;
  std::mutex mutex;  // guards hunted and worst
  std::optional<std::pair<int, Played>> worst;
  std::atomic<int> next{0};
  std::atomic<bool> done{false};
  const auto begun = Clock::now();
  {
    std::vector<std::jthread> pool;
    for (int i = 0; i < plan.threads; ++i) {
      pool.emplace_back([&] {
        pthread_setname_np(pthread_self(), "judge-model");
        for (int at = next++; at < plan.programs; at = next++) {
          if (done || stop.stop_requested()) break;
          if (plan.budget.count() > 0 && Clock::now() - begun > plan.budget) break;
          const int number = plan.first + at;
          const auto program = ProgramOf(plan.seed, number, plan.steps);
          Played played = Play(rig, program, rig.patience.Now());
          if (stop.stop_requested()) break;  // Ctrl-C kills hosts, too
          std::lock_guard lock(mutex);
          ++hunted.programs;
          hunted.lines += played.lines;
          hunted.runs += played.runs;
          hunted.most_worlds = std::max(hunted.most_worlds, played.most_worlds);
          hunted.lost += played.lost;
          if (!played.not_played.empty()) hunted.not_played = played.not_played;
          if (!played.violations.empty() && (!worst || number < worst->first))
            worst.emplace(number, std::move(played));
          done = done || worst || !hunted.not_played.empty();
          if (told) told(hunted);
        }
      });
    }
  }
  if (worst && !stop.stop_requested()) {
    hunted.find =
        Shrink(rig, ProgramOf(plan.seed, worst->first, plan.steps), std::move(worst->second), stop);
    hunted.find->number = worst->first;
  }
  return hunted;
}

std::string Describe(const Find& find) {
  std::string text =
      fmt::format("{} slot(s), {} queue place(s); {} of {} steps are left after {} plays{}:\n",
                  find.program.limits.slots, find.program.limits.queue, find.program.steps.size(),
                  find.steps, find.plays, find.reproduced ? "" : ", which fail only now and then");
  int number = 0;
  for (const auto& step : find.played.story) text += fmt::format("  {:>2}. {}\n", ++number, step);
  for (const auto& violation : find.played.violations)
    text += fmt::format("{}: {}\n", violation.requirement, violation.message);
  return text;
}

}  // namespace touchstone::model
