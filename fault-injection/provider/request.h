// What rules and dialects look at in a call, whatever dialect it speaks.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fault-injection/provider/journal.h"

namespace touchstone::provider {

struct Request {
  std::string dialect;  // its name(); "": the path is no call of any
  std::string lane;     // with `number` the seed of all ids in the answer
  int number = 1;
  std::string model;                          // "" when the request names none
  std::optional<std::string> last_user_text;  // messages of only tool results are passed over
  std::vector<std::string> texts;             // of each message that has text, system ones too
  int turns = 0;                              // messages but system ones
  bool stream = false;
  bool sse = true;             // a stream is events; false: Gemini without alt=sse, a JSON list
  bool tools = false;          // it offers at least one tool
  bool include_usage = false;  // stream_options.include_usage
};

// A body that is not JSON, or has another shape, gives a request that says nothing.
Request Understand(std::string_view lane, const Call& call);

// An id such as "chatcmpl-0a1b…": the prefix and 24 hex digits that depend on lane, number and
// salt.
std::string StableId(std::string_view prefix, const Request& request, std::string_view salt = "");

// The seconds that stand for "now" in answers; they depend on the number alone.
std::int64_t StableTime(const Request& request);

}  // namespace touchstone::provider
