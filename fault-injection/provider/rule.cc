#include "fault-injection/provider/rule.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <limits>
#include <string_view>

#include "fault-injection/provider/base64.h"
#include "fault-injection/provider/rule_text.h"

namespace touchstone::provider {

namespace {

namespace json = boost::json;

constexpr std::uint64_t kMaxBodyBytes = 256u << 20;
constexpr std::int64_t kMaxDelayMs = 24LL * 3600 * 1000;

// Walks the rules depth first. The first error stays; after it the readers do nothing of interest.
class Parser {
 public:
  std::vector<Rule> Rules(const json::value& value) {
    std::vector<Rule> rules;
    if (!value.is_array()) {
      Wrong("", "a list of rules", value);
      return rules;
    }
    for (const json::value& item : value.get_array()) {
      rules.emplace_back();
      ReadRule(item, fmt::format("[{}]", rules.size() - 1), rules.back());
    }
    return rules;
  }

  std::optional<RuleError> error;

 private:
  template <typename T>
  struct Key {
    std::string_view name;
    void (Parser::*read)(const json::value&, const std::string& path, T&);
  };

  void Fail(const std::string& path, std::string message) {
    if (!error) error = RuleError{path, std::move(message)};
  }
  void Wrong(const std::string& path, std::string_view expected, const json::value& came) {
    Fail(path, fmt::format("expected {}, got {}", expected, Describe(came)));
  }

  // Reads an object that has these keys and no other.
  template <typename T, std::size_t N>
  void Object(const json::value& value, const std::string& path, T& out, std::string_view expected,
              const std::array<Key<T>, N>& keys) {
    if (!value.is_object()) return Wrong(path, expected, value);
    for (const auto& [name, member] : value.get_object()) {
      const std::string_view wanted(name.data(), name.size());
      const auto key =
          std::find_if(keys.begin(), keys.end(), [&](const auto& k) { return k.name == wanted; });
      const std::string below = fmt::format("{}.{}", path, wanted);
      if (key == keys.end()) {
        std::string known;
        for (const auto& k : keys) known += fmt::format("{}{}", known.empty() ? "" : ", ", k.name);
        return Fail(below, fmt::format("unknown key; known are {}", known));
      }
      (this->*key->read)(member, below, out);
    }
  }

  std::string String(const json::value& value, const std::string& path) {
    if (value.is_string()) return std::string(value.get_string());
    Wrong(path, "a string", value);
    return "";
  }

  std::string NonEmpty(const json::value& value, const std::string& path) {
    if (value.is_string() && !value.get_string().empty()) return std::string(value.get_string());
    Wrong(path, "a string that is not empty", value);
    return "";
  }

  std::int64_t Integer(const json::value& value, const std::string& path, std::int64_t low,
                       std::int64_t high) {
    boost::system::error_code inexact;
    const auto number = value.is_number() && !value.is_double()
                            ? value.to_number<std::int64_t>(inexact)
                            : (inexact = json::error::not_number, low);
    if (!inexact && number >= low && number <= high) return number;
    Wrong(path,
          high == std::numeric_limits<std::int64_t>::max()
              ? fmt::format("an integer of at least {}", low)
              : fmt::format("an integer from {} to {}", low, high),
          value);
    return low;
  }

  std::int64_t Count(const json::value& value, const std::string& path, std::int64_t low) {
    return Integer(value, path, low, std::numeric_limits<std::int64_t>::max());
  }

  bool Boolean(const json::value& value, const std::string& path) {
    if (value.is_bool()) return value.get_bool();
    Wrong(path, "true or false", value);
    return false;
  }

  Place PlaceOf(const json::value& value, const std::string& path) {
    const std::string_view name = value.is_string() ? std::string_view(value.get_string()) : "";
    if (name == "before_headers") return Place::kBeforeHeaders;
    if (name == "after_headers") return Place::kAfterHeaders;
    if (name == "in_body") return Place::kInBody;
    Wrong(path, R"("before_headers", "after_headers" or "in_body")", value);
    return Place::kNone;
  }

  void ReadRule(const json::value& value, const std::string& path, Rule& rule) {
    static constexpr std::array<Key<Rule>, 3> kKeys{{
        {"match", &Parser::ReadMatch},
        {"times", &Parser::ReadTimes},
        {"respond", &Parser::ReadRespond},
    }};
    Object(value, path, rule, "a rule, {\"match\":{…},\"times\":N,\"respond\":{…}}", kKeys);
    if (value.is_object() && !value.get_object().contains("respond")) {
      Fail(path, "expected the key respond");
    }
  }

  void ReadTimes(const json::value& value, const std::string& path, Rule& rule) {
    rule.times = static_cast<int>(Integer(value, path, 1, std::numeric_limits<int>::max()));
  }

  void ReadMatch(const json::value& value, const std::string& path, Rule& rule) {
    static constexpr std::array<Key<Match>, 3> kKeys{{
        {"text", &Parser::ReadMatchText},
        {"call", &Parser::ReadMatchCall},
        {"model", &Parser::ReadMatchModel},
    }};
    Object(value, path, rule.match, "an object", kKeys);
  }
  void ReadMatchText(const json::value& value, const std::string& path, Match& match) {
    match.text = NonEmpty(value, path);
  }
  void ReadMatchModel(const json::value& value, const std::string& path, Match& match) {
    match.model = String(value, path);
  }
  void ReadMatchCall(const json::value& value, const std::string& path, Match& match) {
    match.call = static_cast<int>(Integer(value, path, 1, std::numeric_limits<int>::max()));
  }

  void ReadRespond(const json::value& value, const std::string& path, Rule& rule) {
    static constexpr std::array<Key<Respond>, 16> kKeys{{
        {"text", &Parser::ReadText},
        {"tool_calls", &Parser::ReadToolCalls},
        {"usage", &Parser::ReadUsage},
        {"finish_reason", &Parser::ReadFinishReason},
        {"status", &Parser::ReadStatus},
        {"headers", &Parser::ReadHeaders},
        {"body", &Parser::ReadBody},
        {"content_type", &Parser::ReadContentType},
        {"content_length", &Parser::ReadContentLength},
        {"delay_ms", &Parser::ReadDelay},
        {"hold", &Parser::ReadHold},
        {"hang", &Parser::ReadHang},
        {"close", &Parser::ReadClose},
        {"reset", &Parser::ReadReset},
        {"chunked", &Parser::ReadChunked},
        {"endless", &Parser::ReadEndless},
    }};
    Object(value, path, rule.respond, "an object", kKeys);
    if (value.is_object()) CheckTogether(value.get_object(), path, rule.respond);
  }

  // Keys that cannot both be true of one answer.
  void CheckTogether(const json::object& keys, const std::string& path, const Respond& respond) {
    const auto has = [&](std::string_view key) { return keys.contains(key); };
    const std::array<std::pair<std::string_view, bool>, 4> ends{
        {{"hang", respond.hang != Place::kNone},
         {"close", respond.close != Place::kNone},
         {"reset", respond.reset != Place::kNone},
         {"endless", respond.endless}}};
    std::string_view end;
    for (const auto& [key, set] : ends) {
      if (!set) continue;
      if (!end.empty()) return Fail(path, fmt::format("{} and {} exclude each other", end, key));
      end = key;
    }
    const bool success = respond.status.value_or(200) / 100 == 2;
    for (const std::string_view key : {"text", "tool_calls", "usage", "finish_reason"}) {
      if (!has(key)) continue;
      if (has("body")) return Fail(path, fmt::format("{} and body exclude each other", key));
      if (!success) {
        return Fail(path,
                    fmt::format("{} needs a status from 200 to 299, got {}", key, *respond.status));
      }
    }
    if (respond.chunked && has("content_length")) {
      Fail(path, "chunked and content_length exclude each other");
    }
  }

  void ReadText(const json::value& value, const std::string& path, Respond& respond) {
    respond.text = String(value, path);
  }
  void ReadFinishReason(const json::value& value, const std::string& path, Respond& respond) {
    respond.finish_reason = String(value, path);
  }

  void ReadToolCalls(const json::value& value, const std::string& path, Respond& respond) {
    static constexpr std::array<Key<ToolCall>, 3> kKeys{{
        {"id", &Parser::ReadToolId},
        {"name", &Parser::ReadToolName},
        {"arguments", &Parser::ReadToolArguments},
    }};
    if (!value.is_array() || value.get_array().empty()) {
      return Wrong(path, "a list of tool calls that is not empty", value);
    }
    for (const json::value& item : value.get_array()) {
      const std::string below = fmt::format("{}[{}]", path, respond.tool_calls.size());
      ToolCall& call = respond.tool_calls.emplace_back();
      Object(item, below, call, "a tool call, {\"id\":…,\"name\":…,\"arguments\":…}", kKeys);
      for (const auto& key : kKeys) {
        if (item.is_object() && !item.get_object().contains(key.name)) {
          Fail(below, fmt::format("expected the key {}", key.name));
        }
      }
    }
  }
  void ReadToolId(const json::value& value, const std::string& path, ToolCall& call) {
    call.id = String(value, path);
  }
  void ReadToolName(const json::value& value, const std::string& path, ToolCall& call) {
    call.name = String(value, path);
  }
  void ReadToolArguments(const json::value& value, const std::string& path, ToolCall& call) {
    if (value.is_string()) {
      call.arguments = value.get_string();
    } else if (value.is_object()) {
      call.arguments = json::serialize(value);
    } else {
      Wrong(path, "an object, or a string that is sent as it is", value);
    }
  }

  void ReadUsage(const json::value& value, const std::string& path, Respond& respond) {
    static constexpr std::array<Key<Usage>, 2> kKeys{{
        {"prompt_tokens", &Parser::ReadPromptTokens},
        {"completion_tokens", &Parser::ReadCompletionTokens},
    }};
    respond.usage.reset();
    if (value.is_null()) return;
    Object(value, path, respond.usage.emplace(), "an object or null", kKeys);
  }
  void ReadPromptTokens(const json::value& value, const std::string& path, Usage& usage) {
    usage.prompt_tokens = Integer(value, path, 0, kMaxTokens);
  }
  void ReadCompletionTokens(const json::value& value, const std::string& path, Usage& usage) {
    usage.completion_tokens = Integer(value, path, 0, kMaxTokens);
  }

  void ReadStatus(const json::value& value, const std::string& path, Respond& respond) {
    respond.status = static_cast<int>(Integer(value, path, 200, 599));
  }

  void ReadHeaders(const json::value& value, const std::string& path, Respond& respond) {
    if (!value.is_object()) return Wrong(path, "an object of names and strings", value);
    for (const auto& [key, member] : value.get_object()) {
      const std::string name(key.data(), key.size());
      const std::string below = fmt::format("{}.{}", path, name);
      if (!IsToken(name)) return Fail(below, "expected a header's name");
      const std::string lower = Lower(name);
      if (lower == "content-length" || lower == "transfer-encoding") {
        return Fail(below, "expected another header; use content_length or chunked");
      }
      if (!member.is_string() || !IsHeaderValue(member.get_string())) {
        return Wrong(below, "a string without CR, LF and NUL", member);
      }
      respond.headers.emplace_back(name, std::string(member.get_string()));
    }
  }

  void ReadContentType(const json::value& value, const std::string& path, Respond& respond) {
    if (!value.is_string() || !IsHeaderValue(value.get_string())) {
      return Wrong(path, "a string without CR, LF and NUL", value);
    }
    respond.content_type = std::string(value.get_string());
  }
  void ReadContentLength(const json::value& value, const std::string& path, Respond& respond) {
    respond.content_length = static_cast<std::uint64_t>(Count(value, path, 0));
  }
  void ReadDelay(const json::value& value, const std::string& path, Respond& respond) {
    respond.delay_ms = Integer(value, path, 0, kMaxDelayMs);
  }
  void ReadHold(const json::value& value, const std::string& path, Respond& respond) {
    respond.hold = NonEmpty(value, path);
  }
  void ReadHang(const json::value& value, const std::string& path, Respond& respond) {
    respond.hang = PlaceOf(value, path);
  }
  void ReadClose(const json::value& value, const std::string& path, Respond& respond) {
    respond.close = PlaceOf(value, path);
  }
  void ReadReset(const json::value& value, const std::string& path, Respond& respond) {
    respond.reset = PlaceOf(value, path);
  }
  void ReadChunked(const json::value& value, const std::string& path, Respond& respond) {
    respond.chunked = Boolean(value, path);
  }
  void ReadEndless(const json::value& value, const std::string& path, Respond& respond) {
    respond.endless = Boolean(value, path);
  }

  void ReadBody(const json::value& value, const std::string& path, Respond& respond) {
    std::string bytes;
    if (value.is_array()) {
      std::size_t index = 0;
      for (const json::value& part : value.get_array()) {
        AppendPart(part, fmt::format("{}[{}]", path, index++), bytes);
      }
    } else {
      AppendPart(value, path, bytes);
    }
    respond.body = std::make_shared<const std::string>(std::move(bytes));
  }

  void AppendPart(const json::value& part, const std::string& path, std::string& bytes) {
    if (part.is_string()) {
      bytes += std::string_view(part.get_string());
    } else if (part.is_object() && part.get_object().contains("base64")) {
      AppendBase64(part.get_object(), path, bytes);
    } else if (part.is_object() && part.get_object().contains("repeat")) {
      AppendRepeat(part.get_object(), path, bytes);
    } else {
      Wrong(path, R"(a string, {"base64":"…"} or {"repeat":"…","times":N})", part);
    }
  }

  void AppendBase64(const json::object& part, const std::string& path, std::string& bytes) {
    if (part.size() != 1) return Wrong(path, R"({"base64":"…"} and no other key)", part);
    const auto decoded = DecodeBase64(String(part.at("base64"), path + ".base64"));
    if (!decoded) return Wrong(path + ".base64", "base64", part.at("base64"));
    bytes += *decoded;
  }

  void AppendRepeat(const json::object& part, const std::string& path, std::string& bytes) {
    if (part.size() != 2 || !part.contains("times")) {
      return Wrong(path, R"({"repeat":"…","times":N} and no other key)", part);
    }
    const std::string text = String(part.at("repeat"), path + ".repeat");
    const auto times = static_cast<std::uint64_t>(Count(part.at("times"), path + ".times", 0));
    if (!text.empty() &&
        times >
            (kMaxBodyBytes - std::min<std::uint64_t>(bytes.size(), kMaxBodyBytes)) / text.size()) {
      return Fail(path + ".times", fmt::format("the body exceeds {} MiB", kMaxBodyBytes >> 20));
    }
    bytes.reserve(bytes.size() + text.size() * times);
    for (std::uint64_t i = 0; i < times && !text.empty(); ++i) bytes += text;
  }

  // Half of the range, so that a sum of two is a number, too.
  static constexpr std::int64_t kMaxTokens = std::numeric_limits<std::int64_t>::max() / 2;
};

}  // namespace

tl::expected<std::vector<Rule>, RuleError> ParseRules(const json::value& value) {
  Parser parser;
  std::vector<Rule> rules = parser.Rules(value);
  if (parser.error) return tl::unexpected(*parser.error);
  return rules;
}

}  // namespace touchstone::provider
