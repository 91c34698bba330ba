// Reads how a rule answers: `respond`.
#include "fault-injection/provider/rule_reader.h"

namespace touchstone::provider {

namespace {

namespace json = boost::json;
using Path = const std::string&;
using Value = const json::value&;
template <typename T>
using Key = RuleReader::Key<T>;

// Half of the range, so that a sum of two is a number, too.
constexpr std::int64_t kMaxTokens = std::numeric_limits<std::int64_t>::max() / 2;

Place PlaceOf(RuleReader& r, Value value, Path path) {
  static constexpr std::array<std::pair<std::string_view, Place>, 6> kPlaces{{
      {"before_headers", Place::kBeforeHeaders},
      {"in_headers", Place::kInHeaders},
      {"after_headers", Place::kAfterHeaders},
      {"in_body", Place::kInBody},
      {"mid_stream", Place::kMidStream},
      {"before_end_marker", Place::kBeforeEndMarker},
  }};
  for (const auto& [name, place] : kPlaces) {
    if (value.is_string() && value.get_string() == name) return place;
  }
  r.Wrong(path,
          R"("before_headers", "in_headers", "after_headers", "in_body", "mid_stream" or )"
          R"("before_end_marker")",
          value);
  return Place::kNone;
}

void ReadText(RuleReader& r, Value value, Path path, Respond& respond) {
  respond.text = r.String(value, path);
}
void ReadFinishReason(RuleReader& r, Value value, Path path, Respond& respond) {
  respond.finish_reason = r.String(value, path);
}

void ReadToolId(RuleReader& r, Value value, Path path, ToolCall& call) {
  call.id = r.String(value, path);
}
void ReadToolName(RuleReader& r, Value value, Path path, ToolCall& call) {
  call.name = r.String(value, path);
}
void ReadToolArguments(RuleReader& r, Value value, Path path, ToolCall& call) {
  if (value.is_string()) {
    call.arguments = value.get_string();
  } else if (value.is_object()) {
    call.arguments = json::serialize(value);
  } else {
    r.Wrong(path, "an object, or a string that is sent as it is", value);
  }
}

void ReadToolCalls(RuleReader& r, Value value, Path path, Respond& respond) {
  static constexpr std::array<Key<ToolCall>, 3> kKeys{{
      {"id", ReadToolId},
      {"name", ReadToolName},
      {"arguments", ReadToolArguments},
  }};
  if (!value.is_array() || value.get_array().empty()) {
    return r.Wrong(path, "a list of tool calls that is not empty", value);
  }
  for (const json::value& item : value.get_array()) {
    const std::string below = fmt::format("{}[{}]", path, respond.tool_calls.size());
    ToolCall& call = respond.tool_calls.emplace_back();
    r.Object(item, below, call, "a tool call, {\"id\":…,\"name\":…,\"arguments\":…}", kKeys);
    for (const auto& key : kKeys) {
      if (item.is_object() && !item.get_object().contains(key.name)) {
        r.Fail(below, fmt::format("expected the key {}", key.name));
      }
    }
  }
}

void ReadPromptTokens(RuleReader& r, Value value, Path path, Usage& usage) {
  usage.prompt_tokens = r.Integer(value, path, 0, kMaxTokens);
}
void ReadCompletionTokens(RuleReader& r, Value value, Path path, Usage& usage) {
  usage.completion_tokens = r.Integer(value, path, 0, kMaxTokens);
}

void ReadUsage(RuleReader& r, Value value, Path path, Respond& respond) {
  static constexpr std::array<Key<Usage>, 2> kKeys{{
      {"prompt_tokens", ReadPromptTokens},
      {"completion_tokens", ReadCompletionTokens},
  }};
  respond.usage.reset();
  if (value.is_null()) return;
  r.Object(value, path, respond.usage.emplace(), "an object or null", kKeys);
}

void ReadStatus(RuleReader& r, Value value, Path path, Respond& respond) {
  respond.status = static_cast<int>(r.Integer(value, path, 200, 599));
}

void ReadError(RuleReader& r, Value value, Path path, Respond& respond) {
  if (value.is_string()) respond.error = ErrorKindOf(value.get_string());
  if (!respond.error) r.Wrong(path, fmt::format("one of {}", KnownErrorKinds()), value);
}

void ReadHeaders(RuleReader& r, Value value, Path path, Respond& respond) {
  if (!value.is_object()) return r.Wrong(path, "an object of names and strings", value);
  for (const auto& [key, member] : value.get_object()) {
    const std::string name(key.data(), key.size());
    const std::string below = fmt::format("{}.{}", path, name);
    if (!IsToken(name)) return r.Fail(below, "expected a header's name");
    const std::string lower = Lower(name);
    if (lower == "content-length" || lower == "transfer-encoding") {
      return r.Fail(below, "expected another header; use content_length or chunked");
    }
    if (!member.is_string() || !IsHeaderValue(member.get_string())) {
      return r.Wrong(below, "a string without CR, LF and NUL", member);
    }
    respond.headers.emplace_back(name, std::string(member.get_string()));
  }
}

void ReadContentType(RuleReader& r, Value value, Path path, Respond& respond) {
  if (!value.is_string() || !IsHeaderValue(value.get_string())) {
    return r.Wrong(path, "a string without CR, LF and NUL", value);
  }
  respond.content_type = std::string(value.get_string());
}
void ReadContentLength(RuleReader& r, Value value, Path path, Respond& respond) {
  respond.content_length = static_cast<std::uint64_t>(r.Count(value, path, 0));
}
void ReadHold(RuleReader& r, Value value, Path path, Respond& respond) {
  respond.hold = r.NonEmpty(value, path);
}
void ReadHang(RuleReader& r, Value value, Path path, Respond& respond) {
  respond.hang = PlaceOf(r, value, path);
}
void ReadClose(RuleReader& r, Value value, Path path, Respond& respond) {
  respond.close = PlaceOf(r, value, path);
}
void ReadReset(RuleReader& r, Value value, Path path, Respond& respond) {
  respond.reset = PlaceOf(r, value, path);
}
void ReadChunked(RuleReader& r, Value value, Path path, Respond& respond) {
  respond.chunked = r.Boolean(value, path);
}
void ReadEndless(RuleReader& r, Value value, Path path, Respond& respond) {
  respond.endless = r.Boolean(value, path);
}

}  // namespace

void ReadRespond(RuleReader& r, Value value, Path path, Rule& rule) {
  static constexpr std::array<Key<Respond>, 29> kKeys{{
      {"text", ReadText},
      {"tool_calls", ReadToolCalls},
      {"usage", ReadUsage},
      {"finish_reason", ReadFinishReason},
      {"status", ReadStatus},
      {"error", ReadError},
      {"headers", ReadHeaders},
      {"body", ReadBody},
      {"content_type", ReadContentType},
      {"content_length", ReadContentLength},
      {"delay_ms",
       [](RuleReader& r, Value v, Path p, Respond& o) { ReadWait(r, v, p, o.delay_ms); }},
      {"hold", ReadHold},
      {"hang", ReadHang},
      {"close", ReadClose},
      {"reset", ReadReset},
      {"chunked", ReadChunked},
      {"endless", ReadEndless},
      {"first_token_ms",
       [](RuleReader& r, Value v, Path p, Respond& o) { ReadWait(r, v, p, o.first_token_ms); }},
      {"gap_ms", [](RuleReader& r, Value v, Path p, Respond& o) { ReadWait(r, v, p, o.gap_ms); }},
      {"pings_ms",
       [](RuleReader& r, Value v, Path p, Respond& o) { o.pings_ms = r.Integer(v, p, 1, kMaxMs); }},
      {"drip", ReadDrip},
      {"after_chunks",
       [](RuleReader& r, Value v, Path p, Respond& o) { o.after_chunks = r.Positive(v, p); }},
      {"bad_chunk",
       [](RuleReader& r, Value v, Path p, Respond& o) { o.bad_chunk = r.Boolean(v, p); }},
      {"cut_utf8", ReadCutUtf8},
      {"malformed_event",
       [](RuleReader& r, Value v, Path p, Respond& o) { o.malformed_event = r.Boolean(v, p); }},
      {"error_event",
       [](RuleReader& r, Value v, Path p, Respond& o) {
         o.error_event = static_cast<int>(r.Integer(v, p, 400, 599));
       }},
      {"duplicate_chunk",
       [](RuleReader& r, Value v, Path p, Respond& o) { o.duplicate_chunk = r.Positive(v, p); }},
      {"swap_chunks",
       [](RuleReader& r, Value v, Path p, Respond& o) { o.swap_chunks = r.Positive(v, p); }},
      {"gzip", [](RuleReader& r, Value v, Path p, Respond& o) { o.gzip = r.Boolean(v, p); }},
  }};
  r.Object(value, path, rule.respond, "an object", kKeys);
  if (value.is_object()) CheckTogether(r, value.get_object(), path, rule.respond);
}

}  // namespace touchstone::provider
