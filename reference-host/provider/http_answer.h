// What every provider that speaks JSON over HTTP has in common: the exchange, and what its outcome
// means (the PROV rows of section 13).
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "reference-host/provider/http_client.h"
#include "reference-host/provider/provider.h"

namespace refhost {

// The body of a 2xx answer, or what went wrong.
tl::expected<std::string, ProviderError> Post(const Url& url, const HttpRequest& request,
                                              const HttpLimits& http, const CallLimits& limits);

// Seconds of a Retry-After header as milliseconds; 0 if it says nothing usable.
int64_t RetryAfterMs(std::string_view value);

// Parses an answer, keeping only what is nested as deep as an answer can be. Nothing if it is no
// JSON.
std::optional<nlohmann::json> ParseAnswerBody(std::string body);

// A count of tokens: an integer that is not negative.
std::optional<int64_t> TokenCount(const nlohmann::json& usage, const char* name);

ProviderError DescribeFault(HttpFault fault);
ProviderError NoKey();
ProviderError BadAnswer(const char* why);

}  // namespace refhost
