// Which calls of a lane wait, under which names, and the barriers that make them wait. Knows no
// sockets and no clock. Not thread-safe: LaneState keeps it under its mutex.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "fault-injection/provider/rule_book.h"

namespace touchstone::provider {

// A call that waits.
struct HeldCall {
  std::string name;
  std::uint64_t ticket = 0;  // see LaneState
  int number = 0;            // the lane's n-th call; 0: it arrived before a Reset()
  std::string path;
  std::chrono::steady_clock::time_point since;
  std::function<void()> resume;
};

class HoldBook {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Resumes = std::vector<std::function<void()>>;  // to be called without the lane's mutex

  // Calls that `rule` matches are held under the name from now on; what it responds is not looked
  // at. False: there was a barrier of that name, which this one replaces.
  bool SetBarrier(const std::string& name, Rule rule, Time now);

  // The name under which the call is to be held, "": none. The first barrier by name that matches
  // takes it; each counts the calls that it admits, as rules do.
  std::string Barrier(const Request& request, const Call& call, Time now);
  bool HasBarriers() const { return !barriers_.empty(); }
  bool HasBarrier(const std::string& name) const { return barriers_.contains(name); }

  // False when the name is released already; else the call waits until released or forgotten.
  bool Hold(HeldCall call);
  void Forget(std::uint64_t ticket);

  // All now held under the name, and all later ones; its barrier is gone.
  Resumes Release(const std::string& name);
  // The first so many of them; later ones wait.
  Resumes Release(const std::string& name, std::size_t most);
  // Everyone; calls of a ticket below this are not held any more.
  Resumes ReleaseAll(std::uint64_t ticket);

  // No barrier, no name released. Held calls stay held.
  void Restart();

  const std::vector<HeldCall>& held() const { return held_; }  // in the order in which they came
  std::size_t CountHeld(std::string_view name) const;
  std::vector<std::pair<std::string, boost::json::value>> Barriers() const;  // name, match

 private:
  struct Entry {
    RuleBook book;
    boost::json::value match;
  };
  std::map<std::string, Entry> barriers_;
  std::vector<HeldCall> held_;
  std::set<std::string> released_;
  std::uint64_t free_below_ = 0;
};

}  // namespace touchstone::provider
