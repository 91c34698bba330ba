#include "soak/summary/summary_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "soak/json/reader.h"
#include "soak/summary/sample_json.h"

namespace touchstone::soak {
namespace {

using boost::json::array;
using boost::json::object;

constexpr std::array<std::string_view, 3> kVerdicts = {"steady", "rises", "not judged"};

template <typename T, typename Fn>
array ListOf(const std::vector<T>& items, Fn to_json) {
  array list;
  for (const auto& item : items) list.push_back(to_json(item));
  return list;
}

// Reads a list of objects, each by `read`.
template <typename T, typename Fn>
void ReadList(ObjectReader& reader, std::string_view key, std::optional<JsonError>& error, Fn read,
              std::vector<T>& to) {
  reader.ForEach(key, true, [&](const boost::json::value& element, const std::string& path) {
    ObjectReader inner(element, path, error);
    to.push_back(read(inner));
  });
}

object TrendToJson(const TrendRow& row) {
  return {{"requirement", row.requirement},
          {"what", row.what},
          {"unit", row.unit},
          {"verdict", kVerdicts[static_cast<std::size_t>(row.verdict)]},
          {"slope_per_hour", row.slope_per_hour},
          {"tolerance_per_hour", row.tolerance_per_hour},
          {"p", row.p},
          {"points", row.points},
          {"warm_up_s", row.warm_up_s},
          {"message", row.message}};
}

TrendRow ReadTrend(ObjectReader& reader) {
  TrendRow row;
  std::string verdict;
  reader.Read("requirement", row.requirement);
  reader.Read("what", row.what);
  reader.Read("unit", row.unit);
  reader.Read("verdict", verdict);
  const auto known = std::find(kVerdicts.begin(), kVerdicts.end(), verdict);
  if (known == kVerdicts.end())
    reader.Fail("verdict",
                fmt::format("expected steady, rises or not judged, got \"{}\"", verdict));
  else
    row.verdict = static_cast<TrendVerdict>(known - kVerdicts.begin());
  reader.Read("slope_per_hour", row.slope_per_hour);
  reader.Read("tolerance_per_hour", row.tolerance_per_hour);
  reader.Read("p", row.p);
  reader.Read("points", row.points);
  reader.Read("warm_up_s", row.warm_up_s);
  reader.Read("message", row.message);
  return row;
}

object SegmentToJson(const Segment& segment) {
  return {{"started_ms", segment.started_ms},
          {"from_s", segment.from_s},
          {"until_s", segment.until_s},
          {"ended", segment.ended}};
}

Segment ReadSegment(ObjectReader& reader) {
  Segment segment;
  reader.Read("started_ms", segment.started_ms);
  reader.Read("from_s", segment.from_s);
  reader.Read("until_s", segment.until_s);
  reader.Read("ended", segment.ended);
  return segment;
}

object TrackToJson(const Track& track) {
  object json{{"name", track.name},
              {"command", track.command},
              {"intended", track.intended},
              {"answered", track.answered},
              {"unexpected", track.unexpected},
              {"failure_count", track.failure_count}};
  json["outcomes"] = OutcomesToJson(track.outcomes);
  PutLatency(track.latency, json);
  json["trends"] = ListOf(track.trends, TrendToJson);
  json["failures"] = ListOf(track.failures, FailureToJson);
  json["windows"] = ListOf(track.windows, WindowToJson);
  json["samples"] = ListOf(track.samples, SampleToJson);
  return json;
}

Track ReadTrack(ObjectReader& reader, std::optional<JsonError>& error) {
  Track track;
  reader.Read("name", track.name);
  reader.Read("command", track.command);
  reader.Read("intended", track.intended);
  reader.Read("answered", track.answered);
  reader.Read("unexpected", track.unexpected);
  reader.Read("failure_count", track.failure_count);
  reader.Read("outcomes", track.outcomes);
  track.latency = ReadLatency(reader);
  ReadList(reader, "trends", error, ReadTrend, track.trends);
  ReadList(reader, "failures", error, ReadFailure, track.failures);
  ReadList(reader, "windows", error, ReadWindow, track.windows);
  ReadList(reader, "samples", error, ReadSample, track.samples);
  return track;
}

Summary ReadSummary(const boost::json::value& json, const std::string& where,
                    std::optional<JsonError>& error) {
  ObjectReader reader(json, where, error);
  Summary summary;
  reader.ReadIfThere("name", summary.name);
  reader.Read("mode", summary.mode);
  reader.Read("mix", summary.mix);
  reader.Read("arrivals", summary.arrivals);
  reader.Read("seed", summary.seed);
  reader.ReadIfThere("asked_s", summary.asked_s);
  reader.ReadIfThere("asked_requests", summary.asked_requests);
  reader.Read("soaked_s", summary.soaked_s);
  reader.Read("verdict", summary.verdict);
  reader.Read("reason", summary.reason);
  ReadList(reader, "segments", error, ReadSegment, summary.segments);
  ReadList(reader, "marks", error, ReadMark, summary.marks);
  if (const auto* host = reader.Take("host", true)) {
    ObjectReader inner(*host, reader.PathOf("host"), error);
    summary.host = ReadTrack(inner, error);
  }
  if (const auto* reference = reader.Take("reference", false)) {
    ObjectReader inner(*reference, reader.PathOf("reference"), error);
    summary.reference = ReadTrack(inner, error);
  }
  return summary;
}

}  // namespace

boost::json::value ToJson(const Summary& summary) {
  object json{{"name", summary.name},
              {"mode", summary.mode},
              {"mix", summary.mix},
              {"arrivals", summary.arrivals},
              {"seed", summary.seed}};
  if (summary.asked_s) json["asked_s"] = *summary.asked_s;
  if (summary.asked_requests) json["asked_requests"] = *summary.asked_requests;
  json["soaked_s"] = summary.soaked_s;
  json["verdict"] = summary.verdict;
  json["reason"] = summary.reason;
  json["segments"] = ListOf(summary.segments, SegmentToJson);
  json["marks"] = ListOf(summary.marks, MarkToJson);
  json["host"] = TrackToJson(summary.host);
  if (summary.reference) json["reference"] = TrackToJson(*summary.reference);
  return json;
}

tl::expected<Summary, std::string> SummaryFromJson(const boost::json::value& json,
                                                   const std::string& where) {
  std::optional<JsonError> error;
  Summary summary = ReadSummary(json, where, error);
  if (error) return tl::unexpected(fmt::format("{}: {}", error->path, error->message));
  return summary;
}

}  // namespace touchstone::soak
