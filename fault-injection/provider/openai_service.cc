#include "fault-injection/provider/openai_service.h"

#include <fmt/format.h>

#include <boost/json.hpp>

namespace touchstone::provider {

namespace {

namespace json = boost::json;

struct Words {
  std::string_view type, param, code, message;  // param and code "": null
};

Words WordsFor(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kAuthentication:
      return {"invalid_request_error", "", "invalid_api_key", "Incorrect API key provided."};
    case ErrorKind::kPermission:
      return {"request_forbidden", "", "unsupported_country_region_territory",
              "Country, region, or territory not supported"};
    case ErrorKind::kNotFound:
      return {"invalid_request_error", "", "model_not_found",
              "The model does not exist or you do not have access to it."};
    case ErrorKind::kTooLarge:
      return {"invalid_request_error", "", "request_too_large",
              "Request too large: the body exceeds the maximum number of bytes."};
    case ErrorKind::kContextLength:
      return {"invalid_request_error", "messages", "context_length_exceeded",
              "This model's maximum context length is 128000 tokens. However, your messages "
              "resulted in 130001 tokens. Please reduce the length of the messages."};
    case ErrorKind::kRateLimit:
      return {"requests", "", "rate_limit_exceeded",
              "Rate limit reached for requests per min (RPM): Limit 3, Used 3, Requested 1."};
    case ErrorKind::kQuota:
      return {"insufficient_quota", "", "insufficient_quota",
              "You exceeded your current quota, please check your plan and billing details."};
    case ErrorKind::kTimeout:
      return {"timeout", "", "", "Request timed out."};
    case ErrorKind::kServer:
      return {"server_error", "", "", "The server had an error while processing your request."};
    case ErrorKind::kOverloaded:
      return {"service_unavailable_error", "", "server_is_overloaded",
              "The server is currently overloaded with other requests. Sorry about that!"};
    case ErrorKind::kInvalidRequest:
      break;
  }
  return {"invalid_request_error", "", "", "The request is not valid."};
}

ErrorKind UsualKind(int status) {
  switch (status) {
    case 401:
      return ErrorKind::kAuthentication;
    case 403:
      return ErrorKind::kPermission;
    case 404:
      return ErrorKind::kNotFound;
    case 408:
      return ErrorKind::kTimeout;
    case 413:
      return ErrorKind::kTooLarge;
    case 429:
      return ErrorKind::kRateLimit;
    case 503:
      return ErrorKind::kOverloaded;
    default:
      return status >= 500 ? ErrorKind::kServer : ErrorKind::kInvalidRequest;
  }
}

json::value TextOrNull(std::string_view text) {
  return text.empty() ? json::value(nullptr) : json::value(text);
}

// The wait that the service's words ask for, when the rule gives no other.
constexpr std::int64_t kUsualWaitS = 20;

}  // namespace

int OpenAiStatus(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kAuthentication:
      return 401;
    case ErrorKind::kPermission:
      return 403;
    case ErrorKind::kNotFound:
      return 404;
    case ErrorKind::kTooLarge:
      return 413;
    case ErrorKind::kRateLimit:
    case ErrorKind::kQuota:
      return 429;
    case ErrorKind::kTimeout:
      return 408;
    case ErrorKind::kServer:
      return 500;
    case ErrorKind::kOverloaded:
      return 503;
    case ErrorKind::kContextLength:
    case ErrorKind::kInvalidRequest:
      break;
  }
  return 400;
}

std::string OpenAiDuration(std::int64_t seconds) {
  if (seconds < 60) return fmt::format("{}s", seconds);
  if (seconds < 3600) return fmt::format("{}m{}s", seconds / 60, seconds % 60);
  return fmt::format("{}h{}m{}s", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

Content OpenAiContent(const Request& request, const Refusal* refusal) {
  const bool limited = refusal != nullptr && refusal->KindOr(UsualKind) == ErrorKind::kRateLimit;
  const int processing_ms = 80 + request.number % 40;
  Content content;
  content.headers = {{"openai-organization", "touchstone"},
                     {"openai-processing-ms", std::to_string(processing_ms)},
                     {"openai-version", "2020-10-01"},
                     {"x-request-id", StableId("req_", request)}};
  // Who cannot prove who he is has no limits.
  if (refusal != nullptr && refusal->KindOr(UsualKind) == ErrorKind::kAuthentication)
    return content;
  const std::int64_t wait = refusal == nullptr ? 0 : refusal->retry_after_s.value_or(kUsualWaitS);
  content.headers.emplace_back("x-ratelimit-limit-requests", limited ? "3" : "10000");
  content.headers.emplace_back("x-ratelimit-limit-tokens", limited ? "40000" : "2000000");
  content.headers.emplace_back("x-ratelimit-remaining-requests", limited ? "0" : "9999");
  content.headers.emplace_back("x-ratelimit-remaining-tokens", limited ? "39990" : "1999990");
  content.headers.emplace_back("x-ratelimit-reset-requests",
                               limited ? OpenAiDuration(wait) : "6ms");
  content.headers.emplace_back("x-ratelimit-reset-tokens", limited ? "6m0s" : "0s");
  if (limited && refusal->kind) content.headers.emplace_back("retry-after", std::to_string(wait));
  return content;
}

Content OpenAiAnswer(const Request& request) {
  Content content = OpenAiContent(request);
  content.streamed = request.stream;
  content.type = request.stream ? "text/event-stream; charset=utf-8" : "application/json";
  if (request.stream) content.filler = ": keep-alive\n\n";
  return content;
}

json::object OpenAiErrorJson(const Refusal& refusal) {
  const Words words = WordsFor(refusal.KindOr(UsualKind));
  return {{"message", refusal.message.empty() ? words.message : refusal.message},
          {"type", words.type},
          {"param", TextOrNull(words.param)},
          {"code", TextOrNull(words.code)}};
}

Content OpenAiError(const Request& request, const Refusal& refusal) {
  Content content = OpenAiContent(request, &refusal);
  content.type = "application/json";
  content.pieces = {json::serialize(json::object{{"error", OpenAiErrorJson(refusal)}})};
  return content;
}

}  // namespace touchstone::provider
