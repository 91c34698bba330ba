#include "conformance/soak/loaded_host.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "conformance/drive/requests.h"
#include "conformance/observe/framing.h"
#include "soak/workload/outcome.h"

namespace touchstone {
namespace {

using soak::SendWhen;
using soak::WorkLine;

double MsBetween(TimePoint from, TimePoint to) {
  return std::chrono::duration<double, std::milli>(to - from).count();
}

std::int64_t Setting(const Profile& profile, const std::string& name, std::int64_t otherwise) {
  const auto found = profile.environment.find(name);
  const auto value = found == profile.environment.end() ? 0 : std::atoll(found->second.c_str());
  return value > 0 ? value : otherwise;
}

soak::CommandTool ToolOf(const Profile& profile) {
  soak::CommandTool tool;
  const auto* mapped = profile.tools.if_contains("run_command");
  if (!mapped || !mapped->is_object()) return tool;
  const auto text = [&](const char* key, const std::string& otherwise) {
    const auto* value = mapped->get_object().if_contains(key);
    return value && value->is_string() ? std::string(value->get_string()) : otherwise;
  };
  return {text("name", tool.name), text("command", tool.argument)};
}

soak::WorkSource::Options For(soak::WorkSource::Options options, Mode mode,
                              const Profile& profile) {
  options.mode = mode == Mode::kStream   ? soak::WorkMode::kStream
                 : mode == Mode::kBridge ? soak::WorkMode::kBridge
                                         : soak::WorkMode::kOneShot;
  options.tools = profile.capabilities.contains("tools");
  return options;
}

// They are the program's own, so a fault in them is a bug.
std::vector<provider::Rule> Rules(const boost::json::array& json) {
  auto rules = provider::ParseRules(json);
  if (!rules)
    throw std::logic_error("soak rules: " + rules.error().path + ": " + rules.error().message);
  return std::move(*rules);
}

}  // namespace

LoadedHost::LoadedHost(Rig& rig, Mode mode, LoadedHostOptions options, const SoakClock& clock,
                       Tally& tally)
    : rig_(rig),
      mode_(mode),
      options_(std::move(options)),
      clock_(clock),
      tally_(tally),
      well_rules_(Rules(soak::ProviderRules(options_.mix, ToolOf(rig.profile)))),
      outage_rules_(Rules(soak::OutageRules())),
      grace_(Setting(rig.profile, "ZENE_CANCEL_GRACE_MS", 2000)),
      queue_wait_(Setting(rig.profile, "ZENE_QUEUE_WAIT_TIMEOUT_MS", 5000)),
      capacity_(static_cast<std::size_t>(Setting(rig.profile, "ZENE_MAX_CONCURRENCY", 8) +
                                         Setting(rig.profile, "ZENE_QUEUE_MAX", 200))),
      source_(options_.mix, For(options_.source, mode, rig.profile)) {}

bool LoadedHost::Task::IsWorthARetry() const {
  return IsRun() && line == 0 && std::ranges::any_of(what().right, [](const auto& outcome) {
           return outcome.starts_with("OK");
         });
}

void LoadedHost::Offer(TimePoint intended) {
  {
    std::lock_guard lock(mutex_);
    TakeLocked(source_.Next(clock_.Now()), intended, false, false);
  }
  Changed();
}

void LoadedHost::OfferCanary(TimePoint intended) {
  {
    std::lock_guard lock(mutex_);
    TakeLocked(source_.Canary(), intended, false, false);
  }
  Changed();
}

std::int64_t LoadedHost::position() const {
  std::lock_guard lock(mutex_);
  return source_.position();
}

void LoadedHost::TakeLocked(soak::Work work, TimePoint intended, bool again, bool at_head) {
  if (under_way_ >= options_.most_under_way) {
    tally_.Intended();
    tally_.Unanswered("NOT SENT", false);
    tally_.Fail(
        "LOAD-01",
        fmt::format("request {} was not sent: {} pieces of work wait for the "
                    "host already, the first for {:.1f} s",
                    work.lines.front().request_id, under_way_,
                    queue_.empty() ? 0.0 : MsBetween(queue_.front().due, Clock::now()) / 1000));
    return;
  }
  auto piece = std::make_shared<Piece>();
  piece->work = std::move(work);
  piece->intended = intended;
  piece->outcomes.resize(piece->work.lines.size());
  piece->queued.resize(piece->work.lines.size());
  piece->again = again;
  ++under_way_;
  if (!at_head) return QueueReady(piece, intended);
  piece->queued[0] = true;
  piece->owed = 1;
  tally_.Intended();
  queue_.push_front({piece, 0, intended, {}, false});
}

void LoadedHost::QueueReady(const std::shared_ptr<Piece>& piece, TimePoint due) {
  const auto& lines = piece->work.lines;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (piece->queued[i]) continue;
    const bool ready = lines[i].when == SendWhen::kAtOnce ? i == 0 || piece->queued[i - 1]
                       : lines[i].when == SendWhen::kAfterAccepted
                           ? piece->accepted || !piece->outcomes[0].empty()
                           : !piece->outcomes[i - 1].empty();
    if (!ready) continue;
    piece->queued[i] = true;
    ++piece->owed;
    tally_.Intended();
    queue_.push_back({piece, i, due, {}, false});
  }
}

void LoadedHost::AcceptedLocked(Task& task) {
  task.accepted = true;
  if (task.line != 0) return;
  task.piece->accepted = true;
  QueueReady(task.piece, Clock::now());
  Changed();
}

soak::Circumstances LoadedHost::DuringLocked(const Task& task, TimePoint answered) const {
  soak::Circumstances during = task.piece->during;
  during.outage = outages_.During(task.piece->intended, task.sent, answered);
  during.crowded |= answered - task.sent > queue_wait_;
  // What the restart interrupted may still be on record as running (IDEM-11).
  during.killed |= task.piece->again && restarted_at_ && task.sent - *restarted_at_ < 2 * grace_;
  return during;
}

void LoadedHost::AnsweredLocked(const Task& task, const Line& line) {
  const WorkLine& asked = task.what();
  const std::string outcome = OutcomeOf(line);
  const auto during = DuringLocked(task, line.at);
  const auto text = line.Text("text");
  const auto wrong =
      soak::Judge(asked, {outcome, text ? std::string(*text) : std::string()}, during);
  const auto& from = task.line == 0 ? task.piece->intended : task.due;
  tally_.Answered(
      outcome, task.piece->again ? std::nullopt : std::optional(MsBetween(from, line.at)), !wrong);
  if (wrong)
    FailLocked(wrong->requirement,
               fmt::format("{}; got {}", wrong->message, Excerpt(line.bytes, 300)));
  if (task.piece->work.kind == soak::RequestKind::kOk && task.IsRun() && outcome == "OK")
    source_.Answered(asked, clock_.At(line.at));
  task.piece->outcomes[task.line] = outcome;
  task.piece->during = during;
  if (task.piece->during.outage != soak::Circumstances::Outage::kNone)
    task.piece->during.outage = soak::Circumstances::Outage::kPartly;
  QueueReady(task.piece, line.at);
  DoneLocked(task);
  changed_.notify_all();  // what was queued now has no arrival behind it that would wake anybody
}

void LoadedHost::DropLocked(const Task& task, const std::string& outcome, bool right) {
  tally_.Unanswered(outcome, right);
  // None of its other lines makes sense without it.
  std::fill(task.piece->queued.begin(), task.piece->queued.end(), true);
  task.piece->during.killed |= right;
  DoneLocked(task);
}

void LoadedHost::DoneLocked(const Task& task) {
  Piece& piece = *task.piece;
  if (--piece.owed > 0) return;
  if (std::ranges::find(piece.queued, false) != piece.queued.end()) return;
  --under_way_;
  const bool all =
      std::ranges::none_of(piece.outcomes, [](const auto& outcome) { return outcome.empty(); });
  if (all && piece.outcomes.size() > 1) {
    if (const auto wrong = soak::JudgeTogether(piece.work, piece.outcomes, piece.during))
      FailLocked(wrong->requirement, wrong->message);
  }
  changed_.notify_all();
}

void LoadedHost::RetryLocked(const Task& task) {
  soak::Work work{task.piece->work.kind, {source_.Retry(task.what())}};
  work.lines.front().when = SendWhen::kAtOnce;
  TakeLocked(std::move(work), Clock::now(), true, true);
}

void LoadedHost::FailLocked(const std::string& requirement, const std::string& message) {
  tally_.Fail(requirement, message);
}

void LoadedHost::FailAll(const std::vector<Violation>& violations) {
  std::lock_guard lock(mutex_);
  for (const auto& violation : violations) {
    FailLocked(violation.requirement, violation.message);
    if (violation.requirement == "FRAME-01" && mode_ == Mode::kStream)
      FailLocked("LOAD-03", violation.message);
  }
}

void LoadedHost::KeepTranscript(const std::function<std::string()>& make) {
  {
    std::lock_guard lock(mutex_);
    if (!transcript_.empty() || !tally_.HasFailed()) return;
  }
  auto text = make();
  std::lock_guard lock(mutex_);
  if (transcript_.empty()) transcript_ = std::move(text);
}

std::string LoadedHost::transcript() const {
  std::lock_guard lock(mutex_);
  return transcript_;
}

void LoadedHost::SetOutage(bool out) {
  const auto before = Clock::now();
  SetRules(out ? outage_rules_ : well_rules_);
  std::lock_guard lock(mutex_);
  outage_ = out;
  if (out)
    outages_.Began(before, Clock::now());
  else
    outages_.Ended(before, Clock::now());
}

std::vector<provider::Rule> LoadedHost::RulesNow() const {
  std::lock_guard lock(mutex_);
  return outage_ ? outage_rules_ : well_rules_;
}

void LoadedHost::DropQueueLocked() {
  for (const Task& task : std::exchange(queue_, {})) DropLocked(task, "NOT AWAITED", true);
}

bool LoadedHost::Hopeless() const {
  std::lock_guard lock(mutex_);
  return hopeless_;
}

bool LoadedHost::Down() const {
  std::lock_guard lock(mutex_);
  return DownLocked();
}

bool LoadedHost::AwaitAnswering(TimePoint deadline) {
  std::unique_lock lock(mutex_);
  return changed_.wait_until(lock, deadline, [this] { return HasAnsweredLocked() || hopeless_; });
}

bool LoadedHost::AwaitUp(TimePoint deadline) {
  std::unique_lock lock(mutex_);
  return changed_.wait_until(lock, deadline, [this] { return !DownLocked(); });
}

std::size_t LoadedHost::UnderWay() const {
  std::lock_guard lock(mutex_);
  return under_way_;
}

bool LoadedHost::AwaitFewer(std::size_t n, TimePoint deadline) {
  std::unique_lock lock(mutex_);
  changed_.wait_until(lock, deadline, [&] { return under_way_ < n || hopeless_; });
  return under_way_ < n && !hopeless_;
}

}  // namespace touchstone
