// Who may run, and who waits: slots, a bounded queue, and the order within a session (section 11).
// Pure bookkeeping; the caller locks. Runs are known by a number that rises with their arrival.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>

namespace refhost {

struct AdmissionLimits {
  int64_t slots = 8;
  int64_t slots_per_session = 1;
  int64_t queue_places = 200;
};

enum class AdmissionResult { kStarted, kQueued, kFull };

class Admission {
 public:
  explicit Admission(const AdmissionLimits& limits) : limits_(limits) {}

  // kStarted: the run holds a slot now. kFull: nothing was changed (ADMIT-06).
  AdmissionResult Add(uint64_t run, const std::string& session);

  // A run that held a slot has ended, or one that was queued goes away.
  void ReleaseSlot(const std::string& session);
  void LeaveQueue(uint64_t run, const std::string& session);

  // Gives a free slot to the earliest queued run whose session is free, if there is one. Call it
  // until it returns nothing, whenever something was released.
  std::optional<uint64_t> StartNext();

  int64_t executing() const { return executing_; }
  int64_t queued() const { return queued_; }

 private:
  struct Session {
    int64_t executing = 0;
    std::set<uint64_t> waiting;  // in order of arrival
  };
  using Sessions = std::unordered_map<std::string, Session>;

  // The run of the session that could start if a slot were free.
  std::optional<uint64_t> Candidate(const Session& session) const;
  // Applies `change` to a session and keeps ready_ in step with its candidate.
  template <typename Change>
  void Update(const std::string& session, Change change);

  const AdmissionLimits limits_;
  int64_t executing_ = 0;
  int64_t queued_ = 0;
  Sessions sessions_;
  // The candidates of all sessions.
  std::map<uint64_t, std::string> ready_;
};

}  // namespace refhost
