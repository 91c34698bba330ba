// What a stand-alone provider tells of its lane while it runs: lines for a person, and lines of
// JSON for a journal file. Look() runs under the lane's lock, where the server waits for it: it
// only notes and copies; words are made in Take(). Does no I/O. For one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "fault-injection/provider/journal.h"

namespace touchstone {

class ProviderWatch {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  struct Wanted {
    bool text = true;
    bool json = false;
  };
  // Of the calls that arrive between two looks so many are told one by one, the others counted: a
  // person cannot read more.
  static constexpr std::size_t kMostTold = 50;

  ProviderWatch(TimePoint start, Wanted wanted) : start_(start), wanted_(wanted) {}

  // Takes in what is new: calls that arrived, calls that ended, connections that closed.
  void Look(const provider::Snapshot& journal);
  // At a journal that a reset has ended: what was still open in it is told as it stood.
  void LookBeforeReset(const provider::Snapshot& journal);
  // The last look: what is still open is told as it stands.
  void LookAtTheEnd(const provider::Snapshot& journal);
  bool HasNews() const { return !news_.empty(); }

  // Lines, each with its LF, in the order in which things happened.
  struct Told {
    std::string text;  // "  1.204 s  call 3: POST /v1/messages …"
    std::string json;  // a call that ended or a connection that closed, see journal_json.h
  };
  Told Take();

  // "7 calls on 2 connections, 1 probe; by rule: [0] 2, [1] 5; …"
  std::string Summary() const;

 private:
  enum class Kind { kReset, kLost, kArrived, kMore, kEnded, kClosed };
  struct News {
    Kind kind = Kind::kReset;
    TimePoint at;
    TimePoint started;  // of the lane, or of its last reset
    std::uint64_t count = 0;
    bool told = false;  // kEnded: its arrival was
    provider::Call call;
    provider::Link link;
  };
  struct Open {
    int number = 0;
    bool told = false;
  };

  void Add(Kind kind, TimePoint at, std::uint64_t count = 0);
  void LookAtCalls(const provider::Snapshot& journal);
  void LookAtLinks(const provider::Snapshot& journal);
  void LookAtNewCalls(const provider::Snapshot& journal);
  std::string TextOf(const News& news) const;
  // When what has no end is told of, in the order of time.
  TimePoint EndOfOpen(TimePoint began) const;
  double Seconds(TimePoint at) const { return std::chrono::duration<double>(at - start_).count(); }

  const TimePoint start_;
  const Wanted wanted_;
  std::vector<News> news_;

  // How far the journal has been seen.
  TimePoint started_;
  int last_call_ = 0, last_link_ = 0;
  std::vector<Open> open_calls_;
  std::vector<int> open_links_;
  bool at_the_end_ = false;
  bool before_reset_ = false;

  std::map<int, std::uint64_t> by_rule_;
  std::uint64_t calls_ = 0, closed_by_caller_ = 0, lost_ = 0;
  int connections_ = 0, probes_ = 0;  // since the last reset
  int earlier_connections_ = 0, earlier_probes_ = 0;
};

}  // namespace touchstone
