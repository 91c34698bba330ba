#include "fault-injection/provider/rule_book.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/json.hpp>
#include <limits>
#include <map>

#include "fault-injection/provider/draw.h"
#include "fault-injection/provider/rule_text.h"

namespace touchstone::provider {

// What time and state say to a call.
struct RuleBook::Moment {
  std::string_view state;
  std::int64_t since_rules_ms;
  std::int64_t since_first_call_ms;
  std::int64_t longest_pause_ms;
};

namespace {

std::string Quote(std::string_view text) {
  constexpr std::size_t kMost = 80;
  if (text.size() <= kMost) return fmt::format("\"{}\"", text);
  std::size_t end = kMost;
  while (end > 0 && (text[end] & 0xc0) == 0x80) --end;  // not inside a character
  return fmt::format("\"{}…\"", text.substr(0, end));
}

// Counts what is in the way, and puts it into words only where somebody wants to read them.
class Obstacles {
 public:
  explicit Obstacles(std::vector<std::string>* words) : words_(words) {}

  template <typename Words>
  void If(bool bad, Words words) {
    if (!bad) return;
    ++count_;
    if (words_ != nullptr) words_->push_back(words());
  }
  bool none() const { return count_ == 0; }

 private:
  int count_ = 0;
  std::vector<std::string>* words_;
};

std::string_view PathToMatch(std::string_view glob, std::string_view path) {
  return glob.find('?') == std::string_view::npos ? path.substr(0, path.find('?')) : path;
}

void CheckText(const Match& match, const Request& request, Obstacles& why) {
  if (match.text && !request.last_user_text) {
    why.If(true, [&] {
      return fmt::format("match.text is {}, the request has no user message", Quote(*match.text));
    });
  } else if (match.text) {
    why.If(request.last_user_text->find(*match.text) == std::string::npos, [&] {
      return fmt::format("match.text is {}, the last user message is {}", Quote(*match.text),
                         Quote(*request.last_user_text));
    });
  }
  if (!match.any_text) return;
  const bool in_any = std::any_of(
      request.texts.begin(), request.texts.end(),
      [&](const std::string& text) { return text.find(*match.any_text) != std::string::npos; });
  why.If(!in_any, [&] {
    return fmt::format("match.any_text is {}, no message has it", Quote(*match.any_text));
  });
}

void CheckHeaders(const Match& match, const Call& call, Obstacles& why) {
  for (const auto& [name, glob] : match.headers) {
    const std::string* value = nullptr;
    bool fits = false;
    for (const auto& [key, came] : call.headers) {
      if (key != name) continue;
      value = &came;
      fits = fits || FitsGlob(glob, came);
    }
    why.If(!fits, [&] {
      const bool secret = IsSecretHeader(name);  // neither may stand in an answer or a report
      return fmt::format("match.header.{} is {}, the request's is {}", name,
                         secret ? "another" : Quote(glob),
                         value == nullptr ? "missing"
                         : secret         ? "not shown"
                                          : Quote(*value));
    });
  }
}

void CheckMatch(const Match& match, const Request& request, const Call& call, Obstacles& why) {
  CheckText(match, request, why);
  why.If(match.call && *match.call != request.number, [&] {
    return fmt::format("match.call is {}, this is call {}", *match.call, request.number);
  });
  why.If(match.model && *match.model != request.model, [&] {
    return fmt::format("match.model is {}, the request's model is {}", Quote(*match.model),
                       Quote(request.model));
  });
  why.If(match.dialect && *match.dialect != request.dialect, [&] {
    return fmt::format("match.dialect is {}, the request's is {}", *match.dialect, request.dialect);
  });
  why.If(match.path && !FitsGlob(*match.path, PathToMatch(*match.path, call.path)), [&] {
    return fmt::format("match.path is {}, the request's path is {}", Quote(*match.path),
                       Quote(call.path));
  });
  CheckHeaders(match, call, why);
  why.If(request.turns < match.turns_from || request.turns > match.turns_to, [&] {
    return fmt::format("match.turns is {}{}, the request has {}",
                       match.turns_to == match.turns_from ? "" : "at least ", match.turns_from,
                       request.turns);
  });
  why.If(match.stream && *match.stream != request.stream, [&] {
    return fmt::format("match.stream is {}, the request's is {}", *match.stream, request.stream);
  });
  why.If(match.tools && *match.tools != request.tools, [&] {
    return fmt::format("match.tools is {}, the request offers {}", *match.tools,
                       request.tools ? "tools" : "none");
  });
}

void CheckDuring(const During& during, std::int64_t at_ms, Obstacles& why) {
  why.If(at_ms < during.from_ms || (during.to_ms && at_ms >= *during.to_ms), [&] {
    return fmt::format("during is from {} ms{} since {}, this is {} ms", during.from_ms,
                       during.to_ms ? fmt::format(" to {} ms", *during.to_ms) : "",
                       during.since_first_call ? "the first call" : "the rules were set", at_ms);
  });
}

// What the n-th call that a rule admits, 1 is the first, draws.
std::uint64_t DrawFor(std::uint64_t rule_seed, int n) {
  return Mix(rule_seed, static_cast<std::uint64_t>(n));
}

// Whether the rule serves the n-th call that it admits.
void CheckCount(const Rule& rule, std::uint64_t seed, int n, int served, Obstacles& why) {
  why.If(rule.times && served >= *rule.times, [&] {
    return fmt::format("it has served its {} call{}", *rule.times, *rule.times == 1 ? "" : "s");
  });
  if (const auto& call = rule.match.rule_call) {
    why.If(call->every > 1 && n % call->every != 0, [&] {
      return fmt::format("match.rule_call is every {}, this is the rule's call {}", call->every, n);
    });
    why.If(n < call->from || n > call->to, [&] {
      const bool open = call->to == std::numeric_limits<int>::max();
      return fmt::format("match.rule_call is from {}{}, this is the rule's call {}", call->from,
                         open ? "" : fmt::format(" to {}", call->to), n);
    });
  }
  why.If(rule.probability && Unit(DrawFor(seed, n)) >= *rule.probability, [&] {
    return fmt::format("probability is {}, {:.3f} was drawn", *rule.probability,
                       Unit(DrawFor(seed, n)));
  });
}

template <typename Duration>
std::int64_t Ms(Duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

}  // namespace

RuleBook::RuleBook(std::vector<Rule> rules, std::uint64_t seed, Time now) : set_at_(now) {
  entries_.reserve(rules.size());
  for (Rule& rule : rules) entries_.push_back({std::make_shared<const Rule>(std::move(rule))});
  SetSeed(seed);
}

void RuleBook::SetSeed(std::uint64_t seed) {
  std::map<std::string, std::uint64_t> twins;  // rules of the same words draw different numbers
  for (Entry& entry : entries_) {
    const auto& source = entry.rule->source;
    const std::string words = source == nullptr ? "" : boost::json::serialize(*source);
    entry.seed = Mix(Mix(seed, words), twins[words]++);
  }
}

std::set<std::string> RuleBook::States() const {
  std::set<std::string> states{std::string(kFirstState)};
  for (const Entry& entry : entries_) {
    if (entry.rule->then) states.insert(*entry.rule->then);
  }
  return states;
}

std::set<std::string> RuleBook::Holds() const {
  std::set<std::string> names;
  for (const Entry& entry : entries_) {
    if (entry.rule->respond.hold) names.insert(*entry.rule->respond.hold);
  }
  return names;
}

std::vector<RuleBook::Counts> RuleBook::Count() const {
  std::vector<Counts> counts;
  for (const Entry& entry : entries_) counts.push_back({entry.admitted, entry.served});
  return counts;
}

void RuleBook::Restart(Time now) {
  for (Entry& entry : entries_) entry.admitted = entry.served = 0;
  state_ = kFirstState;
  set_at_ = now;
  first_call_.reset();
  last_call_.reset();
  longest_pause_ = {};
}

boost::json::value RuleBook::Json() const {
  boost::json::array rules;
  for (const Entry& entry : entries_) {
    rules.push_back(entry.rule->source == nullptr ? nullptr : *entry.rule->source);
  }
  return rules;
}

Choice RuleBook::Take(const Request& request, const Call& call, Time now) {
  if (!first_call_) first_call_ = now;
  if (last_call_) {
    longest_pause_ = std::max(
        longest_pause_, std::chrono::duration_cast<std::chrono::milliseconds>(now - *last_call_));
  }
  last_call_ = now;
  const Moment moment{state_, Ms(now - set_at_), Ms(now - *first_call_), longest_pause_.count()};

  const auto check_conditions = [&](const Rule& rule, Obstacles& why) {
    CheckMatch(rule.match, request, call, why);
    why.If(rule.state && *rule.state != moment.state, [&] {
      return fmt::format("state is {}, the lane's state is {}", Quote(*rule.state),
                         Quote(moment.state));
    });
    if (rule.during) {
      CheckDuring(
          *rule.during,
          rule.during->since_first_call ? moment.since_first_call_ms : moment.since_rules_ms, why);
    }
    why.If(rule.after_ms && moment.longest_pause_ms < *rule.after_ms, [&] {
      return fmt::format("after is a pause of {} ms, the longest so far is {} ms", *rule.after_ms,
                         moment.longest_pause_ms);
    });
    why.If(rule.until_ms && moment.longest_pause_ms >= *rule.until_ms, [&] {
      return fmt::format("until is a pause of {} ms, there was one of {} ms", *rule.until_ms,
                         moment.longest_pause_ms);
    });
  };

  Entry* taker = nullptr;
  for (Entry& entry : entries_) {
    Obstacles conditions(nullptr);
    check_conditions(*entry.rule, conditions);
    if (!conditions.none()) continue;
    ++entry.admitted;
    if (taker != nullptr) continue;
    Obstacles counts(nullptr);
    CheckCount(*entry.rule, entry.seed, entry.admitted, entry.served, counts);
    if (counts.none()) taker = &entry;
  }
  if (taker != nullptr) {
    ++taker->served;
    if (taker->rule->then) state_ = *taker->rule->then;
    return {static_cast<int>(taker - entries_.data()),
            {taker->rule, &taker->rule->respond},
            "",
            DrawFor(~taker->seed, taker->admitted)};
  }

  Choice none;
  none.near_miss = "there are no rules";
  std::size_t fewest = 0;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const Entry& entry = entries_[i];
    std::vector<std::string> words;
    Obstacles why(&words);
    check_conditions(*entry.rule, why);
    // The counts speak of calls that the rule admits; of another, only that its times are over.
    if (why.none()) {
      CheckCount(*entry.rule, entry.seed, entry.admitted, entry.served, why);
    } else {
      Rule times_alone;
      times_alone.times = entry.rule->times;
      CheckCount(times_alone, entry.seed, entry.admitted, entry.served, why);
    }
    if (i == 0 || words.size() < fewest) {
      fewest = words.size();
      none.near_miss = fmt::format("rule [{}]: {}", i, fmt::join(words, "; "));
    }
  }
  return none;
}

}  // namespace touchstone::provider
