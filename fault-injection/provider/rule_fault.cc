// Reads the times and faults of an answer, and which of them exclude each other.
#include "fault-injection/provider/rule_reader.h"

namespace touchstone::provider {

namespace {

namespace json = boost::json;
using Path = const std::string&;
using Value = const json::value&;
template <typename T>
using Key = RuleReader::Key<T>;

constexpr double kMaxSigma = 10;

void ReadUniform(RuleReader& r, Value v, Path path, Wait& wait) {
  if (!v.is_array() || v.get_array().size() != 2) {
    return r.Wrong(path, "a list of the least and the most", v);
  }
  wait.low_ms = r.Integer(v.get_array()[0], path + "[0]", 0, kMaxMs);
  wait.high_ms = r.Integer(v.get_array()[1], path + "[1]", wait.low_ms, kMaxMs);
}

void ReadLognormal(RuleReader& r, Value v, Path path, Wait& wait) {
  static constexpr std::array<Key<Wait>, 3> kKeys{{
      {"median_ms",
       [](RuleReader& reader, Value value, Path below, Wait& w) {
         w.median_ms = static_cast<double>(reader.Integer(value, below, 1, kMaxMs));
       }},
      {"sigma", [](RuleReader& reader, Value value, Path below,
                   Wait& w) { w.sigma = reader.Number(value, below, 0, kMaxSigma); }},
      {"max_ms", [](RuleReader& reader, Value value, Path below,
                    Wait& w) { w.high_ms = reader.Integer(value, below, 1, kMaxMs); }},
  }};
  r.Object(v, path, wait, R"(an object, {"median_ms":200,"sigma":0.5,"max_ms":5000})", kKeys);
  if (!v.is_object()) return;
  for (const auto& key : kKeys) {
    if (!v.get_object().contains(key.name)) {
      r.Fail(path, fmt::format("expected the key {}", key.name));
    }
  }
}

// What of an answer is a chunk, or a stream.
bool ActsOnChunks(const Respond& respond) {
  return respond.malformed_event || respond.error_event || respond.duplicate_chunk > 0 ||
         respond.swap_chunks > 0 || respond.bad_chunk || respond.pings_ms > 0;
}

bool HasWideCharacter(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return (c & 0x80) != 0; });
}

}  // namespace

void ReadWait(RuleReader& r, Value v, Path path, Wait& wait) {
  static constexpr std::array<Key<Wait>, 2> kKeys{{
      {"uniform", ReadUniform},
      {"lognormal", ReadLognormal},
  }};
  if (!v.is_object()) {
    wait = r.Integer(v, path, 0, kMaxMs);
    return;
  }
  r.Object(v, path, wait, "", kKeys);
  if (v.get_object().size() != 1) r.Fail(path, "expected one of the keys uniform, lognormal");
}

void ReadDrip(RuleReader& r, Value v, Path path, Respond& respond) {
  static constexpr std::array<Key<Drip>, 2> kKeys{{
      {"bytes", [](RuleReader& reader, Value value, Path below,
                   Drip& d) { d.bytes = reader.Count(value, below, 1); }},
      {"every_ms", [](RuleReader& reader, Value value, Path below,
                      Drip& d) { d.every_ms = reader.Integer(value, below, 1, kMaxMs); }},
  }};
  r.Object(v, path, respond.drip.emplace(), R"(an object, {"bytes":1,"every_ms":1000})", kKeys);
}

void ReadCutUtf8(RuleReader& r, Value v, Path path, Respond& respond) {
  const std::string_view name = v.is_string() ? std::string_view(v.get_string()) : "";
  if (name == "between_chunks") {
    respond.cut_utf8 = CutUtf8::kBetweenChunks;
  } else if (name == "for_good") {
    respond.cut_utf8 = CutUtf8::kForGood;
  } else {
    r.Wrong(path, R"("between_chunks" or "for_good")", v);
  }
}

void CheckTogether(RuleReader& r, const json::object& keys, Path path, const Respond& respond) {
  const auto has = [&](std::string_view key) { return keys.contains(key); };
  const std::array<std::pair<std::string_view, bool>, 5> ends{
      {{"hang", respond.hang != Place::kNone},
       {"close", respond.close != Place::kNone},
       {"reset", respond.reset != Place::kNone},
       {"endless", respond.endless},
       {"bad_chunk", respond.bad_chunk}}};
  std::string_view end;
  for (const auto& [key, set] : ends) {
    if (!set) continue;
    if (!end.empty()) return r.Fail(path, fmt::format("{} and {} exclude each other", end, key));
    end = key;
  }
  for (const std::string_view key :
       {"text", "tool_calls", "usage", "finish_reason", "status", "body", "error_event"}) {
    if (has("error") && has(key)) {
      return r.Fail(path, fmt::format("error and {} exclude each other", key));
    }
  }
  const bool success = respond.status.value_or(200) / 100 == 2;
  for (const std::string_view key : {"text", "tool_calls", "usage", "finish_reason"}) {
    if (!has(key)) continue;
    if (has("body")) return r.Fail(path, fmt::format("{} and body exclude each other", key));
    if (!success) {
      return r.Fail(path,
                    fmt::format("{} needs a status from 200 to 299, got {}", key, *respond.status));
    }
  }
  for (const std::string_view key : {"chunked", "bad_chunk", "pings_ms"}) {
    const bool set = key == "chunked" ? respond.chunked : has(key);
    if (set && has("content_length")) {
      return r.Fail(path, fmt::format("{} and content_length exclude each other", key));
    }
  }
  for (const std::string_view key : {"gap_ms", "pings_ms"}) {
    if (has(key) && has("drip")) {
      return r.Fail(path, fmt::format("{} and drip exclude each other", key));
    }
  }
  const Place place = std::max({respond.hang, respond.close, respond.reset});
  if (has("after_chunks") && place != Place::kMidStream && !respond.error_event) {
    return r.Fail(path, "after_chunks needs mid_stream or error_event");
  }
  if (has("pings_ms") && respond.hang <= Place::kInHeaders && respond.first_token_ms.none() &&
      respond.gap_ms.none()) {
    return r.Fail(path, "pings_ms needs a hang after the header, first_token_ms or gap_ms");
  }
  if (respond.gzip && ActsOnChunks(respond)) {
    return r.Fail(path, "gzip excludes what acts on single chunks");
  }
  if (respond.error_event && !success) {
    return r.Fail(path, "error_event needs a status from 200 to 299");
  }
  if (respond.error_event && has("body")) {
    return r.Fail(path, "error_event and body exclude each other");
  }
  if (respond.cut_utf8 != CutUtf8::kNone &&
      !HasWideCharacter(respond.body ? *respond.body : respond.text.value_or(""))) {
    r.Fail(path, "cut_utf8 needs a text or body with a character outside of ASCII");
  }
}

}  // namespace touchstone::provider
