// A soak: a host under a steady stream of requests for as long as asked, with chaos in between,
// watched from outside. Everything is written to a record as it happens; the summary and its
// verdict are made from the record, so that a soak that was killed and resumed is judged like any
// other. docs/soak.md is for its users.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "conformance/contract/mode.h"
#include "conformance/drive/rig.h"
#include "conformance/observe/violation.h"
#include "soak/arrivals/arrivals.h"
#include "soak/summary/summary.h"
#include "soak/trends/verdict.h"
#include "soak/workload/mix.h"

namespace touchstone {

// What a policy may set: the trends' tolerances, and what the judge bears.
struct SoakLimits {
  soak::TrendLimits trends;
  std::chrono::milliseconds answer_within{20'000};  // later is no answer: LOAD-01
  int most_under_way = 4096;                        // pieces of work that wait for the host
};

struct SoakPlan {
  Mode mode = Mode::kStream;
  // Either or both: what comes first ends the soak.
  std::optional<std::chrono::milliseconds> duration;
  std::optional<std::int64_t> requests;  // pieces of work
  soak::ArrivalPlan arrivals;
  soak::Mix mix;
  std::uint64_t seed = 1;  // a resumed soak goes on with its own
  SoakLimits limits;
  int processes = 8;      // O and B: at once
  int closed_window = 8;  // closed loop: pieces of work under way
  std::chrono::milliseconds sample_every{1000}, checkpoint_every{2000};
  std::optional<std::chrono::milliseconds> window;  // none: by the length, at most a minute

  std::filesystem::path record;      // soak.jsonl; empty: a temporary one
  std::filesystem::path checkpoint;  // empty: none, the soak cannot be resumed
  bool resume = false;  // go on from the checkpoint, if there is one; record and plan must fit it
  Rig* reference = nullptr;  // a second host, soaked beside it
};

// What a person is shown, once a second.
struct SoakProgress {
  double soaked_s = 0;
  std::int64_t given_out = 0;  // pieces of work
  double per_second = 0;       // answers, lately
  std::int64_t answered = 0, unexpected = 0, failures = 0;
  std::map<std::string, std::int64_t> outcomes;
  std::size_t under_way = 0;
  double p99_ms = 0, lag_ms = 0;
  std::int64_t rss_bytes = 0;
};

// Called by threads of the soak, each function one call at a time; must be quick.
class SoakObserver {
 public:
  virtual ~SoakObserver() = default;
  virtual void OnLine(std::string_view) {}  // of the record, with LF
  virtual void OnProgress(const SoakProgress&) {}
};

struct SoakResult {
  soak::Summary summary;  // verdict "pass", "fail" or "not judged"
  // Of the judged host: its failures (the first ones) and what rises.
  std::vector<Violation> violations;
  std::string transcript;  // of the first failure in this segment; may be empty
  bool interrupted = false;
};

// Runs until it is done, `stop` is requested, or the host can no longer be started; ends the hosts.
// The error is for a person: the record cannot be written, the checkpoint does not fit.
tl::expected<SoakResult, std::string> RunSoak(Rig& rig, const SoakPlan& plan,
                                              SoakObserver& observer, std::stop_token stop);

// How long a window is: a 60th of the soak, 1 s to 60 s.
std::chrono::milliseconds WindowOf(const SoakPlan& plan);

}  // namespace touchstone
