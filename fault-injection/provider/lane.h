// One play's private provider: its rules, its holds, its journal. Lanes do not see each other. The
// journal keeps every call with its body until the lane is closed, or the last ones if told so.
//
// Owned by the Server, which hands out references that live until CloseLane(). Every method may be
// called from any thread.
#pragma once

#include <boost/json/value.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "fault-injection/provider/journal.h"
#include "fault-injection/provider/rule.h"

namespace touchstone::provider {

class LaneState;

struct LaneOptions {
  // Root of all that is drawn: probabilities, times. The same seed, rules and calls give the same.
  std::uint64_t seed = 1;
  // Of the journal's calls and connections the last so many stay; 0: all.
  std::size_t keep = 0;
  // What `during`, `after` and `until` go by, and all times of the journal. Called by any thread.
  std::function<std::chrono::steady_clock::time_point()> now = std::chrono::steady_clock::now;
};

class Lane {
 public:
  // Made by Server::OpenLane().
  Lane(std::string base_url, std::shared_ptr<LaneState> state);
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;
  ~Lane();

  const std::string& name() const;
  // "http://127.0.0.1:PORT/lane/NAME", without a slash at the end; OpenAI's base is this + "/v1".
  // Characters of the name that have no place in a path are percent-encoded.
  std::string base_url() const;

  // Replaces all rules; calls that have arrived keep the answer they were given. `match.call` keeps
  // counting over the lane, `times` starts anew. A fresh lane answers "mock answer" to every call;
  // an empty list matches nothing.
  void SetRules(std::vector<Rule> rules);

  // The rules as they were read by ParseRules(), a JSON list; null for one made in C++.
  boost::json::value Rules() const;

  // The state that rules with `state` look at. SetRules() and Reset() make it "Started".
  std::string State() const;
  void SetState(std::string state);

  std::uint64_t Seed() const;

  // As if the lane were new, but for its rules: an empty journal, calls counted from 1, `times`,
  // `rule_call` and draws from the start, no name released. Calls that are being answered go on and
  // are not journaled any more; held ones stay held.
  void Reset();

  // From now on each reset, also one over HTTP, gives the journal that it ends to `keep`, under the
  // lane's lock: it must be quick and not call the lane.
  void BeforeReset(std::function<void(Snapshot)> keep);

  // Lets go all calls now held under the name, and all later ones.
  void Release(const std::string& hold);

  Snapshot Journal() const;

  // Waits until the condition holds for the journal; evaluated at once and after each change. False
  // at the deadline, or when the lane is closed. The condition runs under the lane's lock: it must
  // not call the lane, and sees the journal itself, not a copy.
  bool WaitUntil(const std::function<bool(const Snapshot&)>& holds,
                 std::chrono::steady_clock::time_point deadline) const;

 private:
  std::string base_url_;
  std::shared_ptr<LaneState> state_;
};

}  // namespace touchstone::provider
