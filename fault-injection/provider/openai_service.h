// What OpenAI's two APIs, Chat Completions and Responses, have in common: headers and errors.
#pragma once

#include <boost/json/object.hpp>

#include "fault-injection/provider/dialect.h"

namespace touchstone::provider {

// An empty content with the service's headers. With no refusal, or one that is no rate limit, the
// limits are as good as unused.
Content OpenAiContent(const Request& request, const Refusal* refusal = nullptr);

// What a streamed or a whole answer has on top; its pieces are left to say.
Content OpenAiAnswer(const Request& request);

int OpenAiStatus(ErrorKind kind);

// The members message, type, param and code.
boost::json::object OpenAiErrorJson(const Refusal& refusal);

Content OpenAiError(const Request& request, const Refusal& refusal);

// 6m0s, 20s, 1h0m0s: as x-ratelimit-reset-* says it.
std::string OpenAiDuration(std::int64_t seconds);

}  // namespace touchstone::provider
