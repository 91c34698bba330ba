// What is behind a Lane: the journal, the rules and the holds under one mutex. The server's thread
// writes it, any thread reads it and waits for it. Knows no sockets.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "fault-injection/provider/journal.h"
#include "fault-injection/provider/lane.h"
#include "fault-injection/provider/request.h"
#include "fault-injection/provider/rule_book.h"

namespace touchstone::provider {

class LaneState {
 public:
  explicit LaneState(std::string name, LaneOptions options = {});

  const std::string& name() const { return name_; }
  std::uint64_t Seed() const { return options_.seed; }
  std::chrono::steady_clock::time_point Now() const { return options_.now(); }

  // The player's side: see lane.h.
  void SetRules(std::vector<Rule> rules);
  boost::json::value Rules() const;
  std::string State() const;
  void SetState(std::string state);
  void Reset();
  void Release(const std::string& hold);
  Snapshot Journal() const;
  bool WaitUntil(const std::function<bool(const Snapshot&)>& holds,
                 std::chrono::steady_clock::time_point deadline) const;

  // The server's side.

  // What is to be said to a call.
  struct Verdict {
    Request request;
    Choice choice;
    std::string key;           // see Call
    std::uint64_t ticket = 0;  // names the call from here on, never 0
  };
  // Numbers the call, journals it and takes a rule; none when `refusal` says why the server cannot
  // let a rule answer. `dialect` is "" then.
  Verdict Arrive(Call call, std::string_view dialect, std::string refusal);
  void CountProbe();
  int OpenLink();  // its number
  void CloseLink(Link link);

  enum class End { kAnswered, kAnsweredAndClosed, kClosedByCaller, kAborted };
  // So much is on the wire while the call is still open. A call that the journal has let go is
  // passed over.
  void Sending(std::uint64_t ticket, const Sent& sent);
  void Ended(std::uint64_t ticket, End end, Sent sent);

  // False when the name is released already; else `resume` runs once, on the releasing thread.
  bool HoldUnder(const std::string& hold, std::function<void()> resume);

  // Ends all waits, now and later.
  void Close();

 private:
  Call* Find(std::uint64_t ticket);
  // Makes room for one more, see LaneOptions.keep.
  template <typename T>
  void LetGo(std::vector<T>& entries) const;

  const std::string name_;
  const LaneOptions options_;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  Snapshot journal_;
  int calls_ = 0;                  // since the start or Reset()
  std::uint64_t next_ticket_ = 1;  // calls.back() has the one before
  RuleBook rules_;
  std::set<std::string> released_;
  std::multimap<std::string, std::function<void()>> held_;
  bool closed_ = false;
};

}  // namespace touchstone::provider
