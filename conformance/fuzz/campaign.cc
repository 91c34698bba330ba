#include "conformance/fuzz/campaign.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <thread>

namespace touchstone::fuzz {
namespace {

constexpr std::uint64_t kInputsOfAProcess = 16'384;
constexpr std::uint64_t kBatch = 256, kPingEvery = 16;
constexpr auto kTimeToMinimise = std::chrono::seconds(9);
constexpr std::size_t kEqualFindings = 2;

// Whether a CR at EOF, without LF, is part of the line is not said.
std::string WithoutLineEnd(std::string text) {
  text.pop_back();
  while (text.ends_with('\r')) text.pop_back();
  return text;
}

class Campaign {
 public:
  Campaign(Rig& rig, const CampaignOptions& options,
           const std::function<void(std::uint64_t, std::size_t)>& progress, std::stop_token stop)
      : rig_(rig), options_(options), progress_(progress), stop_(std::move(stop)) {
    if (options_.at_most) end_ = begun_ + *options_.at_most;
  }

  CampaignResult Run() {
    if (options_.mode == Mode::kStream) {
      std::uint64_t next = 0;
      while (!Over(next)) next = StreamProcess(next);
    } else {
      std::vector<std::jthread> workers;
      for (int i = 0; i < options_.workers; ++i) workers.emplace_back([this] { OneShots(); });
    }
    result_.seconds = std::chrono::duration<double>(Clock::now() - begun_).count();
    result_.interrupted = stop_.stop_requested();
    return std::move(result_);
  }

 private:
  bool Over(std::uint64_t next) {
    if (next >= options_.cases || stop_.stop_requested()) return true;
    if (end_ && Clock::now() > *end_) return true;
    std::lock_guard lock(mutex_);
    return result_.given_up;
  }

  Family FamilyOf(std::uint64_t n) const { return options_.families[n % options_.families.size()]; }

  std::string Input(std::uint64_t n) const {
    return Render(DrawRecipe(FamilyOf(n), options_.seed, static_cast<std::uint32_t>(n)),
                  kFuzzedLimit);
  }

  WriteStyle StyleOf(std::uint64_t n, const std::string& input) const {
    if (FamilyOf(n) != Family::kFraming) return WriteStyle::kWithOthers;
    if (n % 512 == 2 && input.size() < 400) return WriteStyle::kByteByByte;
    return n % 32 == 6 ? WriteStyle::kInTwo : WriteStyle::kWithOthers;
  }

  // One host process of S. Returns the number of the next input.
  std::uint64_t StreamProcess(std::uint64_t first) {
    HostSettings settings{.tag = fmt::format("{}-", first)};
    StreamHost host(rig_, settings);
    std::vector<std::string> inputs;
    auto n = first;
    bool sound = host.Start();
    for (; sound && n < first + kInputsOfAProcess && !Over(n); ++n) {
      inputs.push_back(Input(n));
      host.Send(inputs.back(), inputs.size() - 1, StyleOf(n, inputs.back()));
      if (n % kPingEvery == kPingEvery - 1) host.Ping();
      if (n % kBatch == kBatch - 1) {
        sound = host.Flush(2 * kBatch);
        Tell(kBatch);
      }
    }
    if (stop_.stop_requested()) {
      host.Kill();
    } else {
      host.Ping();
      // Now and then the last line has no LF (FRAME-05).
      std::string tail = Input(n);
      inputs.push_back(WithoutLineEnd(tail.substr(0, tail.find('\n') + 1)));
      host.Finish(inputs.back(), inputs.size() - 1);
    }
    {
      std::lock_guard lock(mutex_);
      result_.inputs += n - first;
      ++result_.processes;
    }
    const auto origin = fmt::format("inputs {} to {} of seed {}", first, n, options_.seed);
    const auto faults = host.faults();
    if (!faults.empty() && !stop_.stop_requested()) Found(inputs, BestOf(faults), origin);
    if (!host.lapses().empty() && !stop_.stop_requested())
      Found(inputs, host.lapses().front(), origin);
    return std::max(n, first + 1);
  }

  // The one that names its input, if there is one.
  static const Fault& BestOf(const std::vector<Fault>& faults) {
    const auto found =
        std::ranges::find_if(faults, [](const Fault& fault) { return fault.input.has_value(); });
    return found == faults.end() ? faults.front() : *found;
  }

  void OneShots() {
    HostSettings settings;
    Conversation talk(rig_, options_.mode);
    SetFuzzEnvironment(talk, settings);
    for (auto n = next_++; !Over(n); n = next_++) {
      auto input = Input(n);
      if (n % 8 == 5) input = WithoutLineEnd(std::move(input));  // EOF ends the line, too
      const auto faults = RunOneShot(talk, input, 0, settings);
      {
        std::lock_guard lock(mutex_);
        ++result_.inputs;
        ++result_.processes;
      }
      Tell(1);
      if (!faults.empty() && !stop_.stop_requested()) {
        Found({input}, faults.front(), fmt::format("input {} of seed {}", n, options_.seed));
      }
    }
    if (const auto violations = talk.Violations(); !violations.empty() && !stop_.stop_requested())
      Add({options_.mode, "a worker's processes", {{}, violations.front(), false, 0}});
  }

  void Tell(std::uint64_t inputs) {
    std::lock_guard lock(mutex_);
    told_inputs_ += inputs;
    if (!progress_ || Clock::now() - told_ < std::chrono::milliseconds(250)) return;
    told_ = Clock::now();
    progress_(told_inputs_, result_.findings.size());
  }

  void Found(const std::vector<std::string>& inputs, const Fault& fault, std::string origin) {
    {
      std::lock_guard lock(mutex_);
      auto& equal = equal_[fault.violation.requirement];
      // A host that takes a freedom of the contract takes it all the time: no reason to give up.
      if (!fault.lapse) ++failures_;
      result_.given_up = failures_ >= options_.max_findings;
      if (++equal > (fault.lapse ? 1 : kEqualFindings)) {
        ++result_.repeated;
        return;
      }
    }
    Finding finding{options_.mode, std::move(origin), {inputs, fault.violation, false, 0}};
    if (fault.input && *fault.input < inputs.size()) {
      finding.minimal.inputs = {inputs[*fault.input]};
    }
    if (options_.minimise) {
      finding.minimal = Minimise(rig_, options_.mode, inputs, fault, {},
                                 Clock::now() + options_.to_minimise, stop_);
    }
    Add(std::move(finding));
  }

  void Add(Finding finding) {
    std::lock_guard lock(mutex_);
    // Two different ones may be two sides of one fault; more of them tell nothing new.
    const auto& requirement = finding.minimal.violation.requirement;
    std::size_t alike = 0;
    bool same = false;
    for (const Finding& other : result_.findings) {
      if (other.minimal.violation.requirement != requirement) continue;
      ++alike;
      same |= other.minimal.inputs == finding.minimal.inputs;
    }
    if (same || alike >= kEqualFindings) {
      ++result_.repeated;
    } else {
      result_.findings.push_back(std::move(finding));
    }
  }

  Rig& rig_;
  const CampaignOptions& options_;
  const std::function<void(std::uint64_t, std::size_t)>& progress_;
  const std::stop_token stop_;
  const TimePoint begun_ = Clock::now();
  std::optional<TimePoint> end_;
  std::atomic<std::uint64_t> next_{0};
  std::mutex mutex_;  // guards all below
  CampaignResult result_;
  std::map<std::string, std::size_t> equal_;
  std::size_t failures_ = 0;
  std::uint64_t told_inputs_ = 0;
  TimePoint told_ = Clock::now();
};

}  // namespace

CampaignResult RunCampaign(
    Rig& rig, const CampaignOptions& options,
    const std::function<void(std::uint64_t inputs, std::size_t findings)>& progress,
    std::stop_token stop) {
  return Campaign(rig, options, progress, std::move(stop)).Run();
}

namespace {

// Inputs of a corpus share ids: each is settled before the next, and one that fails gets no
// further.
std::vector<Fault> RunOneByOne(Rig& rig, const std::vector<std::string>& inputs,
                               const HostSettings& settings, std::stop_token stop) {
  constexpr std::size_t kEnough = 2;
  std::vector<Fault> faults;
  std::unique_ptr<StreamHost> host;
  const auto finish = [&](std::size_t last) {
    host->Finish();
    for (Fault& fault : host->faults()) {
      fault.input = last;
      faults.push_back(std::move(fault));
    }
    host.reset();
  };
  for (std::size_t i = 0; i < inputs.size() && !stop.stop_requested(); ++i) {
    if (faults.size() >= kEnough) break;
    if (!host) {
      host = std::make_unique<StreamHost>(rig, settings);
      if (!host->Start()) return host->faults();
    }
    host->Send(inputs[i], i);
    host->Ping();
    if (!host->Settle()) finish(i);
  }
  if (host && !inputs.empty()) finish(inputs.size() - 1);
  return faults;
}

}  // namespace

CampaignResult RunInputs(Rig& rig, Mode mode, const std::vector<NamedInput>& inputs,
                         std::stop_token stop, bool minimise, std::size_t limit) {
  CampaignResult result;
  const auto begun = Clock::now();
  const HostSettings settings{.limit = limit};
  std::vector<std::string> bytes;
  for (const auto& input : inputs) bytes.push_back(input.bytes);
  auto faults = mode == Mode::kStream ? RunOneByOne(rig, bytes, settings, stop)
                                      : RunFresh(rig, mode, bytes, settings);
  result.inputs = inputs.size();
  result.processes = mode == Mode::kStream ? 1 : inputs.size();
  std::set<std::string> seen;
  for (const Fault& fault : faults) {
    if (stop.stop_requested() || result.findings.size() >= 5) break;
    const auto name = fault.input && *fault.input < inputs.size() ? inputs[*fault.input].name : "";
    if (!seen.insert(name + fault.violation.requirement).second) continue;
    Finding finding{mode, name.empty() ? "the corpus" : name, {bytes, fault.violation, false, 0}};
    if (!name.empty()) finding.minimal.inputs = {bytes[*fault.input]};
    finding.limit = limit;
    if (minimise) {
      finding.minimal =
          Minimise(rig, mode, bytes, fault, settings, Clock::now() + kTimeToMinimise, stop);
    }
    result.findings.push_back(std::move(finding));
  }
  result.seconds = std::chrono::duration<double>(Clock::now() - begun).count();
  result.interrupted = stop.stop_requested();
  return result;
}

}  // namespace touchstone::fuzz
