// Questions that several checks ask: many requests at once in any mode, and what a provider call
// shows of a session.
#pragma once

#include <boost/json/array.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/checks/scene.h"

namespace touchstone {

// A run under a key of its own.
boost::json::object RunUnderKey(std::string_view id, std::string_view session,
                                std::string_view prompt, std::string_view key);

// Sends the requests and returns their answers, in the order of the requests. S: all to the one
// host. O and B: each to a process of its own, `at_once` of them at a time, which are retired.
// Fewer answers than requests: one did not come, and `requirement` is blamed for it.
std::vector<Line> AskAll(Scene& scene, const std::vector<boost::json::object>& requests,
                         std::string_view requirement, std::size_t at_once = 4);
// The same for one request; nothing when it was not answered.
std::optional<Line> Ask(Scene& scene, const boost::json::object& request,
                        std::string_view requirement);

bool IsReplay(const Line& line);
std::string TextOf(const Line& line);  // the `text` of an answer, empty when there is none

// The calls whose last user message is `prompt`, oldest first; the journal must outlive them.
std::vector<const provider::Call*> CallsFor(const provider::Snapshot& journal,
                                            std::string_view prompt);
// The last user message that a call shows.
std::string PromptOf(const provider::Call& call);
// What a call shows of the session before its own prompt: [["user","a"],["assistant","b"]…].
boost::json::array HistoryOf(const provider::Call& call);
void AddTurn(boost::json::array& turns, std::string_view prompt, std::string_view answer);

// One rule: the call whose last user message contains `prompt` is answered `text`, held until
// `hold` is released when that is not empty.
provider::Rule AnswerTo(std::string prompt, std::string text, std::string hold = {});
// The last rule of a list: any other call is answered `text`.
provider::Rule AnswerAll(std::string text);

double MsBetween(TimePoint from, TimePoint to);

}  // namespace touchstone
