#include "soak/summary/sample_json.h"

namespace touchstone::soak {

using boost::json::object;

object OutcomesToJson(const std::map<std::string, std::int64_t>& outcomes) {
  object json;
  for (const auto& [outcome, count] : outcomes) json[outcome] = count;
  return json;
}

void PutLatency(const Latency& latency, object& json) {
  json["p50_ms"] = latency.p50_ms;
  json["p90_ms"] = latency.p90_ms;
  json["p99_ms"] = latency.p99_ms;
  json["max_ms"] = latency.max_ms;
}

Latency ReadLatency(ObjectReader& reader) {
  Latency latency;
  reader.Read("p50_ms", latency.p50_ms);
  reader.Read("p90_ms", latency.p90_ms);
  reader.Read("p99_ms", latency.p99_ms);
  reader.Read("max_ms", latency.max_ms);
  return latency;
}

object SampleToJson(const Sample& sample) {
  object json{{"at_s", sample.at_s}, {"rss_bytes", sample.rss_bytes}};
  if (sample.pss_bytes) json["pss_bytes"] = *sample.pss_bytes;
  json["descriptors"] = sample.descriptors;
  json["threads"] = sample.threads;
  json["children"] = sample.children;
  json["cpu_percent"] = sample.cpu_percent;
  json["lag_ms"] = sample.lag_ms;
  json["life"] = sample.life;
  return json;
}

Sample ReadSample(ObjectReader& reader) {
  Sample sample;
  reader.Read("at_s", sample.at_s);
  reader.Read("rss_bytes", sample.rss_bytes);
  reader.ReadIfThere("pss_bytes", sample.pss_bytes);
  reader.Read("descriptors", sample.descriptors);
  reader.Read("threads", sample.threads);
  reader.Read("children", sample.children);
  reader.Read("cpu_percent", sample.cpu_percent);
  reader.Read("lag_ms", sample.lag_ms);
  reader.Read("life", sample.life);
  return sample;
}

object WindowToJson(const Window& window) {
  object json{{"from_s", window.from_s},
              {"seconds", window.seconds},
              {"intended", window.intended},
              {"answered", window.answered},
              {"unexpected", window.unexpected}};
  json["outcomes"] = OutcomesToJson(window.outcomes);
  PutLatency(window.latency, json);
  return json;
}

Window ReadWindow(ObjectReader& reader) {
  Window window;
  reader.Read("from_s", window.from_s);
  reader.Read("seconds", window.seconds);
  reader.Read("intended", window.intended);
  reader.Read("answered", window.answered);
  reader.Read("unexpected", window.unexpected);
  reader.Read("outcomes", window.outcomes);
  window.latency = ReadLatency(reader);
  return window;
}

object MarkToJson(const Mark& mark) {
  return {{"from_s", mark.from_s}, {"until_s", mark.until_s}, {"what", mark.what}};
}

Mark ReadMark(ObjectReader& reader) {
  Mark mark;
  reader.Read("from_s", mark.from_s);
  reader.Read("until_s", mark.until_s);
  reader.Read("what", mark.what);
  return mark;
}

object FailureToJson(const Failure& failure) {
  return {
      {"at_s", failure.at_s}, {"requirement", failure.requirement}, {"message", failure.message}};
}

Failure ReadFailure(ObjectReader& reader) {
  Failure failure;
  reader.Read("at_s", failure.at_s);
  reader.Read("requirement", failure.requirement);
  reader.Read("message", failure.message);
  return failure;
}

}  // namespace touchstone::soak
