// Reads which calls a rule is for: `match`.
#include "fault-injection/provider/rule_reader.h"

namespace touchstone::provider {

namespace {

namespace json = boost::json;
using Path = const std::string&;
using Value = const json::value&;
template <typename T>
using Key = RuleReader::Key<T>;

void ReadDialect(RuleReader& r, Value v, Path path, Match& match) {
  static constexpr std::array<std::string_view, 4> kNames{"openai-chat", "openai-responses",
                                                          "anthropic", "gemini"};
  match.dialect = r.String(v, path);
  if (std::find(kNames.begin(), kNames.end(), *match.dialect) == kNames.end()) {
    r.Wrong(path, R"("openai-chat", "openai-responses", "anthropic" or "gemini")", v);
  }
}

void ReadHeader(RuleReader& r, Value v, Path path, Match& match) {
  if (!v.is_object() || v.get_object().empty()) {
    return r.Wrong(path, R"(an object of names and values, {"x-a":"b*"})", v);
  }
  for (const auto& [key, member] : v.get_object()) {
    const std::string name(key.data(), key.size());
    const std::string below = fmt::format("{}.{}", path, name);
    if (!IsToken(name)) return r.Fail(below, "expected a header's name");
    match.headers.emplace_back(Lower(name), r.HeaderValue(member, below));
  }
}

void ReadTurns(RuleReader& r, Value v, Path path, Match& match) {
  static constexpr std::array<Key<Match>, 1> kKeys{
      {{"at_least", [](RuleReader& reader, Value value, Path below, Match& m) {
          m.turns_from = reader.Positive(value, below);
        }}}};
  if (v.is_object()) {
    r.Object(v, path, match, "", kKeys);
    if (v.get_object().empty()) r.Fail(path, "expected the key at_least");
    return;
  }
  if (!v.is_number()) return r.Wrong(path, R"(an integer or {"at_least":N})", v);
  match.turns_from = static_cast<int>(r.Integer(v, path, 0, std::numeric_limits<int>::max()));
  match.turns_to = match.turns_from;
}

void ReadRuleCall(RuleReader& r, Value v, Path path, Match& match) {
  static constexpr std::array<Key<RuleCall>, 3> kKeys{{
      {"every", [](RuleReader& reader, Value value, Path below,
                   RuleCall& c) { c.every = reader.Positive(value, below); }},
      {"from", [](RuleReader& reader, Value value, Path below,
                  RuleCall& c) { c.from = reader.Positive(value, below); }},
      {"to", [](RuleReader& reader, Value value, Path below,
                RuleCall& c) { c.to = reader.Positive(value, below); }},
  }};
  RuleCall& call = match.rule_call.emplace();
  if (v.is_number()) {
    call.from = call.to = r.Positive(v, path);
    return;
  }
  if (!v.is_object() || v.get_object().empty()) {
    return r.Wrong(path, R"(an integer, {"every":N} or {"from":N,"to":N})", v);
  }
  r.Object(v, path, call, "", kKeys);
  const bool range = v.get_object().contains("from") || v.get_object().contains("to");
  if (range && v.get_object().contains("every")) {
    r.Fail(path, "every excludes from and to");
  } else if (call.from > call.to) {
    r.Fail(path, fmt::format("never matches: from is {}, to is {}", call.from, call.to));
  }
}

}  // namespace

void ReadMatch(RuleReader& reader, Value value, Path path, Rule& rule) {
  static constexpr std::array<Key<Match>, 11> kKeys{{
      {"text", [](RuleReader& r, Value v, Path p, Match& m) { m.text = r.NonEmpty(v, p); }},
      {"any_text", [](RuleReader& r, Value v, Path p, Match& m) { m.any_text = r.NonEmpty(v, p); }},
      {"call", [](RuleReader& r, Value v, Path p, Match& m) { m.call = r.Positive(v, p); }},
      {"rule_call", ReadRuleCall},
      {"model", [](RuleReader& r, Value v, Path p, Match& m) { m.model = r.String(v, p); }},
      {"dialect", ReadDialect},
      {"path", [](RuleReader& r, Value v, Path p, Match& m) { m.path = r.NonEmpty(v, p); }},
      {"header", ReadHeader},
      {"turns", ReadTurns},
      {"stream", [](RuleReader& r, Value v, Path p, Match& m) { m.stream = r.Boolean(v, p); }},
      {"tools", [](RuleReader& r, Value v, Path p, Match& m) { m.tools = r.Boolean(v, p); }},
  }};
  reader.Object(value, path, rule.match, "an object", kKeys);
}

}  // namespace touchstone::provider
