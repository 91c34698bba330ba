#include "fault-injection/proxy/stage.h"

#include <algorithm>

namespace touchstone::proxy {

Stage::Stage(boost::asio::any_io_executor executor, StageOwner& owner,
             std::weak_ptr<void> keep_alive, const ToxicSpec& spec, Chance chance)
    : owner_(owner),
      keep_alive_(std::move(keep_alive)),
      timer_(std::move(executor)),
      name_(spec.name),
      id_(spec.id),
      revision_(spec.revision),
      chance_(chance),
      toxic_(spec.type->make(spec.attributes)) {}

void Stage::Start() { toxic_->OnStart(*this); }

void Stage::Push(std::string bytes) {
  if (cut_ || stopped_)
    dropped_ += bytes.size();
  else
    toxic_->OnData(std::move(bytes), *this);
}

void Stage::PushEnd(End end) {
  if (!cut_ && !stopped_) toxic_->OnEnd(std::move(end), *this);
}

void Stage::Change(const ToxicSpec& spec) {
  Flush();
  revision_ = spec.revision;
  alarm_ = kNever;
  toxic_ = spec.type->make(spec.attributes);
  if (!cut_ && !stopped_) toxic_->OnStart(*this);
  Arm();
}

void Stage::Retire() {
  Flush();
  // Bytes are missing: what follows would be taken for what it is not.
  if (dropped_ > 0 && !cut_) Cut(false);
  if (dropped_end_ && !cut_) owner_.PassEndOn(index_, *std::move(dropped_end_));
  Stop();
}

void Stage::Stop() {
  stopped_ = true;
  for (const auto& item : queue_) owner_.AddHeld(-static_cast<std::ptrdiff_t>(item.bytes.size()));
  queue_.clear();
  timer_.cancel();
}

void Stage::SendAt(Clock::time_point due, std::string bytes) {
  passed_ += bytes.size();
  Enqueue({due, std::move(bytes), std::nullopt});
}

void Stage::EndAt(Clock::time_point due, End end) { Enqueue({due, {}, std::move(end)}); }

void Stage::Cut(bool reset) {
  if (cut_) return;
  cut_ = true;
  alarm_ = kNever;
  // What waits for ever, or for its time, does not get through any more.
  for (const auto& item : queue_) owner_.AddHeld(-static_cast<std::ptrdiff_t>(item.bytes.size()));
  queue_.clear();
  last_due_ = Clock::time_point::min();
  Enqueue({now(), {}, End{reset, true, "toxic " + name_}});
}

void Stage::DropEnd(End end) {
  dropped_end_ = std::move(end);
  owner_.OnEndDropped();
}

void Stage::TimerAt(Clock::time_point due) {
  alarm_ = due;
  Arm();
}

void Stage::Enqueue(Item item) {
  if (stopped_) return;
  item.due = last_due_ = std::max(last_due_, item.due);
  if (queue_.empty() && item.due <= now()) return PassItem(std::move(item));
  owner_.AddHeld(static_cast<std::ptrdiff_t>(item.bytes.size()));
  queue_.push_back(std::move(item));
  Arm();
}

void Stage::PassItem(Item item) {
  if (item.end)
    owner_.PassEndOn(index_, *std::move(item.end));
  else
    owner_.PassOn(index_, std::move(item.bytes));
}

void Stage::Flush() {
  last_due_ = Clock::time_point::min();
  while (!queue_.empty()) {
    Item item = std::move(queue_.front());
    queue_.pop_front();
    owner_.AddHeld(-static_cast<std::ptrdiff_t>(item.bytes.size()));
    PassItem(std::move(item));
  }
}

void Stage::PassDue() {
  while (!queue_.empty() && queue_.front().due <= now()) {
    Item item = std::move(queue_.front());
    queue_.pop_front();
    owner_.AddHeld(-static_cast<std::ptrdiff_t>(item.bytes.size()));
    PassItem(std::move(item));
  }
}

void Stage::Arm() {
  if (stopped_) return;
  const auto due = std::min(alarm_, queue_.empty() ? kNever : queue_.front().due);
  if (due == armed_for_) return;
  armed_for_ = due;
  if (due == kNever) {
    timer_.cancel();
    return;
  }
  timer_.expires_at(due);
  // A wake-up that is on its way when the stage goes finds `stopped_`, not a dead object.
  timer_.async_wait([self = shared_from_this(), alive = keep_alive_](const auto& cancelled) {
    const auto connection = alive.lock();
    if (cancelled || !connection || self->stopped_) return;
    self->armed_for_ = kNever;
    if (self->alarm_ <= self->now()) {
      self->alarm_ = kNever;
      self->toxic_->OnTimer(*self);
    }
    self->PassDue();
    self->Arm();
  });
}

}  // namespace touchstone::proxy
