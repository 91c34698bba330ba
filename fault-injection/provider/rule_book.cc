#include "fault-injection/provider/rule_book.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace touchstone::provider {

namespace {

std::string Quote(std::string_view text) {
  constexpr std::size_t kMost = 80;
  if (text.size() <= kMost) return fmt::format("\"{}\"", text);
  std::size_t end = kMost;
  while (end > 0 && (text[end] & 0xc0) == 0x80) --end;  // not inside a character
  return fmt::format("\"{}…\"", text.substr(0, end));
}

// Why the rule does not serve this request; empty: it does.
std::vector<std::string> Obstacles(const Rule& rule, int served, const Request& request) {
  std::vector<std::string> why;
  const Match& match = rule.match;
  if (match.text && !request.last_user_text) {
    why.push_back(
        fmt::format("match.text is {}, the request has no user message", Quote(*match.text)));
  } else if (match.text && request.last_user_text->find(*match.text) == std::string::npos) {
    why.push_back(fmt::format("match.text is {}, the last user message is {}", Quote(*match.text),
                              Quote(*request.last_user_text)));
  }
  if (match.call && *match.call != request.number) {
    why.push_back(fmt::format("match.call is {}, this is call {}", *match.call, request.number));
  }
  if (match.model && *match.model != request.model) {
    why.push_back(fmt::format("match.model is {}, the request's model is {}", Quote(*match.model),
                              Quote(request.model)));
  }
  if (rule.times && served >= *rule.times) {
    why.push_back(
        fmt::format("it has served its {} call{}", *rule.times, *rule.times == 1 ? "" : "s"));
  }
  return why;
}

}  // namespace

RuleBook::RuleBook(std::vector<Rule> rules) {
  entries_.reserve(rules.size());
  for (Rule& rule : rules) entries_.push_back({std::make_shared<const Rule>(std::move(rule))});
}

Choice RuleBook::Take(const Request& request) {
  Choice nearest;
  nearest.near_miss = "there are no rules";
  std::size_t fewest = 0;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    Entry& entry = entries_[i];
    const std::vector<std::string> why = Obstacles(*entry.rule, entry.served, request);
    if (why.empty()) {
      ++entry.served;
      return {static_cast<int>(i), {entry.rule, &entry.rule->respond}, ""};
    }
    if (i == 0 || why.size() < fewest) {
      fewest = why.size();
      nearest.near_miss = fmt::format("rule [{}]: {}", i, fmt::join(why, "; "));
    }
  }
  return nearest;
}

}  // namespace touchstone::provider
