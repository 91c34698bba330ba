// One admitted run. Owned by the Host, shared with the worker that executes it.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <vector>

#include "reference-host/host/clock.h"
#include "reference-host/host/event_loop.h"
#include "reference-host/protocol/request.h"
#include "reference-host/store/store.h"

namespace refhost {

class Run {
 public:
  Run(RunRequest request_in, uint64_t number_in, TimePoint received_in, int64_t timeout_ms)
      : request(std::move(request_in)),
        number(number_in),
        received(received_in),
        deadline(received_in + Milliseconds(timeout_ms)) {}

  // Decides the run's terminal: the one place where that happens, and the first caller wins
  // (LIFE-01). With the Host's lock held. Whatever the run is doing is told to stop.
  bool Finish() {
    if (finished_) return false;
    finished_ = true;
    stop.request_stop();
    return true;
  }
  bool finished() const { return finished_; }

  ClaimRequest Claim() const {
    return {number, request.session_id, request.idempotency_key, request.head.request_id};
  }

  const RunRequest request;
  const uint64_t number;  // rises with arrival; also the claim's token
  const TimePoint received;
  const TimePoint deadline;
  std::stop_source stop;

  // Guarded by the Host's lock.
  bool acked = false;
  bool has_slot = false;
  bool left = false;  // has given back its slot or its place in the queue
  bool claimed = false;
  bool launched = false;
  EventLoop::TimerId deadline_timer = 0;
  EventLoop::TimerId queue_timer = 0;
  RunRecord record;  // what has happened so far (SESS-09)
  int64_t seq = 0;   // of the last event in it

  // Written by the claim, read by whoever executes afterwards.
  bool may_start = false;  // no earlier run of another process stands in the session
  std::optional<std::vector<Turn>> context;  // if it could be loaded with the claim

 private:
  bool finished_ = false;
};

}  // namespace refhost
