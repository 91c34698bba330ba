// One toxic at work in one direction of one connection: holds what is not due yet, wakes up when
// it is, and hands it to the next stage. Lives on the connection's thread.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "fault-injection/proxy/toxic_spec.h"

namespace touchstone::proxy {

// Where a stage's output goes: the next stage, or the link's socket.
class StageOwner {
 public:
  virtual void PassOn(std::size_t from_stage, std::string bytes) = 0;
  virtual void PassEndOn(std::size_t from_stage, End end) = 0;
  virtual void AddHeld(std::ptrdiff_t bytes) = 0;  // counts what stages hold, for back-pressure
  virtual void OnEndDropped() = 0;

 protected:
  ~StageOwner() = default;
};

class Stage final : public Pipe, public std::enable_shared_from_this<Stage> {
 public:
  // The owner outlives every call; `keep_alive` keeps it while a timer runs.
  Stage(boost::asio::any_io_executor executor, StageOwner& owner, std::weak_ptr<void> keep_alive,
        const ToxicSpec& spec, Chance chance);

  void Start();  // once it has its index
  void Push(std::string bytes);
  void PushEnd(End end);
  // Passes on all that is held, then goes on with the new attributes.
  void Change(const ToxicSpec& spec);
  // Passes on all that is held, for good; closes what lost bytes.
  void Retire();
  void Stop();  // the connection is closed

  std::uint64_t toxic_id() const { return id_; }
  std::uint64_t revision() const { return revision_; }
  void set_index(std::size_t index) { index_ = index; }

  Clock::time_point now() const override { return Clock::now(); }
  Clock::time_point met() const override { return met_; }
  std::uint64_t passed() const override { return passed_; }
  Chance& chance() override { return chance_; }
  void SendAt(Clock::time_point due, std::string bytes) override;
  void EndAt(Clock::time_point due, End end) override;
  void Cut(bool reset) override;
  void Drop(std::size_t bytes) override { dropped_ += bytes; }
  void DropEnd(End end) override;
  void TimerAt(Clock::time_point due) override;

 private:
  struct Item {
    Clock::time_point due;
    std::string bytes;
    std::optional<End> end;
  };

  void Enqueue(Item item);
  void PassItem(Item item);
  void Flush();
  void PassDue();
  void Arm();

  StageOwner& owner_;
  std::weak_ptr<void> keep_alive_;
  boost::asio::steady_timer timer_;
  std::string name_;
  std::uint64_t id_, revision_;
  Chance chance_;
  std::unique_ptr<Toxic> toxic_;
  std::size_t index_ = 0;
  const Clock::time_point met_ = Clock::now();
  std::uint64_t passed_ = 0, dropped_ = 0;
  std::optional<End> dropped_end_;
  bool cut_ = false;      // nothing comes after it
  bool stopped_ = false;  // retired, or the connection is closed
  std::deque<Item> queue_;
  Clock::time_point last_due_ = Clock::time_point::min();
  Clock::time_point alarm_ = kNever;      // of the toxic
  Clock::time_point armed_for_ = kNever;  // of the timer
};

}  // namespace touchstone::proxy
