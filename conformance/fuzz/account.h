// Who still waits for which answer: each line sent is ruled by the oracle, each line received is
// judged by itself (FRAME-01, RESP, BRIDGE) and credited to the line that it answers. Exact where
// ids are: an answer under "unknown" is counted, since many bad lines may share it.
//
// It knows what the oracle cannot, because it depends on other lines: that a run repeats an id or a
// pair, that a session was closed or a run cancelled. Such runs may end in several ways.
//
// Not thread-safe; one account per host process.
#pragma once

#include <boost/json/object.hpp>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "conformance/fuzz/oracle.h"
#include "conformance/observe/violation.h"

namespace touchstone::fuzz {

// A violation, and the input that met it, when that is known.
struct Fault {
  Violation violation;
  std::optional<std::size_t> input;
  bool lapse = false;  // against a SHOULD
};

class Account {
 public:
  Account(Mode mode, OracleLimits limits, std::string answer_text)
      : mode_(mode), limits_(limits), answer_text_(std::move(answer_text)) {}

  // The host is about to read these lines, each ended by LF or by EOF. In O and B only the first
  // one counts.
  void Sent(std::string_view bytes, std::size_t input);
  // The host wrote this line (without LF).
  void Received(std::string_view line);

  // Answers that are still to come.
  std::size_t outstanding() const { return waiting_ - unknown_; }
  // Nothing more will come, or nothing more was asked: what is missing and what was too much. Then
  // the account is clear. `end`, "; the host …", is added to what is said of the missing.
  void Settle(std::string_view end = {});

  const std::vector<Fault>& faults() const { return faults_; }
  // Answers against a SHOULD of the oracle's. They are told beside the faults, lest a host that
  // takes the freedom is never asked for the rest.
  const std::vector<Fault>& lapses() const { return lapses_; }

 private:
  struct Answer;
  struct Entry {
    Ruling ruling;
    std::size_t input = 0;
    std::string excerpt;
    bool relaxed = false;   // it meets another line of this process
    bool accepted = false;  // a run between its ack and its final
    bool done = false;
    bool unterminated = false;                 // EOF was its end
    std::optional<std::string> refused_under;  // done, by an INVALID_REQUEST of this id
    int visited = 0;                           // by the search of this number
  };

  void SentLine(std::string_view line, std::size_t input, bool unterminated);
  void NoteCollisions(Entry& entry);
  Answer Classify(const boost::json::object& line) const;
  static bool MayBeUnknown(const Entry& entry);
  bool Fits(const Entry& entry, const Answer& answer) const;
  Entry* FindEntry(const Answer& answer);
  Entry* MakeRoomFor(const Answer& answer);
  bool MoveRefusal(Entry& from);
  void Credit(Entry& entry, const Answer& answer, std::string_view line);
  void Close(Entry& entry);
  std::string RequirementOfMissing(std::size_t index) const;
  std::string RequirementOfTooMany() const;
  void SettleUnknown(std::string_view end);
  void Blame(const Entry& entry, std::string requirement, std::string message);
  void Keep(Fault fault);

  const Mode mode_;
  const OracleLimits limits_;
  const std::string answer_text_;
  std::size_t waiting_ = 0;  // entries that are not done
  std::size_t unknown_ = 0;  // answers under "unknown" since the last Settle
  bool lines_counted_ = false;
  int search_ = 0;
  std::vector<Entry> entries_;     // since the last Settle
  std::vector<std::size_t> runs_;  // those of them that may run
  std::unordered_map<std::string, std::vector<std::size_t>> by_id_;
  std::unordered_set<std::string> seen_ids_, seen_pairs_, closed_sessions_, targets_;
  std::size_t blank_lines_ = 0;  // since the last Settle
  std::vector<Fault> faults_, lapses_;
};

// "valid (REQ-08): must be answered normally under \"f1\"": for messages.
std::string Describe(const Ruling& ruling);

}  // namespace touchstone::fuzz
