// How checks ask a host to run tools: calls in the words of the host's profile.
#pragma once

#include <boost/json/object.hpp>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/drive/rig.h"
#include "fault-injection/provider/journal.h"
#include "fault-injection/provider/rule.h"

namespace touchstone {

// A call of a tool by its reference name ("run_command") and arguments ({"command":…}); the profile
// may map them to others.
provider::ToolCall CallTool(const Profile& profile, std::string id, std::string_view tool,
                            const boost::json::object& arguments);
provider::ToolCall CallCommand(const Profile& profile, std::string id, std::string command);

// A rule that answers the call whose last user message contains `prompt` with these tool calls, the
// first `times` times.
provider::Rule AskForTools(std::string prompt, std::vector<provider::ToolCall> calls,
                           int times = 1);

// The tool results that a call shows, oldest first.
std::vector<std::string> ToolResultsOf(const provider::Call& call);

// The same by the id of the tool call that each is said to belong to; as JSON.
std::multimap<std::string, std::string> ToolResultsById(const provider::Call& call);

}  // namespace touchstone
