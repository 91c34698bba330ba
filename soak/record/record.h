// The record of a soak, soak.jsonl: written as it happens, a line at a time, so that nothing but
// the line being written is lost when the judge is killed. A resumed soak appends to the same file.
// The live page gets the same lines as events. docs/soak.md describes the keys to readers.
//
//   {"kind":"soak","version":1,"mode":"S","mix":"default","arrivals":"poisson 50/s","seed":7,
//    "asked_s":1800,"host":{"name":"h","command":"…"},"reference":{"name":"r","command":"…"}}
//        or "asked_requests":N; `reference` only if there is one; the file's first line
//   {"kind":"segment","from_s":0,"started_ms":1764250000000}
//   {"kind":"sample","who":"host","at_s":1.0,"rss_bytes":N,"pss_bytes":N,"descriptors":N,
//    "threads":N,"children":N,"cpu_percent":1.5,"lag_ms":0.2,"life":1}     pss_bytes only if known
//   {"kind":"window","who":"host","from_s":0,"seconds":60,"outcomes":{"OK":2801},"intended":N,
//    "answered":N,"unexpected":N,"failures":N,"p50_ms":1.2,"p90_ms":2,"p99_ms":4,"max_ms":9,
//    "min_ms":0.4,"latencies":[[bucket,count],…]}
//   {"kind":"mark","from_s":600,"until_s":620,"what":"provider outage"}
//        when it begins, with the planned end; once more with the same from_s and what, when the
//        end was another
//   {"kind":"failure","who":"host","at_s":3.1,"requirement":"LOAD-01","message":"…"}
//   {"kind":"end","at_s":1800,"ended":"complete"}                "interrupted", "host failed"
//
// `at_s`, `from_s`, `until_s` are soaked time. `who` is "host" or "reference".
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "soak/stats/histogram.h"
#include "soak/summary/summary.h"

namespace touchstone::soak {

enum class Who { kHost, kReference };

// The first line: what was asked.
struct Asked {
  std::string mode, mix, arrivals;
  std::uint64_t seed = 0;
  std::optional<double> asked_s;
  std::optional<std::int64_t> asked_requests;
  std::string host_name, host_command;
  std::string reference_name, reference_command;  // empty: there is none
  bool operator==(const Asked&) const = default;
};

// Formats lines and hands them to the sink, whole and in order; knows no file. Any thread.
class RecordWriter {
 public:
  using Sink = std::function<void(std::string_view line)>;  // with LF; called under a mutex

  explicit RecordWriter(Sink sink);

  void Begin(const Asked& asked);  // of a new record only
  void BeginSegment(std::int64_t started_ms, double from_s);
  void Add(Who who, const Sample& sample);
  // window.latency is not looked at: it is taken from `latencies`.
  void Add(Who who, const Window& window, const LatencyHistogram& latencies);
  void Add(const Mark& mark);
  // A host that fails at everything would fill the disk: after kFailuresPerWindow between two
  // windows failures are counted (in the window) and not written.
  void Add(Who who, const Failure& failure);
  void End(double at_s, std::string_view ended);

  static constexpr int kFailuresPerWindow = 100;

 private:
  const Sink sink_;
  std::mutex mutex_;                   // guards all below, and the sink
  std::int64_t failures_[2] = {0, 0};  // of each Who since its last window
};

}  // namespace touchstone::soak
