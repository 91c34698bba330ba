#include "soak/record/record.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "soak/summary/sample_json.h"

namespace touchstone::soak {
namespace {

using boost::json::array;
using boost::json::object;

std::string_view NameOf(Who who) { return who == Who::kHost ? "host" : "reference"; }

// With `kind` and `who` in front, where a reader of the file looks for them.
std::string LineOf(std::string_view kind, std::optional<Who> who, const object& fields) {
  object line{{"kind", kind}};
  if (who) line["who"] = NameOf(*who);
  for (const auto& [key, value] : fields) line[key] = value;
  return boost::json::serialize(line) + "\n";
}

}  // namespace

RecordWriter::RecordWriter(Sink sink) : sink_(std::move(sink)) {}

void RecordWriter::Begin(const Asked& asked) {
  object fields{{"version", 1},
                {"mode", asked.mode},
                {"mix", asked.mix},
                {"arrivals", asked.arrivals},
                {"seed", asked.seed}};
  if (asked.asked_s) fields["asked_s"] = *asked.asked_s;
  if (asked.asked_requests) fields["asked_requests"] = *asked.asked_requests;
  fields["host"] = object{{"name", asked.host_name}, {"command", asked.host_command}};
  if (!asked.reference_name.empty()) {
    fields["reference"] =
        object{{"name", asked.reference_name}, {"command", asked.reference_command}};
  }
  std::lock_guard lock(mutex_);
  sink_(LineOf("soak", std::nullopt, fields));
}

void RecordWriter::BeginSegment(std::int64_t started_ms, double from_s) {
  std::lock_guard lock(mutex_);
  sink_(LineOf("segment", std::nullopt, {{"from_s", from_s}, {"started_ms", started_ms}}));
}

void RecordWriter::Add(Who who, const Sample& sample) {
  std::lock_guard lock(mutex_);
  sink_(LineOf("sample", who, SampleToJson(sample)));
}

void RecordWriter::Add(Who who, const Window& window, const LatencyHistogram& latencies) {
  Window full = window;
  full.latency = latencies.Percentiles();
  object fields = WindowToJson(full);
  fields["min_ms"] = latencies.min_ms();
  array buckets;
  for (const auto& [bucket, count] : latencies.Buckets()) buckets.push_back(array{bucket, count});
  fields["latencies"] = std::move(buckets);
  std::lock_guard lock(mutex_);
  auto& failures = failures_[static_cast<std::size_t>(who)];
  fields["failures"] = failures;
  failures = 0;
  sink_(LineOf("window", who, fields));
}

void RecordWriter::Add(const Mark& mark) {
  std::lock_guard lock(mutex_);
  sink_(LineOf("mark", std::nullopt, MarkToJson(mark)));
}

void RecordWriter::Add(Who who, const Failure& failure) {
  std::lock_guard lock(mutex_);
  if (++failures_[static_cast<std::size_t>(who)] > kFailuresPerWindow) return;
  sink_(LineOf("failure", who, FailureToJson(failure)));
}

void RecordWriter::End(double at_s, std::string_view ended) {
  std::lock_guard lock(mutex_);
  sink_(LineOf("end", std::nullopt, {{"at_s", at_s}, {"ended", ended}}));
}

}  // namespace touchstone::soak
