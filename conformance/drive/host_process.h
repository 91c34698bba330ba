// One process of the host under test in conversation: what was sent to it, every line it wrote with
// the moment at which its LF arrived, and everything that the always-on checks (FRAME-01, RESP,
// BRIDGE, LIFE) saw in it.
//
// Threads: the owner's methods are for one thread (a case's or a check's); lines arrive on the
// IoThread. A load may Send() on one thread while another awaits and forgets lines. Line pointers
// stay valid as long as the object.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "conformance/contract/lifecycle.h"
#include "conformance/contract/mode.h"
#include "conformance/drive/journal.h"
#include "conformance/observe/framing.h"
#include "conformance/process/child_process.h"

namespace touchstone {

struct Line {
  std::string bytes;  // without LF
  TimePoint at;
  std::optional<boost::json::value> json;
  bool consumed = false;

  const boost::json::object* object() const { return json ? json->if_object() : nullptr; }
  // The string at a top-level key, or nothing.
  std::optional<std::string_view> Text(std::string_view key) const;
};

class HostProcess : private ChildSink {
 public:
  // `mode` kNone: stdout is text and not judged. `name` is for the journal, which must outlive
  // this.
  static tl::expected<std::unique_ptr<HostProcess>, std::string> Start(IoThread& io,
                                                                       LaunchOptions options,
                                                                       Mode mode, std::string name,
                                                                       Journal& journal);
  ~HostProcess() override;

  ChildProcess& child() { return *child_; }
  Mode mode() const { return mode_; }
  const std::string& name() const { return name_; }
  TimePoint started_at() const { return started_at_; }

  // Writes bytes as they are, and tells the life-cycle automaton which lines they complete.
  WriteTimes Send(std::string_view bytes, TimePoint deadline);
  // After this an unterminated last line counts as a line (FRAME-05).
  void CloseStdin();
  bool stdin_open() const { return stdin_open_; }
  // Stops reading: what the host still owes is no longer a fault.
  void CloseStdout();
  void CloseStderr();
  // Sends a signal. After one that ends it, unanswered requests are no fault.
  void Signal(int number);
  // The judge sent it SIGKILL.
  bool killed() const { return killed_by_judge_; }
  void AllowSilence();
  void ReplaysAreUnmarked();
  // For long conversations: see Lifecycle::KeepAnswered.
  void KeepAnswered(std::size_t most);

  // Waits for the first line not consumed for which `wanted` holds. Nullptr: the deadline passed,
  // or stdout ended without it.
  Line* Await(const std::function<bool(const Line&)>& wanted, TimePoint deadline);
  // Lets go of the leading lines that are consumed: for long conversations. Their pointers die.
  void ForgetConsumed();
  // All lines that were not forgotten, consumed or not.
  std::vector<const Line*> Lines() const;
  std::size_t LinesNotConsumed() const;
  // Waits until `holds` of (stdout text, stderr text), re-evaluated on each change.
  bool AwaitText(Stream stream, const std::function<bool(const std::string&)>& holds,
                 TimePoint deadline);
  std::string TextOf(Stream stream) const;  // the last 256 KiB
  bool stdout_ended() const;                // EOF: no line comes any more

  struct End {
    ExitStatus status;
    TimePoint at;
    bool streams_ended = false;  // both pipes reached EOF, too
    TimePoint streams_ended_at;
  };
  // Waits for the exit and then for EOF on both pipes.
  std::optional<End> AwaitEnd(TimePoint deadline);
  // Waits for the exit alone.
  std::optional<End> AwaitExit(TimePoint deadline);

  // What the always-on checks saw so far: the first ones.
  std::vector<Violation> Violations() const;
  // What the process still owed when it ended: answers, or the end of a line. Empty while it lives.
  std::vector<Violation> Owed() const;

 private:
  HostProcess(Mode mode, std::string name, Journal& journal)
      : mode_(mode), name_(std::move(name)), journal_(journal), lifecycle_(mode) {}

  void OnBytes(Stream stream, std::string_view bytes, TimePoint at) override;
  void OnEof(Stream stream, TimePoint at) override;
  void OnExit(ExitStatus status, TimePoint at) override;
  void Accept(std::string bytes, TimePoint at);
  void WatchForFlood(TimePoint at);
  std::optional<End> EndLocked() const;

  const Mode mode_;
  const std::string name_;
  Journal& journal_;
  TimePoint started_at_;
  bool stdin_open_ = true;
  bool killed_by_judge_ = false;  // with SIGKILL: then a cut line is not the host's fault
  LineSplitter sent_;

  mutable std::mutex mutex_;  // guards all below
  std::condition_variable changed_;
  Lifecycle lifecycle_;
  LineSplitter out_, err_;
  std::deque<Line> lines_;
  std::optional<TimePoint> garbage_at_;  // when the last line came that is no JSON object
  std::size_t first_unconsumed_ = 0;     // no line before it is free
  std::string out_text_, err_text_;
  std::vector<Violation> violations_;
  std::optional<Violation> tail_;    // stdout ended in the middle of a line
  std::size_t violation_count_ = 0;  // of all, kept or not
  bool flooded_ = false;
  bool out_ended_ = false, err_ended_ = false;
  TimePoint streams_ended_at_;
  std::optional<ExitStatus> exit_;
  TimePoint exit_at_;

  std::unique_ptr<ChildProcess>
      child_;  // last: gone first, so that no callback meets a dead member
};

}  // namespace touchstone
