// The conductor: arrivals, canaries and chaos at their times.
#include "conformance/soak/soak_run.h"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <condition_variable>

namespace touchstone {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

// How long the end of a soak waits for answers beyond the time that each of them has, and when it
// is interrupted.
constexpr auto kSlack = std::chrono::seconds(10);
constexpr auto kInterrupted = std::chrono::seconds(3);
// How soon the conductor notices what no timer tells it: a hopeless host, a record that cannot be
// written.
constexpr auto kLook = milliseconds(200);

std::int64_t UnixMs() {
  return std::chrono::duration_cast<milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

SoakRun::SoakRun(Rig& rig, const SoakPlan& plan, const SoakGround& ground, soak::RecordFile& file,
                 SoakObserver& observer, std::stop_token stop)
    : plan_(plan),
      ground_(ground),
      observer_(observer),
      stop_(std::move(stop)),
      file_(file),
      clock_{Clock::now(), ground.from_s},
      record_([this](std::string_view line) { Write(line); }),
      lag_(rig.lag),
      position_{ground.from.starts, nanoseconds(ground.from.start_at_ns)},
      given_out_(ground.from.position) {
  // Before there is a host, which may fail at once.
  if (!ground_.resumed) record_.Begin(ground_.asked);
  for (const auto& line : ground_.lost_windows) Write(line);
  record_.BeginSegment(UnixMs(), ground_.from_s);
  host_ = MakeLoaded(soak::Who::kHost, rig);
  if (plan.reference) reference_ = MakeLoaded(soak::Who::kReference, *plan.reference);
  all_.push_back(host_.get());
  if (reference_) all_.push_back(reference_.get());
  if (plan.arrivals.process != soak::ArrivalProcess::kClosedLoop)
    schedule_.emplace(plan.arrivals, ground.asked.seed, position_);
}

std::unique_ptr<SoakRun::Loaded> SoakRun::MakeLoaded(soak::Who who, Rig& rig) {
  auto loaded = std::make_unique<Loaded>(who, record_, clock_, lag_);
  LoadedHostOptions options;
  options.mix = plan_.mix;
  options.source.seed = ground_.asked.seed;
  options.source.prefix = fmt::format("g{}", ground_.from.segment + (ground_.resumed ? 1 : 0));
  options.source.position = ground_.from.position;
  options.most_under_way = static_cast<std::size_t>(plan_.limits.most_under_way);
  options.answer_within = plan_.limits.answer_within;
  options.processes = plan_.processes;
  loaded->load = MakeLoadedHost(rig, plan_.mode, std::move(options), clock_, loaded->tally);
  return loaded;
}

tl::expected<void, std::string> SoakRun::Run() {
  std::string ended;
  {
    std::jthread clerk([this](std::stop_token stop) { Clerk(stop); });
    ended = Conduct();
    WindDown();
  }
  CloseWindows();
  record_.End(clock_.Now(), ended);
  Save(ended == "complete");
  Tell();
  std::lock_guard lock(mutex_);
  if (!fault_.empty()) return tl::unexpected(fault_);
  return {};
}

std::string SoakRun::Conduct() {
  if (plan_.mix.canary_every_s) {
    const double every = *plan_.mix.canary_every_s;
    next_canary_ = clock_.When((std::floor(ground_.from_s / every) + 1) * every);
  }
  next_chaos_ = soak::NextChaos(plan_.mix, ground_.from_s);
  for (Loaded* loaded : all_) loaded->load->AwaitAnswering(Clock::now() + kSlack);
  // The schedule goes on where the last segment left it.
  shift_ = (Clock::now() - clock_.When(0)) - position_.at;
  while (Goes() && !IsDone()) {
    if (schedule_ && !next_arrival_) next_arrival_ = clock_.When(0) + shift_ + schedule_->Next();
    WaitUntil(std::min(NextEvent(), Clock::now() + kLook));
    const auto now = Clock::now();
    LookAtRestart();
    if (outage_ends_ && now >= *outage_ends_) EndOutage();
    // One thing at a time: a restart in the middle of a restart would tell nothing.
    if (next_chaos_ && !restart_ && now >= clock_.When(next_chaos_->from_s)) DoChaos();
    if (next_canary_ && now >= *next_canary_) {
      for (Loaded* loaded : all_) loaded->load->OfferCanary(*next_canary_);
      *next_canary_ += std::chrono::duration_cast<Clock::duration>(
          std::chrono::duration<double>(*plan_.mix.canary_every_s));
    }
    Arrive();
  }
  if (stop_.stop_requested()) return "interrupted";
  return IsDone() ? "complete" : "host failed";
}

void SoakRun::Write(std::string_view line) {
  file_.Write(line);
  if (file_.error().empty()) return observer_.OnLine(line);
  std::lock_guard lock(mutex_);
  fault_ = file_.error();
}

bool SoakRun::Goes() const {
  if (stop_.stop_requested() || host_->load->Hopeless()) return false;
  std::lock_guard lock(mutex_);
  return fault_.empty();
}

bool SoakRun::IsDone() const {
  if (plan_.requests && given_out_ >= *plan_.requests) return true;
  return plan_.duration && clock_.Now() >= std::chrono::duration<double>(*plan_.duration).count();
}

TimePoint SoakRun::NextEvent() const {
  TimePoint next = TimePoint::max();
  if (plan_.duration) next = clock_.When(std::chrono::duration<double>(*plan_.duration).count());
  if (!schedule_) next = Clock::now();
  if (next_arrival_) next = std::min(next, *next_arrival_);
  if (next_canary_) next = std::min(next, *next_canary_);
  if (outage_ends_) next = std::min(next, *outage_ends_);
  if (next_chaos_ && !restart_) next = std::min(next, clock_.When(next_chaos_->from_s));
  return next;
}

void SoakRun::WaitUntil(TimePoint time) {
  if (time <= Clock::now()) return;
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_until(lock, stop_, time, [] { return false; });
}

// One piece of work for each host; in a closed loop when all of them have a place for it.
void SoakRun::Arrive() {
  if (schedule_ && (!next_arrival_ || Clock::now() < *next_arrival_)) return;
  if (!schedule_) {
    for (Loaded* loaded : all_) {
      if (loaded->load->Hopeless()) continue;
      const auto places = static_cast<std::size_t>(plan_.mode == Mode::kStream ? plan_.closed_window
                                                                               : plan_.processes);
      if (!loaded->load->AwaitFewer(places, Clock::now() + kLook)) return;
    }
  }
  StandStillWhileDown();
  const auto intended = schedule_ ? *next_arrival_ : Clock::now();
  {
    std::lock_guard lock(mutex_);
    if (schedule_) position_ = schedule_->position();
    ++given_out_;
  }
  for (Loaded* loaded : all_) loaded->load->Offer(intended);
  next_arrival_.reset();
}

// Nobody can call a host that the soak itself has ended: its schedule stands still until it is
// back.
void SoakRun::StandStillWhileDown() {
  const auto begun = Clock::now();
  bool stood = false;
  for (Loaded* loaded : all_) {
    while (loaded->load->Down() && !stop_.stop_requested()) {
      stood = true;
      loaded->load->AwaitUp(Clock::now() + kLook);
    }
  }
  if (!stood || !next_arrival_) return;
  const auto stood_for = Clock::now() - std::max(begun, *next_arrival_);
  shift_ += stood_for;
  *next_arrival_ += stood_for;
}

void SoakRun::DoChaos() {
  const auto event = *next_chaos_;
  next_chaos_ = soak::NextChaos(plan_.mix, event.from_s);
  if (event.what != soak::ChaosKind::kOutage) return BeginRestart(event);
  if (outage_) return;
  for (Loaded* loaded : all_) loaded->load->SetOutage(true);
  outage_ =
      soak::Mark{clock_.Now(), clock_.Now() + event.until_s - event.from_s, "provider outage"};
  outage_ends_ = clock_.When(outage_->until_s);
  record_.Add(*outage_);
}

void SoakRun::EndOutage() {
  for (Loaded* loaded : all_) loaded->load->SetOutage(false);
  outage_->until_s = clock_.Now();
  record_.Add(*outage_);
  outage_.reset();
  outage_ends_.reset();
}

void SoakRun::BeginRestart(const soak::ChaosEvent& event) {
  const bool kill = event.what == soak::ChaosKind::kSigkill;
  const bool stream = plan_.mode == Mode::kStream;
  restart_ = Restart{
      clock_.Now(),
      std::string(kill ? "SIGKILL" : "SIGTERM") + (stream ? " and restart" : " of one process"),
      {}};
  for (Loaded* loaded : all_) restart_->lives.push_back(loaded->load->life() + (stream ? 1 : 0));
  record_.Add(soak::Mark{restart_->from_s, restart_->from_s, restart_->what});
  for (Loaded* loaded : all_) loaded->load->Strike(kill ? SIGKILL : SIGTERM);
}

void SoakRun::LookAtRestart() {
  if (!restart_) return;
  for (std::size_t i = 0; i < all_.size(); ++i) {
    if (all_[i]->load->life() < restart_->lives[i] && !all_[i]->load->Hopeless()) return;
  }
  if (plan_.mode == Mode::kStream)
    record_.Add(soak::Mark{restart_->from_s, clock_.Now(), restart_->what});
  restart_.reset();
}

// What is under way is awaited; an interrupted soak waits only briefly.
void SoakRun::WindDown() {
  if (outage_) EndOutage();
  const auto begun = Clock::now();
  for (Loaded* loaded : all_) {
    while (!loaded->load->AwaitFewer(1, Clock::now() + kLook) && !loaded->load->Hopeless()) {
      const bool hurry = stop_.stop_requested() || !Goes();
      const Clock::duration patience = plan_.limits.answer_within + kSlack;
      if (Clock::now() - begun >
          (hurry ? std::min<Clock::duration>(kInterrupted, patience) : patience))
        break;
    }
  }
  LookAtRestart();
  for (Loaded* loaded : all_) loaded->load->Finish();
}

}  // namespace touchstone
