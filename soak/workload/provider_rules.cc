#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "soak/workload/words.h"
#include "soak/workload/work.h"

namespace touchstone::soak {
namespace {

using boost::json::array;
using boost::json::object;

object Rule(std::string_view word, object respond) {
  return {{"match", object{{"text", word}}}, {"respond", std::move(respond)}};
}

// Two calls a run: first the provider asks for the tool, then, shown its result, it answers. By
// then there are three messages, as each such run has a session of its own.
void AddToolRules(const CommandTool& tool, array& rules) {
  for (int i = 0; i < kWords; ++i) {
    const auto word = Word(words::kTool, i);
    object again = Rule(word, {{"text", AnswerTo(word)}});
    again["match"].as_object()["turns"] = object{{"at_least", 2}};
    rules.push_back(std::move(again));
    const object arguments{{tool.argument, "echo " + std::to_string(i)}};
    const object call{{"id", "call-" + std::to_string(i)},
                      {"name", tool.name},
                      {"arguments", boost::json::serialize(arguments)}};
    rules.push_back(Rule(word, {{"tool_calls", array{call}}}));
  }
}

}  // namespace

array ProviderRules(const Mix& mix, const CommandTool& tool) {
  array rules;
  for (int i = 0; i < kWords; ++i) {
    const auto ask = Word(words::kAsk, i), slow = Word(words::kSlow, i);
    rules.push_back(Rule(ask, {{"text", AnswerTo(ask)}}));
    rules.push_back(Rule(slow, {{"text", AnswerTo(slow)}, {"delay_ms", mix.slow_ms}}));
  }
  for (int i = 0; i < kLongWords; ++i) {
    const auto word = Word(words::kLong, i);
    rules.push_back(Rule(word, {{"text", LongAnswerTo(word, mix.long_bytes)}}));
  }
  AddToolRules(tool, rules);
  rules.push_back(Rule(words::kLimited, {{"status", 429}}));
  rules.push_back(Rule(words::kDown, {{"status", 503}}));
  rules.push_back(Rule(words::kHang, {{"hang", "before_headers"}}));
  rules.push_back(Rule(words::kRace, {{"text", AnswerTo(std::string(words::kRace))},
                                      {"delay_ms", object{{"uniform", array{0, 6}}}}}));
  return rules;
}

array OutageRules() { return {object{{"respond", object{{"reset", "before_headers"}}}}}; }

}  // namespace touchstone::soak
