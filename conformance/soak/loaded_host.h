// A host under the load of a soak: takes pieces of work at their intended starts, sends their lines
// as soon as the host takes them, and judges each answer. What is under way is kept in a table of
// bounded size; a piece that finds it full is not sent, and counts as a failure of the host. How a
// line is sent, and by which processes it is answered, is for the two that derive from it:
// stream_host.h (S) and process_host.h (O, B).
//
// Threads: the public methods may be called from any thread. The derived classes have threads of
// their own, which call the protected ones.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "conformance/drive/conversation.h"
#include "conformance/soak/clock.h"
#include "conformance/soak/outages.h"
#include "conformance/soak/tally.h"
#include "soak/workload/mix.h"
#include "soak/workload/work.h"

namespace touchstone {

struct LoadedHostOptions {
  soak::Mix mix;
  soak::WorkSource::Options source;
  std::size_t most_under_way = 4096;  // pieces of work
  std::chrono::milliseconds answer_within{20'000};
  int processes = 8;  // O and B: at once
};

class LoadedHost {
 public:
  LoadedHost(Rig& rig, Mode mode, LoadedHostOptions options, const SoakClock& clock, Tally& tally);
  virtual ~LoadedHost() = default;

  // The next piece of work, or an invalid request with a ping behind it.
  void Offer(TimePoint intended);
  void OfferCanary(TimePoint intended);
  // Pieces given out by the source so far.
  std::int64_t position() const;

  // The provider is out from here on, or well again.
  void SetOutage(bool out);
  // Begins to end the host by a signal (SIGTERM, SIGKILL), to start it again: S. O and B: one
  // process among those to come.
  virtual void Strike(int signal) = 0;
  // S: after a Strike() there is no host yet that answers. The schedule stands still meanwhile.
  bool Down() const;
  // The host cannot be started any more, or has died too often: nothing is sent from here on.
  bool Hopeless() const;

  // Waits until fewer than `n` pieces are under way; false at the deadline, or when it is hopeless.
  bool AwaitFewer(std::size_t n, TimePoint deadline);
  std::size_t UnderWay() const;
  // Waits until it takes requests for the first time, or is hopeless; false at the deadline.
  bool AwaitAnswering(TimePoint deadline);
  // Waits until it is not Down(); false at the deadline.
  bool AwaitUp(TimePoint deadline);
  // Ends all processes as the contract says. What is under way when it is called is let go of: no
  // failure of the host. No Offer() after it.
  virtual void Finish() = 0;

  // For sampling: the processes that run now, and the number of restarts so far + 1.
  virtual std::vector<pid_t> Processes() const = 0;
  virtual int life() const { return 1; }

  // Of the first failure.
  std::string transcript() const;

 protected:
  struct Piece {
    soak::Work work;
    TimePoint intended;
    std::vector<std::string> outcomes;  // by line; empty: not yet
    std::vector<bool> queued;           // by line
    std::size_t owed = 0;               // lines queued or sent, and not answered
    bool accepted = false;              // the first line's run
    bool again = false;                 // a retry after a restart
    soak::Circumstances during;         // all that befell it
  };
  // One line of a piece.
  struct Task {
    std::shared_ptr<Piece> piece;
    std::size_t line = 0;
    TimePoint due, sent;
    bool accepted = false;
    const soak::WorkLine& what() const { return piece->work.lines[line]; }
    bool IsRun() const {
      return what().role == soak::LineRole::kRun || what().role == soak::LineRole::kReplay;
    }
    // A bridge would ask again: the caller wants an answer that can still come.
    bool IsWorthARetry() const;
  };

  // The following with mutex_ held.
  void QueueReady(const std::shared_ptr<Piece>& piece, TimePoint due);
  void AcceptedLocked(Task& task);
  void AnsweredLocked(const Task& task, const Line& line);
  // It stays without an answer; the piece's further lines are not sent.
  void DropLocked(const Task& task, const std::string& outcome, bool right);
  // The same request once more under its key, at the head of the queue.
  void RetryLocked(const Task& task);
  // At the end: what was not sent will not be.
  void DropQueueLocked();
  void FailLocked(const std::string& requirement, const std::string& message);
  // Runs that were sent and not answered are more than the host may hold.
  bool CrowdedLocked(std::size_t runs) const { return runs >= capacity_; }

  void FailAll(const std::vector<Violation>& violations);
  void KeepTranscript(const std::function<std::string()>& make);
  std::vector<provider::Rule> RulesNow() const;

  // Whether it has ever taken requests, with mutex_ held.
  virtual bool HasAnsweredLocked() const = 0;
  // Down(), with mutex_ held.
  virtual bool DownLocked() const = 0;
  // Gives the provider of this host these rules, wherever it calls.
  virtual void SetRules(const std::vector<provider::Rule>& rules) = 0;
  // Somebody must look at the queue.
  void Changed() { changed_.notify_all(); }

  Rig& rig_;
  const Mode mode_;
  const LoadedHostOptions options_;
  const SoakClock& clock_;
  Tally& tally_;
  std::vector<provider::Rule> well_rules_, outage_rules_;
  std::chrono::milliseconds grace_{2000}, queue_wait_{5000};  // ZENE_CANCEL_GRACE_MS, …

  mutable std::mutex mutex_;  // guards all below
  std::condition_variable changed_;
  std::deque<Task> queue_;
  bool hopeless_ = false;
  bool outage_ = false;
  std::optional<TimePoint> restarted_at_;  // by the judge, last

 private:
  void TakeLocked(soak::Work work, TimePoint intended, bool again, bool at_head);
  soak::Circumstances DuringLocked(const Task& task, TimePoint answered) const;
  void DoneLocked(const Task& task);

  std::size_t capacity_ = 208;  // slots and queue places
  soak::WorkSource source_;
  Outages outages_;
  std::size_t under_way_ = 0;  // pieces
  std::string transcript_;
};

// For the mode. `rig` and the others must outlive it.
std::unique_ptr<LoadedHost> MakeLoadedHost(Rig& rig, Mode mode, LoadedHostOptions options,
                                           const SoakClock& clock, Tally& tally);

}  // namespace touchstone
