// Finds rules that no call can reach, whatever comes.
#include <algorithm>

#include "fault-injection/provider/dialect.h"
#include "fault-injection/provider/rule_reader.h"

namespace touchstone::provider {

namespace {

// Whether there is a text that fits both globs.
bool CanFitBoth(std::string_view a, std::string_view b) {
  // fits[j]: what is left of `a` from i on, and of `b` from j on.
  std::vector<char> after, fits;
  for (std::size_t i = a.size() + 1; i-- > 0;) {
    fits.assign(b.size() + 1, 0);
    for (std::size_t j = b.size() + 1; j-- > 0;) {
      const bool more_a = i < a.size(), more_b = j < b.size();
      if (!more_a && !more_b) {
        fits[j] = 1;
      } else if ((more_a && a[i] == '*') || (more_b && b[j] == '*')) {
        // The star takes one more of the other, or ends where it stands.
        fits[j] = (more_a && after[j]) || (more_b && fits[j + 1]);
      } else {
        fits[j] = more_a && more_b && a[i] == b[j] && after[j + 1];
      }
    }
    after = fits;
  }
  return fits[0] != 0;
}

// Whether a call can come at a path that fits; calls of other paths reach no rule.
bool HasCalls(const Match& match) {
  if (!match.path) return true;
  const std::string dialect = match.dialect.value_or("");
  const auto endings = PathEndings(dialect);
  return std::any_of(endings.begin(), endings.end(), [&](std::string_view ending) {
    const std::string path = fmt::format("*{}", ending);
    return CanFitBoth(*match.path, path) ||
           (match.path->find('?') != std::string::npos && CanFitBoth(*match.path, path + "?*"));
  });
}

// Whether a text that has `part` in it is sure to have `wanted`.
bool Implies(const std::optional<std::string>& part, const std::optional<std::string>& wanted) {
  return !wanted || (part && part->find(*wanted) != std::string::npos);
}

// Whether `wide` matches each call that `narrow` does. A no may be wrong, a yes never is.
bool Covers(const Match& wide, const Match& narrow) {
  const auto same_if_given = [](const auto& given, const auto& other) {
    return !given || given == other;
  };
  return !wide.rule_call && Implies(narrow.text, wide.text) &&
         (Implies(narrow.any_text, wide.any_text) || Implies(narrow.text, wide.any_text)) &&
         same_if_given(wide.model, narrow.model) && same_if_given(wide.call, narrow.call) &&
         same_if_given(wide.dialect, narrow.dialect) && same_if_given(wide.path, narrow.path) &&
         same_if_given(wide.stream, narrow.stream) && same_if_given(wide.tools, narrow.tools) &&
         wide.turns_from <= narrow.turns_from && wide.turns_to >= narrow.turns_to &&
         std::all_of(wide.headers.begin(), wide.headers.end(), [&](const auto& header) {
           return std::find(narrow.headers.begin(), narrow.headers.end(), header) !=
                  narrow.headers.end();
         });
}

// Whether `earlier` takes each call that `later` would, for ever.
bool Shadows(const Rule& earlier, const Rule& later) {
  return !earlier.times && !earlier.probability && !earlier.during && !earlier.after_ms &&
         !earlier.until_ms && (!earlier.state || earlier.state == later.state) &&
         Covers(earlier.match, later.match);
}

}  // namespace

void CheckReach(RuleReader& reader, const std::vector<Rule>& rules) {
  std::vector<std::string> states{std::string(kFirstState)};
  for (const Rule& rule : rules) {
    if (rule.then) states.push_back(*rule.then);
  }
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const Rule& rule = rules[i];
    const std::string path = fmt::format("[{}]", i);
    if (rule.state && std::find(states.begin(), states.end(), *rule.state) == states.end()) {
      reader.Fail(path + ".state",
                  fmt::format("never matches: no rule has \"then\":\"{}\"", *rule.state));
    }
    if (!HasCalls(rule.match)) {
      reader.Fail(path + ".match.path",
                  fmt::format("never matches: no call{} has such a path; known are {}",
                              rule.match.dialect ? " of that dialect" : "", KnownPaths()));
    }
    const auto& rule_call = rule.match.rule_call;
    if (rule.match.call && rule_call && (rule_call->from > 1 || rule_call->every > 1)) {
      reader.Fail(path + ".match.rule_call",
                  "never matches: match.call admits one call, which is the rule's first");
    }
    for (std::size_t j = 0; j < i; ++j) {
      if (!Shadows(rules[j], rule)) continue;
      const bool all = rules[j].match == Match{} && !rules[j].state;
      reader.Fail(path, fmt::format("never matches: rule [{}] takes every call{}", j,
                                    all ? "" : " that this one would"));
    }
  }
}

}  // namespace touchstone::provider
