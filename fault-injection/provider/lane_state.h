// What is behind a Lane: the journal, the rules and the holds under one mutex. The server's thread
// writes it, any thread reads it and waits for it. Knows no sockets.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "fault-injection/provider/hold_book.h"
#include "fault-injection/provider/journal.h"
#include "fault-injection/provider/lane.h"
#include "fault-injection/provider/request.h"
#include "fault-injection/provider/rule_book.h"

namespace touchstone::provider {

class LaneState {
 public:
  explicit LaneState(std::string name, LaneOptions options = {});

  const std::string& name() const { return name_; }
  std::chrono::steady_clock::time_point Now() const { return options_.now(); }

  // The player's side: see lane.h.
  std::uint64_t Seed() const;
  void SetRules(std::vector<Rule> rules);
  boost::json::value Rules() const;
  std::string State() const;
  void SetState(std::string state);
  void Reset();
  void BeforeReset(std::function<void(Snapshot)> keep);
  void Release(const std::string& hold);
  Snapshot Journal() const;
  bool WaitUntil(const std::function<bool(const Snapshot&)>& holds,
                 std::chrono::steady_clock::time_point deadline) const;

  // The side of the control API: see docs/provider-control.md.

  // What the lane is at one moment. Lives no longer than the function it is given to.
  struct View {
    const Snapshot& journal;
    int calls;  // since the start or the last Reset(), those that were let go, too
    const RuleBook& rules;
    const HoldBook& holds;
    std::uint64_t seed;
    std::chrono::steady_clock::time_point now;
  };
  // Shows it under the lane's lock: `look` must not call the lane.
  void Look(const std::function<void(const View&)>& look) const;
  // Reset(), and a new seed if one is given; held calls go on.
  void StartAnew(std::optional<std::uint64_t> seed);
  // False, and nothing is done, when no rule knows the state.
  bool SetKnownState(const std::string& state);
  // Calls that the rule matches are held under the name. False: the name had a barrier before.
  bool SetBarrier(const std::string& name, Rule rule);
  // Lets the first `most` go; without it all, also later ones, and the barrier is gone. How many
  // went; nothing when neither a barrier, a rule nor a call has the name.
  std::optional<std::size_t> ReleaseKnown(const std::string& name, std::optional<std::size_t> most);
  // `changed` is called after each change under the lane's lock, until Unwatch(): it must be quick
  // and not call the lane.
  std::uint64_t Watch(std::function<void()> changed);
  void Unwatch(std::uint64_t watch);

  // The server's side.

  // What is to be said to a call.
  struct Verdict {
    Request request;
    Choice choice;
    std::string key;           // see Call
    std::uint64_t ticket = 0;  // names the call from here on, never 0
    std::string barrier;       // the name under which it is to be held first; "": none
  };
  // Numbers the call, journals it and takes a rule; none when `refusal` says why the server cannot
  // let a rule answer. `dialect` is "" then.
  Verdict Arrive(Call call, std::string_view dialect, std::string refusal);
  void CountProbe();
  // A link belongs to one life of the lane; each Reset() begins another.
  struct LinkId {
    int number = 0;
    std::uint64_t life = 0;
  };
  LinkId OpenLink(std::chrono::steady_clock::time_point at);
  void CloseLink(Link link, std::uint64_t life);
  std::uint64_t life() const { return life_; }

  enum class End { kAnswered, kAnsweredAndClosed, kClosedByCaller, kAborted };
  // So much is on the wire while the call is still open. A call that the journal has let go is
  // passed over.
  void Sending(std::uint64_t ticket, const Sent& sent);
  void Ended(std::uint64_t ticket, End end, Sent sent);

  // False when the name is released already; else `resume` runs once, on the releasing thread,
  // unless the call has Ended().
  bool HoldUnder(const std::string& hold, std::uint64_t ticket, std::function<void()> resume);

  // Ends all waits, now and later.
  void Close();

 private:
  Call* Find(std::uint64_t ticket);
  void Clear(std::chrono::steady_clock::time_point now);
  // Wakes who waits, after each change.
  void Changed() const;
  // Makes room for one more, see LaneOptions.keep.
  template <typename T>
  void LetGo(std::deque<T>& entries) const;

  const std::string name_;
  const LaneOptions options_;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  Snapshot journal_;
  std::function<void(Snapshot)> keep_;  // null: nobody wants the journal that a reset ends
  int calls_ = 0;                       // since the start or Reset()
  std::uint64_t next_ticket_ = 1;       // calls.back() has the one before
  RuleBook rules_;
  HoldBook holds_;
  std::atomic<std::uint64_t> life_ = 1;  // changed under mutex_
  std::uint64_t seed_;
  std::map<std::uint64_t, std::function<void()>> watches_;
  std::uint64_t next_watch_ = 1;
  bool closed_ = false;
};

}  // namespace touchstone::provider
