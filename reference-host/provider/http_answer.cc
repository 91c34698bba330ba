#include "reference-host/provider/http_answer.h"

#include <charconv>
#include <nlohmann/json.hpp>

#include "reference-host/protocol/json_text.h"

namespace refhost {
namespace {

ProviderError Down(std::string message, bool retryable = false) {
  return {ProviderFault::kDown, std::move(message), retryable, 0};
}

ProviderError FromStatus(int status, const std::string& retry_after) {
  const std::string said = "the provider answered with HTTP status " + std::to_string(status);
  if (status == 401 || status == 403) return {ProviderFault::kAuth, said, false, 0};
  if (status == 429) return {ProviderFault::kRateLimit, said, true, RetryAfterMs(retry_after)};
  if (status == 503) return {ProviderFault::kDown, said, true, RetryAfterMs(retry_after)};
  if (status >= 500 && status < 600) return Down(said, true);
  if (status == 408 || status < 400 || status >= 600) return Down(said);
  return {ProviderFault::kRejected, said, false, 0};
}

}  // namespace

ProviderError DescribeFault(HttpFault fault) {
  switch (fault) {
    case HttpFault::kUnresolved:
      return Down("the provider's name does not resolve");
    case HttpFault::kRefused:
      return Down("the provider refused the connection", true);
    case HttpFault::kUnreachable:
      return Down("the provider cannot be reached");
    case HttpFault::kReset:
      return Down("the provider closed the connection", true);
    case HttpFault::kCut:
      return Down("the provider's answer was cut short");
    case HttpFault::kSilent:
      return Down("the provider stopped sending");
    case HttpFault::kTooLarge:
      return Down("the provider's answer is too large");
    case HttpFault::kMalformed:
      return Down("the provider's answer is not HTTP");
    case HttpFault::kTls:
      return Down("the TLS handshake with the provider failed");
    case HttpFault::kCanceled:
      return {ProviderFault::kCanceled, "the call was stopped", false, 0};
  }
  return Down("the provider failed");
}

tl::expected<std::string, ProviderError> Post(const Url& url, const HttpRequest& request,
                                              const HttpLimits& http, const CallLimits& limits) {
  HttpLimits bounds = http;
  if (limits.share_time) bounds.until = Now() + (limits.deadline - Now()) / 2;
  auto response = Exchange(url, request, bounds, limits.stop);
  if (!response) return tl::unexpected(DescribeFault(response.error()));
  if (response->status >= 200 && response->status < 300) return std::move(response->body);
  return tl::unexpected(FromStatus(response->status, response->retry_after));
}

int64_t RetryAfterMs(std::string_view value) {
  int64_t seconds = 0;
  auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
  if (end != value.data() + value.size() || value.empty()) return 0;
  constexpr int64_t kForever = 1'000'000'000;
  if (error == std::errc::result_out_of_range) return value.front() == '-' ? 0 : kForever * 1000;
  if (error != std::errc() || seconds <= 0) return 0;
  return std::min(seconds, kForever) * 1000;
}

std::optional<nlohmann::json> ParseAnswerBody(std::string body) {
  // An answer is choices[0].message.tool_calls[0].function.arguments deep at most. Deeper values
  // are dropped while parsing: a hostile body must not cost more memory than its own size
  // (PROV-12).
  constexpr int kMaxDepth = 8;
  if (body.find('\0') != std::string::npos) return std::nullopt;
  body = RepairSurrogateEscapes(std::move(body));
  const auto keep = [](int depth, nlohmann::json::parse_event_t, nlohmann::json&) {
    return depth <= kMaxDepth;
  };
  auto json = nlohmann::json::parse(body, keep, /*allow_exceptions=*/false);
  if (json.is_discarded() || !json.is_object()) return std::nullopt;
  return json;
}

std::optional<int64_t> TokenCount(const nlohmann::json& usage, const char* name) {
  const auto found = usage.find(name);
  if (found == usage.end() || !found->is_number_integer()) return std::nullopt;
  constexpr int64_t kMax = 1'000'000'000'000;
  if (found->is_number_unsigned() && found->get<uint64_t>() > kMax) return std::nullopt;
  const int64_t count = found->get<int64_t>();
  if (count < 0 || count > kMax) return std::nullopt;
  return count;
}

ProviderError NoKey() {
  return {ProviderFault::kAuth, "no key for the provider is configured", false, 0};
}

ProviderError BadAnswer(const char* why) {
  return Down("the provider's answer " + std::string(why));
}

}  // namespace refhost
