#include "conformance/soak/stream_host.h"

#include <fmt/format.h>
#include <pthread.h>
#include <signal.h>

#include <algorithm>

#include "conformance/drive/requests.h"
#include "conformance/observe/framing.h"

namespace touchstone {
namespace {

using std::chrono::milliseconds;

constexpr int kMostDeaths = 10;
constexpr std::size_t kKeepAnswered = 4096, kKeepCalls = 16, kRememberGivenUp = 1024;
constexpr auto kSlack = milliseconds(5000);
constexpr auto kLook = milliseconds(100);  // how often the keeper looks up from reading

provider::LaneOptions Lane(const Rig& rig) {
  provider::LaneOptions options;
  options.seed = rig.seed;
  options.keep = kKeepCalls;
  return options;
}

}  // namespace

StreamHost::StreamHost(Rig& rig, LoadedHostOptions options, const SoakClock& clock, Tally& tally)
    : LoadedHost(rig, Mode::kStream, std::move(options), clock, tally),
      talk_(rig, Mode::kStream, Conversation::Provider::kOfTheRig, Lane(rig)) {
  SetRules(well_rules_);
  sender_ = std::jthread([this](std::stop_token stop) { SendAll(stop); });
  keeper_ = std::jthread([this] { Keep(); });
}

StreamHost::~StreamHost() { Finish(); }

void StreamHost::SetRules(const std::vector<provider::Rule>& rules) {
  talk_.lane().SetRules(rules);
}

void StreamHost::Strike(int signal) {
  std::lock_guard lock(mutex_);
  if (state_ != State::kUp || finishing_) return;
  struck_ = signal;
  struck_at_ = Clock::now();
  for (auto& [id, task] : sent_) {
    task.piece->during.draining |= signal != SIGKILL;
    task.piece->during.killed |= signal == SIGKILL;
  }
  host_->Signal(signal);
}

bool StreamHost::DownLocked() const { return struck_ != 0 && state_ != State::kUp && !hopeless_; }

std::vector<pid_t> StreamHost::Processes() const {
  std::lock_guard lock(mutex_);
  return state_ == State::kUp ? std::vector{pid_} : std::vector<pid_t>{};
}

int StreamHost::life() const {
  std::lock_guard lock(mutex_);
  return std::max(life_, 1);
}

void StreamHost::Finish() {
  {
    std::lock_guard lock(mutex_);
    finishing_ = true;
    DropQueueLocked();
  }
  Changed();
  if (keeper_.joinable()) keeper_.join();
  sender_.request_stop();
  Changed();
  if (sender_.joinable()) sender_.join();
}

void StreamHost::Keep() {
  ::pthread_setname_np(::pthread_self(), "judge-keeper");
  while (HostProcess* host = StartHost()) {
    ReadAnswers(*host);
    {
      std::unique_lock lock(mutex_);
      state_ = State::kEnding;
      host_ = nullptr;
      changed_.notify_all();
      changed_.wait(lock, [this] { return !sending_; });
      // What is under way may take as long as it likes after EOF, but not after SIGTERM.
      if (finishing_ && !sent_.empty() && struck_ == 0) {
        host->Signal(SIGTERM);
        talk_.EndedByPlay(*host);
      }
    }
    const std::string how = Retire(*host);
    std::lock_guard lock(mutex_);
    SortOutTheDead(how);
    if (finishing_ || hopeless_) break;
  }
  std::lock_guard lock(mutex_);
  state_ = State::kFinished;
  changed_.notify_all();
}

// Up when it has answered a ping: from then on its latency counts.
HostProcess* StreamHost::StartHost() {
  auto host = talk_.Start();
  const auto id = fmt::format("touchstone-alive-{}", life_ + 1);
  bool alive = false;
  if (host) {
    (*host)->KeepAnswered(kKeepAnswered);
    const auto deadline = Clock::now() + options_.answer_within;
    (*host)->Send(AsLine(PingRequest(id)), deadline);
    alive = (*host)->Await([&](const Line& line) { return line.Text("request_id") == id; },
                           deadline) != nullptr;
  }
  std::lock_guard lock(mutex_);
  if (!alive) {
    hopeless_ = true;
    FailLocked("LOAD-01", host ? "a host that was started must answer a ping, and did not"
                               : "the host cannot be started: " + host.error());
    changed_.notify_all();
    return nullptr;
  }
  if (struck_ != 0) restarted_at_ = Clock::now();
  struck_ = 0;
  stuck_ = hung_ = false;
  reported_ = 0;
  ++life_;
  host_ = *host;
  pid_ = host_->child().pid();
  heard_at_ = Clock::now();
  state_ = State::kUp;
  changed_.notify_all();
  return host_;
}

void StreamHost::ReadAnswers(HostProcess& host) {
  auto looked = Clock::now();
  while (true) {
    const bool ended = host.stdout_ended();
    const Line* line = host.Await([](const Line&) { return true; }, Clock::now() + kLook);
    if (line) {
      std::lock_guard lock(mutex_);
      OnLineLocked(*line);
    } else if (ended) {
      return;
    }
    host.ForgetConsumed();
    if (const auto now = Clock::now(); now - looked >= kLook) {
      looked = now;
      ReportViolations(host);
      KeepTranscript([this] { return talk_.Transcript(); });
      std::unique_lock lock(mutex_);
      if (finishing_) return;
      if (!IsHungLocked(now)) continue;
      host.Signal(SIGKILL);
    }
  }
}

void StreamHost::OnLineLocked(const Line& line) {
  heard_at_ = line.at;
  const auto id = std::string(line.Text("request_id").value_or(""));
  if (line.Text("type") == "event") return;
  auto found = sent_.find(id);
  if (IsAccepted(line, id)) {
    if (found != sent_.end()) AcceptedLocked(found->second);
    return;
  }
  if (found != sent_.end()) return AnsweredUnder(found, line);
  while (id == "unknown" && !may_be_unknown_.empty()) {
    found = sent_.find(may_be_unknown_.front());
    may_be_unknown_.pop_front();
    if (found != sent_.end()) return AnsweredUnder(found, line);
  }
  // Too late is blamed already, and so is what no request was sent for.
  if (std::ranges::find(given_up_, id) != given_up_.end()) return;
  FailLocked("LOAD-01", fmt::format("each request must be answered exactly once; this answers none "
                                    "that waits: {}",
                                    Excerpt(line.bytes, 300)));
}

void StreamHost::AnsweredUnder(std::map<std::string, Task>::iterator found, const Line& line) {
  const Task task = std::move(found->second);
  sent_.erase(found);
  runs_ -= task.IsRun();
  if (task.what().may_be_unknown) std::erase(may_be_unknown_, task.what().request_id);
  AnsweredLocked(task, line);
}

// Gives up what is overdue. True when the host as a whole says nothing any more.
bool StreamHost::IsHungLocked(TimePoint now) {
  if (struck_ != 0) {
    // LIFE-07's bound, and what a slow machine may need. The rest is for SortOutTheDead().
    const auto bound = 2 * grace_ + std::chrono::seconds(1);
    if (hung_ || now - struck_at_ < bound + kSlack) return false;
    FailLocked("LIFE-07", fmt::format("the host must exit within {} ms of SIGTERM, and had not {} "
                                      "ms later",
                                      bound.count(), kSlack.count()));
    return hung_ = true;
  }
  hung_ |= stuck_;
  std::vector<std::string> overdue;
  for (const auto& [id, task] : sent_) {
    if (now - task.sent < options_.answer_within) continue;
    overdue.push_back(id);
    hung_ |= heard_at_ < task.sent;
  }
  for (const auto& id : overdue) GiveUpLocked(id);
  return hung_;
}

void StreamHost::GiveUpLocked(const std::string& id) {
  const auto found = sent_.find(id);
  const Task task = std::move(found->second);
  sent_.erase(found);
  runs_ -= task.IsRun();
  given_up_.push_back(id);
  if (given_up_.size() > kRememberGivenUp) given_up_.pop_front();
  FailLocked("LOAD-01", fmt::format("request {} got no answer within {} ms of being sent", id,
                                    options_.answer_within.count()));
  DropLocked(task, "NO ANSWER", false);
}

void StreamHost::JudgeDrainLocked(const std::optional<HostProcess::End>& end) {
  if (struck_ == SIGKILL || hung_) return;
  if (end && end->status != ExitStatus{false, 0}) {
    FailLocked("LIFE-07",
               fmt::format("a host must exit 0 on SIGTERM, got {}", end->status.ToString()));
  }
  for (const auto& [id, task] : sent_) {
    if (!task.accepted) continue;
    FailLocked("LIFE-07", fmt::format("run {} was accepted and got no terminal before the host "
                                      "exited on SIGTERM",
                                      id));
  }
}

// What the process left unanswered, with mutex_ held.
void StreamHost::SortOutTheDead(const std::string& how) {
  pid_ = -1;
  if (struck_ == 0 && !finishing_) {
    FailLocked("LOAD-01",
               hung_
                   ? fmt::format("the host said nothing for {} ms, or took no line, and was ended",
                                 options_.answer_within.count())
                   : fmt::format("the host ended by itself ({}) with {} requests unanswered", how,
                                 sent_.size()));
    hopeless_ |= ++deaths_ >= kMostDeaths;
  }
  const auto left = std::exchange(sent_, {});
  may_be_unknown_.clear();
  runs_ = 0;
  for (const auto& [id, task] : left) {
    if (finishing_) {
      DropLocked(task, "NOT AWAITED", true);
    } else if (struck_ == 0) {
      DropLocked(task, "NO ANSWER", false);
    } else {
      DropLocked(task, struck_ == SIGKILL ? "LOST BY SIGKILL" : "LOST BY SIGTERM", true);
      if (task.IsWorthARetry()) RetryLocked(task);
    }
  }
  // Lines that were queued behind a lost one.
  for (auto it = queue_.begin(); it != queue_.end();) {
    const auto first_lost = [&] {
      return it->line > 0 && it->piece->outcomes[0].empty() && it->piece->during.killed;
    };
    if (!first_lost()) {
      ++it;
      continue;
    }
    const Task task = *it;
    it = queue_.erase(it);
    DropLocked(task, "NOT SENT AFTER A RESTART", true);
  }
  changed_.notify_all();
}

void StreamHost::ReportViolations(HostProcess& host) {
  auto violations = host.Violations();
  if (violations.size() <= reported_) return;
  violations.erase(violations.begin(), violations.begin() + static_cast<long>(reported_));
  reported_ += violations.size();
  FailAll(violations);
}

// Returns how it ended, for a person.
std::string StreamHost::Retire(HostProcess& host) {
  bool by_judge = false;
  {
    std::lock_guard lock(mutex_);
    by_judge = struck_ != 0 || hung_;
  }
  if (by_judge) talk_.EndedByPlay(host);
  talk_.FinishProcess(host);
  FailAll(talk_.TakeRetired());
  ReportViolations(host);
  FailAll(host.Owed());
  KeepTranscript([this] { return talk_.Transcript(); });
  const auto end = host.AwaitExit(Clock::now());
  if (by_judge) {
    std::lock_guard lock(mutex_);
    JudgeDrainLocked(end);
  }
  talk_.Retire(host);
  talk_.TakeRetired();  // all of it has been reported
  return end ? end->status.ToString() : "its stdout ended";
}

void StreamHost::SendAll(std::stop_token stop) {
  ::pthread_setname_np(::pthread_self(), "judge-sender");
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] {
      return stop.stop_requested() || (state_ == State::kUp && !queue_.empty() && !stuck_);
    });
    if (stop.stop_requested()) return;
    Task task = std::move(queue_.front());
    queue_.pop_front();
    const auto id = task.what().request_id;
    const std::string bytes = task.what().bytes + "\n";
    task.sent = Clock::now();
    task.piece->during.draining |= struck_ != 0 && struck_ != SIGKILL;
    task.piece->during.killed |= struck_ == SIGKILL;
    task.piece->during.crowded |= CrowdedLocked(runs_);
    runs_ += task.IsRun();
    if (task.what().may_be_unknown) may_be_unknown_.push_back(id);
    sent_[id] = std::move(task);
    HostProcess* host = host_;
    sending_ = true;
    lock.unlock();
    const auto times = host->Send(bytes, Clock::now() + options_.answer_within);
    lock.lock();
    sending_ = false;
    stuck_ |= !times.complete && state_ == State::kUp &&
              times.ended - times.begun >= options_.answer_within;
    changed_.notify_all();
  }
}

}  // namespace touchstone
