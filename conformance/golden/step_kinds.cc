#include "conformance/golden/step_kinds.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "conformance/contract/mode.h"
#include "conformance/golden/matcher.h"
#include "conformance/golden/provider_did.h"
#include "conformance/observe/strict_json.h"
#include "fault-injection/provider/base64.h"
#include "fault-injection/provider/rule.h"

namespace touchstone {
namespace {

using boost::json::value;
using Fault = std::optional<std::string>;

Fault Expected(std::string_view what, const value& got) {
  return fmt::format("expected {}, got {}", what, ToJson(got).substr(0, 120));
}

bool IsCount(const value& v) { return v.is_int64() && v.get_int64() >= 0; }

// The values of `object` by key; a key that is not in `known` is a fault.
Fault OnlyKeys(const boost::json::object& object, std::initializer_list<std::string_view> known) {
  for (const auto& [key, ignored] : object) {
    if (std::find(known.begin(), known.end(), std::string_view(key)) == known.end()) {
      return fmt::format("unknown key \"{}\"; known: {}", std::string_view(key),
                         fmt::join(known, " "));
    }
  }
  return std::nullopt;
}

Fault AnObject(const value& v) { return v.is_object() ? std::nullopt : Expected("an object", v); }
Fault AText(const value& v) { return v.is_string() ? std::nullopt : Expected("a string", v); }
Fault True(const value& v) {
  return v.is_bool() && v.get_bool() ? std::nullopt : Expected("true", v);
}
Fault ACount(const value& v) {
  return IsCount(v) ? std::nullopt : Expected("a number of milliseconds", v);
}

Fault Rules(const value& v) {
  auto rules = provider::ParseRules(v);
  if (rules) return std::nullopt;
  return fmt::format("{}: {}", rules.error().path, rules.error().message);
}

Fault RawPart(const value& v) {
  if (v.is_string()) return std::nullopt;
  if (!v.is_object()) return Expected("a string, {\"base64\":…} or {\"repeat\":…,\"times\":N}", v);
  const auto& part = v.get_object();
  if (auto fault = OnlyKeys(part, {"base64", "repeat", "times"})) return fault;
  if (const auto* base64 = part.if_contains("base64")) {
    if (part.size() == 1 && base64->is_string() && provider::DecodeBase64(base64->get_string()))
      return std::nullopt;
    return Expected("{\"base64\":\"…\"} with valid base64", v);
  }
  const auto* repeat = part.if_contains("repeat");
  const auto* times = part.if_contains("times");
  if (repeat && repeat->is_string() && times && IsCount(*times)) return std::nullopt;
  return Expected("{\"repeat\":\"…\",\"times\":N}", v);
}

Fault Raw(const value& v) {
  if (!v.is_array()) return RawPart(v);
  for (const auto& part : v.get_array()) {
    if (auto fault = RawPart(part)) return fault;
  }
  return std::nullopt;
}

Fault Slow(const value& v) { return v.is_object() ? std::nullopt : Raw(v); }

Fault Start(const value& v) {
  if (auto fault = AnObject(v)) return fault;
  if (auto fault = OnlyKeys(v.get_object(), {"args", "mode"})) return fault;
  if (const auto* args = v.get_object().if_contains("args")) {
    if (!args->is_array()) return Expected("a list of arguments", *args);
    for (const auto& arg : args->get_array()) {
      if (auto fault = AText(arg)) return fault;
    }
  }
  const auto* mode = v.get_object().if_contains("mode");
  return mode ? AText(*mode) : std::nullopt;
}

Fault Env(const value& v) {
  if (auto fault = AnObject(v)) return fault;
  for (const auto& [name, setting] : v.get_object()) {
    if (!setting.is_string() && !setting.is_null())
      return Expected("a string, or null to remove the variable", setting);
  }
  return std::nullopt;
}

Fault SignalName(const value& v) {
  for (std::string_view name : {"TERM", "INT", "KILL", "STOP", "CONT"}) {
    if (v.is_string() && v.get_string() == name) return std::nullopt;
  }
  return Expected("TERM, INT, KILL, STOP or CONT", v);
}

Fault Restart(const value& v) {
  if (!True(v) || (v.is_string() && (v.get_string() == "KILL" || v.get_string() == "TERM")))
    return std::nullopt;
  return Expected("true, \"KILL\" or \"TERM\"", v);
}

Fault ObjectPattern(const value& v) {
  if (auto fault = AnObject(v)) return fault;
  return CheckPattern(v);
}

Fault ObjectPatterns(const value& v) {
  if (!v.is_array() || v.get_array().empty()) return Expected("a list of patterns", v);
  for (const auto& pattern : v.get_array()) {
    if (auto fault = ObjectPattern(pattern)) return fault;
  }
  return std::nullopt;
}

Fault Outcome(const value& v) {
  if (auto fault = ObjectPattern(v)) return fault;
  if (!v.get_object().contains("request_id")) return Expected("a request_id in the outcome", v);
  return OnlyKeys(v.get_object(), {"request_id", "ok", "code", "refused", "text", "usage",
                                   "replayed", "session_id", "message", "retryable"});
}

Fault Exit(const value& v) {
  if (v.is_int64() || (v.is_string() && !CheckPattern(v))) return std::nullopt;
  if (v.is_object() && v.get_object().size() == 1 && v.get_object().contains("signal")) {
    return SignalName(v.get_object().at("signal"));
  }
  return Expected("an exit status, a matcher or {\"signal\":\"KILL\"}", v);
}

Fault TextPattern(const value& v) {
  if (auto fault = AText(v)) return fault;
  return CheckPattern(v);
}

Fault ProviderSaw(const value& v) {
  if (auto fault = ObjectPattern(v)) return fault;
  return OnlyKeys(v.get_object(), {"calls", "open", "closed_by_caller", "call", "turns", "body",
                                   "headers", "method", "path", "contains", "lacks"});
}

Fault OneProviderDid(const value& v) {
  if (auto fault = ObjectPattern(v)) return fault;
  for (const auto& [key, ignored] : v.get_object()) {
    const auto known = ProviderDidKeys();
    if (std::ranges::find(known, std::string_view(key)) == known.end()) {
      return fmt::format("unknown key \"{}\"; known: {}", std::string_view(key),
                         fmt::join(known, " "));
    }
  }
  return v.get_object().empty() ? Expected("at least one key", v) : CheckWhichCall(v.get_object());
}

// A pattern, or a list of some of which one must hold.
Fault ProviderDid(const value& v) {
  if (!v.is_array()) return OneProviderDid(v);
  if (v.get_array().empty()) return Expected("a list that is not empty", v);
  for (const auto& pattern : v.get_array()) {
    if (auto fault = OneProviderDid(pattern)) return fault;
  }
  return std::nullopt;
}

const std::vector<StepKind>& Kinds() {
  static const std::vector<StepKind> kinds = {
      {"provider", Rules, {}},
      {"send", AnObject, {"process", "mark", "keep_open"}},
      {"send_raw", Raw, {"process", "mark", "keep_open", "continue"}},
      {"send_slowly", Slow, {"process", "mark", "keep_open", "continue", "chunk_bytes", "gap_ms"}},
      {"start", Start, {"process", "mark"}},
      {"env", Env, {}},
      {"close_stdin", True, {"process", "mark"}},
      {"close_stdout", True, {"process", "mark"}},
      {"signal", SignalName, {"process", "mark"}},
      {"restart", Restart, {"process", "mark", "deadline_ms"}},
      {"release", AText, {"mark"}},
      {"sleep_ms", ACount, {}},
      {"expect", ObjectPattern, {"process", "within_ms", "not_before_ms", "since", "deadline_ms"}},
      {"expect_any_order",
       ObjectPatterns,
       {"process", "within_ms", "not_before_ms", "since", "deadline_ms"}},
      {"outcome", Outcome, {"process", "within_ms", "not_before_ms", "since", "deadline_ms"}},
      {"expect_silence_ms", ACount, {"process"}},
      {"expect_exit", Exit, {"process", "within_ms", "not_before_ms", "since", "deadline_ms"}},
      {"expect_stdout", TextPattern, {"process", "deadline_ms"}},
      {"expect_stderr", TextPattern, {"process", "deadline_ms"}},
      {"provider_saw", ProviderSaw, {"within_ms", "not_before_ms", "since", "deadline_ms"}},
      {"provider_did", ProviderDid, {"deadline_ms", "or_skip"}},
      {"does_not_resolve", AText, {}},
      {"refuses_connections", AText, {}},
      {"state_dir_contains", AText, {}},
      {"state_dir_lacks", AText, {}},
  };
  return kinds;
}

std::string PartBytes(const value& part) {
  if (part.is_string()) return std::string(part.get_string());
  const auto& object = part.get_object();
  if (const auto* base64 = object.if_contains("base64"))
    return *provider::DecodeBase64(base64->get_string());
  std::string bytes;
  const auto& unit = object.at("repeat").get_string();
  const auto times = object.at("times").get_int64();
  bytes.reserve(unit.size() * static_cast<std::size_t>(times));
  for (std::int64_t i = 0; i < times; ++i) bytes += unit;
  return bytes;
}

}  // namespace

std::span<const StepKind> StepKinds() { return Kinds(); }

const StepKind* FindStepKind(std::string_view name) {
  for (const StepKind& kind : Kinds()) {
    if (kind.name == name) return &kind;
  }
  return nullptr;
}

bool IsModifierOfEveryStep(std::string_view name) {
  return name == "modes" || name == "requirements" || name == "note";
}

std::optional<std::string> CheckModifier(std::string_view name, const value& v) {
  if (name.ends_with("_ms") || name == "chunk_bytes") {
    if (!IsCount(v)) return Expected("a number of at least 0", v);
    if (name == "chunk_bytes" && v.get_int64() == 0) return Expected("at least 1", v);
  }
  if (name == "keep_open" || name == "continue") return True(v);
  if (name == "process" || name == "mark" || name == "since" || name == "note" || name == "or_skip")
    return AText(v);
  if (name == "modes" || name == "requirements") {
    if (!v.is_array() || v.get_array().empty()) return Expected("a list that is not empty", v);
    for (const auto& item : v.get_array()) {
      if (!item.is_string()) return Expected("a list of strings", v);
      const auto mode = ModeFromString(item.get_string());
      if (name == "modes" && (!mode || *mode == Mode::kNone))
        return Expected("modes S, O or B", item);
    }
  }
  return std::nullopt;
}

std::string RawBytes(const value& argument) {
  if (!argument.is_array()) return PartBytes(argument);
  std::string bytes;
  for (const auto& part : argument.get_array()) bytes += PartBytes(part);
  return bytes;
}

}  // namespace touchstone
