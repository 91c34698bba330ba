// What a stand-alone provider tells of its lane while it runs: lines for a person, and lines of
// JSON for a journal file. Looks at snapshots, remembers what it has told, and does no I/O.
//
// For one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "fault-injection/provider/journal.h"

namespace touchstone {

class ProviderWatch {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  explicit ProviderWatch(TimePoint start) : start_(start) {}

  // Takes in what is new: calls that arrived, calls that ended.
  void Look(const provider::Snapshot& journal);
  bool HasNews() const { return !told_.empty(); }

  struct Told {
    std::string text;  // "  1.204 s  call 3: POST /v1/messages …"
    std::string json;  // one object, without LF; keys of the provider are not in it
  };
  std::vector<Told> Take() { return std::exchange(told_, {}); }

  // "7 calls on 2 connections, 1 probe; by rule: [0] 2, [1] 5; …"
  std::string Summary() const;

 private:
  void Arrived(const provider::Call& call);
  void Ended(const provider::Call& call);
  double Seconds(TimePoint at) const { return std::chrono::duration<double>(at - start_).count(); }

  const TimePoint start_;
  std::vector<Told> told_;
  int last_number_ = 0;
  std::set<int> open_;
  std::map<int, std::uint64_t> by_rule_;
  std::uint64_t calls_ = 0, closed_by_caller_ = 0;
  int connections_ = 0, probes_ = 0;
};

}  // namespace touchstone
