#include "fault-injection/provider/rule.h"

#include <cmath>

#include "fault-injection/provider/rule_reader.h"

namespace touchstone::provider {

namespace {

namespace json = boost::json;
using Path = const std::string&;
using Value = const json::value&;
template <typename T>
using Key = RuleReader::Key<T>;

constexpr double kMaxSeconds = 24 * 3600;
constexpr std::int64_t kMaxQuietMs = 24LL * 3600 * 1000;

void ReadProbability(RuleReader& r, Value v, Path path, Rule& rule) {
  rule.probability = r.Number(v, path, 0, 1);
  if (rule.probability == 0) r.Fail(path, "never matches: the probability is 0");
}

std::int64_t Milliseconds(RuleReader& r, Value v, Path path) {
  return std::llround(r.Number(v, path, 0, kMaxSeconds) * 1000);
}

void ReadSince(RuleReader& r, Value v, Path path, During& during) {
  const std::string_view name = v.is_string() ? std::string_view(v.get_string()) : "";
  during.since_first_call = name == "first_call";
  if (name != "first_call" && name != "rules") r.Wrong(path, R"("rules" or "first_call")", v);
}

void ReadDuring(RuleReader& r, Value v, Path path, Rule& rule) {
  static constexpr std::array<Key<During>, 3> kKeys{{
      {"from_s", [](RuleReader& reader, Value value, Path below,
                    During& d) { d.from_ms = Milliseconds(reader, value, below); }},
      {"to_s", [](RuleReader& reader, Value value, Path below,
                  During& d) { d.to_ms = Milliseconds(reader, value, below); }},
      {"since", ReadSince},
  }};
  During& during = rule.during.emplace();
  r.Object(v, path, during, R"(an object, {"from_s":5,"to_s":12})", kKeys);
  if (!v.is_object()) return;
  if (!v.get_object().contains("from_s") && !v.get_object().contains("to_s")) {
    r.Fail(path, "expected the key from_s or to_s");
  } else if (during.to_ms && during.from_ms >= *during.to_ms) {
    r.Fail(path, "never matches: from_s is not less than to_s");
  }
}

void ReadQuiet(RuleReader& r, Value v, Path path, std::optional<std::int64_t>& quiet) {
  static constexpr std::array<Key<std::optional<std::int64_t>>, 1> kKeys{
      {{"quiet_ms",
        [](RuleReader& reader, Value value, Path below, std::optional<std::int64_t>& ms) {
          ms = reader.Integer(value, below, 1, kMaxQuietMs);
        }}}};
  r.Object(v, path, quiet, R"(an object, {"quiet_ms":N})", kKeys);
  if (!quiet) r.Fail(path, "expected the key quiet_ms");
}

void ReadRule(RuleReader& reader, Value value, Path path, Rule& rule) {
  static constexpr std::array<Key<Rule>, 9> kKeys{{
      {"match", ReadMatch},
      {"times", [](RuleReader& r, Value v, Path p, Rule& o) { o.times = r.Positive(v, p); }},
      {"probability", ReadProbability},
      {"during", ReadDuring},
      {"after", [](RuleReader& r, Value v, Path p, Rule& o) { ReadQuiet(r, v, p, o.after_ms); }},
      {"until", [](RuleReader& r, Value v, Path p, Rule& o) { ReadQuiet(r, v, p, o.until_ms); }},
      {"state", [](RuleReader& r, Value v, Path p, Rule& o) { o.state = r.NonEmpty(v, p); }},
      {"then", [](RuleReader& r, Value v, Path p, Rule& o) { o.then = r.NonEmpty(v, p); }},
      {"respond", ReadRespond},
  }};
  reader.Object(value, path, rule, "a rule, {\"match\":{…},\"times\":N,\"respond\":{…}}", kKeys);
  if (!value.is_object()) return;
  if (!value.get_object().contains("respond")) reader.Fail(path, "expected the key respond");
  if (rule.after_ms && rule.until_ms && *rule.after_ms >= *rule.until_ms) {
    reader.Fail(path, "never matches: after is not less than until");
  }
  rule.source = std::make_shared<const json::value>(value);
}

}  // namespace

tl::expected<std::vector<Rule>, RuleError> ParseRules(const json::value& value) {
  RuleReader reader;
  std::vector<Rule> rules;
  if (!value.is_array()) {
    reader.Wrong("", "a list of rules", value);
  } else {
    for (const json::value& item : value.get_array()) {
      rules.emplace_back();
      ReadRule(reader, item, fmt::format("[{}]", rules.size() - 1), rules.back());
    }
    CheckReach(reader, rules);
  }
  if (reader.error) return tl::unexpected(*reader.error);
  return rules;
}

}  // namespace touchstone::provider
