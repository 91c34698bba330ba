#include "conformance/soak/process_host.h"

#include <fmt/format.h>
#include <pthread.h>
#include <signal.h>

#include "conformance/soak/stream_host.h"

namespace touchstone {
namespace {

constexpr int kMostFailedStarts = 10;
constexpr auto kLook = std::chrono::milliseconds(100);
constexpr auto kCallComes = std::chrono::seconds(2);

}  // namespace

ProcessHost::ProcessHost(Rig& rig, Mode mode, LoadedHostOptions options, const SoakClock& clock,
                         Tally& tally)
    : LoadedHost(rig, mode, std::move(options), clock, tally) {
  provider::LaneOptions lane;
  lane.seed = rig.seed;
  lane.keep = 8;
  for (int i = 0; i < options_.processes; ++i) {
    talks_.push_back(
        std::make_unique<Conversation>(rig, mode, Conversation::Provider::kOfTheRig, lane));
    talks_.back()->SetEnv("ZENE_STATE_DIR", talks_.front()->state_dir().string());
  }
  SetRules(well_rules_);
  for (auto& talk : talks_) workers_.emplace_back([this, &talk] { Work(*talk); });
}

ProcessHost::~ProcessHost() { Finish(); }

void ProcessHost::SetRules(const std::vector<provider::Rule>& rules) {
  for (auto& talk : talks_) talk->lane().SetRules(rules);
}

void ProcessHost::Strike(int signal) {
  std::lock_guard lock(mutex_);
  strike_ = signal;
}

std::vector<pid_t> ProcessHost::Processes() const {
  std::lock_guard lock(mutex_);
  return {processes_.begin(), processes_.end()};
}

void ProcessHost::Finish() {
  {
    std::lock_guard lock(mutex_);
    finishing_ = true;
    DropQueueLocked();
  }
  Changed();
  workers_.clear();
}

void ProcessHost::Work(Conversation& talk) {
  ::pthread_setname_np(::pthread_self(), "judge-worker");
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return finishing_ || hopeless_ || !queue_.empty(); });
    if (finishing_ || hopeless_) return;
    Task task = std::move(queue_.front());
    queue_.pop_front();
    const bool calls = task.what().role == soak::LineRole::kRun;
    const int strike = calls ? std::exchange(strike_, 0) : 0;
    task.piece->during.draining |= strike != 0 && strike != SIGKILL;
    task.piece->during.killed |= strike == SIGKILL;
    lock.unlock();
    Play(talk, std::move(task), strike);
    lock.lock();
  }
}

// One process from its start to its end.
void ProcessHost::Play(Conversation& talk, Task task, int strike) {
  task.sent = Clock::now();
  auto host = talk.Start();
  if (!host) {
    std::lock_guard lock(mutex_);
    FailLocked("LOAD-01", "the host cannot be started: " + host.error());
    hopeless_ |= ++failed_starts_ >= kMostFailedStarts;
    return DropLocked(task, "NOT STARTED", false);
  }
  const pid_t pid = (*host)->child().pid();
  {
    std::lock_guard lock(mutex_);
    processes_.insert(pid);
  }
  const auto deadline = Clock::now() + options_.answer_within;
  (*host)->Send(task.what().bytes + "\n", deadline);
  (*host)->CloseStdin();
  if (strike != 0) {
    // Not before it is at work: a process that is just starting dies of SIGTERM, too.
    const auto before = talk.lane().Journal().connections;
    talk.lane().WaitUntil(
        [&](const provider::Snapshot& journal) { return journal.connections > before; },
        Clock::now() + kCallComes);
    (*host)->Signal(strike);
    if (strike == SIGKILL) talk.EndedByPlay(**host);
  }
  const Line* line = AwaitAnswer(talk, **host, deadline);
  Settle(task, line, strike);
  if (!line && !(*host)->killed()) {
    // Blamed for the answer that did not come; nobody waits for its end as well.
    (*host)->Signal(SIGKILL);
    talk.EndedByPlay(**host);
  }
  talk.FinishProcess(**host);
  {
    std::lock_guard lock(mutex_);
    processes_.erase(pid);
  }
  auto violations = (*host)->Violations();
  for (auto& violation : (*host)->Owed()) violations.push_back(std::move(violation));
  FailAll(violations);
  FailAll(talk.TakeRetired());
  KeepTranscript([&] { return talk.Transcript(); });
  talk.Retire(**host);
  talk.TakeRetired();  // all of it has been reported
}

bool ProcessHost::Finishing() const {
  std::lock_guard lock(mutex_);
  return finishing_;
}

// When the soak has been told to end, the process is, too: it has its grace to answer.
const Line* ProcessHost::AwaitAnswer(Conversation& talk, HostProcess& host, TimePoint deadline) {
  const auto any = [](const Line&) { return true; };
  while (Clock::now() < deadline && !host.stdout_ended()) {
    if (const Line* line = host.Await(any, std::min(deadline, Clock::now() + kLook))) return line;
    if (!Finishing()) continue;
    host.Signal(SIGTERM);
    talk.EndedByPlay(host);
    deadline = std::min(deadline, Clock::now() + grace_ + std::chrono::seconds(1));
    break;
  }
  return host.Await(any, deadline);
}

void ProcessHost::Settle(const Task& task, const Line* line, int strike) {
  std::lock_guard lock(mutex_);
  if (strike != 0) restarted_at_ = Clock::now();
  if (finishing_) return DropLocked(task, "NOT AWAITED", true);
  if (line) return AnsweredLocked(task, *line);
  if (strike == SIGKILL) {
    DropLocked(task, "LOST BY SIGKILL", true);
    if (task.IsWorthARetry()) RetryLocked(task);
    return;
  }
  if (strike != 0) {
    FailLocked("LIFE-07", fmt::format("run {} must end with an answer after SIGTERM, none came "
                                      "within {} ms",
                                      task.what().request_id, options_.answer_within.count()));
  } else {
    FailLocked("LOAD-01", fmt::format("request {} got no answer within {} ms of being sent",
                                      task.what().request_id, options_.answer_within.count()));
  }
  DropLocked(task, "NO ANSWER", false);
}

std::unique_ptr<LoadedHost> MakeLoadedHost(Rig& rig, Mode mode, LoadedHostOptions options,
                                           const SoakClock& clock, Tally& tally) {
  if (mode == Mode::kStream)
    return std::make_unique<StreamHost>(rig, std::move(options), clock, tally);
  return std::make_unique<ProcessHost>(rig, mode, std::move(options), clock, tally);
}

}  // namespace touchstone
