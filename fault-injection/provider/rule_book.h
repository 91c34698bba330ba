// The rules of a lane with their counts, and the lane's state: which rule answers a call, or which
// one nearly did. Time is what it is told. Not thread-safe.
#pragma once

#include <boost/json/value.hpp>
#include <chrono>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "fault-injection/provider/request.h"
#include "fault-injection/provider/rule.h"

namespace touchstone::provider {

struct Choice {
  int rule = -1;                           // index; -1: none matches
  std::shared_ptr<const Respond> respond;  // null when none matches
  std::string near_miss;                   // when none matches: the nearest rule and why not
  std::uint64_t draw = 0;                  // seed of whatever the answer draws
};

class RuleBook {
 public:
  using Time = std::chrono::steady_clock::time_point;

  RuleBook(std::vector<Rule> rules, std::uint64_t seed, Time now);

  // The first rule that matches; it has then served one call more. Each rule counts the calls that
  // it admits by itself, also those that an earlier one takes: what a rule draws and counts does
  // not depend on the others.
  Choice Take(const Request& request, const Call& call, Time now);

  // Counts, draws, times and state begin anew.
  void Restart(Time now);
  // The root of what is drawn from now on.
  void SetSeed(std::uint64_t seed);

  const std::string& state() const { return state_; }
  void SetState(std::string state) { state_ = std::move(state); }

  boost::json::value Json() const;  // see Lane::Rules()

  // What the rules know: the states that they name, and the names under which they hold.
  std::set<std::string> States() const;
  std::set<std::string> Holds() const;

  struct Counts {
    int admitted = 0;  // calls that all but times, rule_call and probability admit
    int served = 0;
  };
  std::vector<Counts> Count() const;

 private:
  struct Entry {
    std::shared_ptr<const Rule> rule;
    std::uint64_t seed = 0;
    int admitted = 0;  // see Counts
    int served = 0;
  };
  struct Moment;  // what time and state say to a call

  std::vector<Entry> entries_;
  std::string state_{kFirstState};
  Time set_at_;
  std::optional<Time> first_call_;
  std::optional<Time> last_call_;
  std::chrono::milliseconds longest_pause_{0};
};

}  // namespace touchstone::provider
