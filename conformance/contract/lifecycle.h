// The automaton of a request's life (§6 of the contract), fed every line that one host process
// reads and writes.
//
//     run -> ack ACCEPTED -> event* -> final     run -> error      run -> ack DUPLICATE_IN_PROGRESS
//     run -> final, replayed                     any other request -> its one answer
//
// It knows nothing of timing or of what the answer should say; only who may answer what, how often
// and in which order (LIFE-01…04). Not thread-safe; one automaton per host process.
#pragma once

#include <boost/json/object.hpp>
#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/contract/mode.h"
#include "conformance/observe/violation.h"

namespace touchstone {

class Lifecycle {
 public:
  explicit Lifecycle(Mode mode) : mode_(mode) {}

  // The judge sent this line (without LF), complete. Blank lines are ignored in S.
  void Sent(std::string_view line);
  // The judge sent the beginning of a line: a host may refuse it before its LF came (FRAME-08).
  void SentPart() { part_sent_ = true; }

  // The host wrote this line. Returns what it did wrong by writing it now.
  std::vector<Violation> Received(const boost::json::object& line);

  // From here on requests may stay unanswered: the judge sent a signal, or stopped reading.
  void AllowSilence() { silence_allowed_ = true; }

  // The host runs with ZENE_IDEMPOTENCY_REPLAY_MARKER=false: a replay is a final without ack and
  // without mark.
  void ReplaysAreUnmarked() { replays_unmarked_ = true; }

  // Of requests that have been answered, and wait for nothing, only the last `most` are remembered,
  // so that memory is bounded however long the conversation. A second answer to an older one is
  // still blamed, as an answer to nothing.
  void KeepAnswered(std::size_t most) { most_answered_ = most; }

  // The process has ended and all its output was read. Returns what it still owed.
  std::vector<Violation> Ended() const;

  int lines_received() const { return lines_received_; }
  std::size_t remembered() const { return requests_.size(); }

 private:
  // What one request_id has been asked for and has answered.
  struct Request {
    int waiting_runs = 0;  // run lines sent, with no answer at all yet
    int waiting_others =
        0;  // ping, cancel, session_close and refusable lines sent, with no answer yet
    bool active = false;  // between ack ACCEPTED and the terminal
    bool stream = false;  // some run under this id asked for events
    int terminals = 0;

    bool Rests() const { return waiting_runs == 0 && waiting_others == 0 && !active; }
  };

  std::vector<Violation> ReceivedOneShot(const boost::json::object& line);
  std::vector<Violation> ReceivedStream(const std::string& id, std::string_view type,
                                        const boost::json::object& line);
  void ForgetOldest();
  std::vector<Violation> Ack(const std::string& id, Request& request, std::string_view status);
  std::vector<Violation> Event(const std::string& id, Request& request);
  std::vector<Violation> Final(const std::string& id, Request& request, bool replayed);
  std::vector<Violation> Answer(const std::string& id, Request& request, std::string_view what);

  Mode mode_;
  bool silence_allowed_ = false;
  int lines_received_ = 0;
  bool replays_unmarked_ = false;
  // Lines sent whose request_id the judge's parser could not read. The host may have read more of
  // them than the judge (RESP-08 leaves it free), so any answer may be for one of these.
  int nameless_ = 0;
  bool part_sent_ = false;     // a line is under way…
  bool part_refused_ = false;  // …and has been answered already
  std::map<std::string, Request> requests_;
  std::optional<std::size_t> most_answered_;
  std::deque<std::string> answered_;  // ids that came to rest, oldest first; for most_answered_
};

}  // namespace touchstone
