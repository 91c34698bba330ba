#include "fault-injection/provider/gemini.h"

#include <fmt/format.h>

#include <boost/json.hpp>

namespace touchstone::provider {

namespace {

namespace json = boost::json;

constexpr std::string_view kJson = "application/json; charset=UTF-8";

// The rule language says finish_reason in OpenAI's words.
std::string FinishReason(const Respond& respond) {
  const std::string reason = respond.finish_reason.value_or("stop");
  if (reason == "stop" || reason == "tool_calls") return "STOP";
  if (reason == "length") return "MAX_TOKENS";
  if (reason == "content_filter") return "SAFETY";
  return reason;
}

json::object TextPart(std::string_view text) { return {{"text", text}}; }

// `args` is an object here, not a string; what is no JSON can only be sent as a string.
json::object CallPart(const ToolCall& call) {
  boost::system::error_code bad;
  json::value args = json::parse(call.arguments, bad);
  if (bad) args = json::string(call.arguments);
  return {{"functionCall", {{"id", call.id}, {"name", call.name}, {"args", std::move(args)}}}};
}

json::value UsageJson(const Usage& usage) {
  return {{"promptTokenCount", usage.prompt_tokens},
          {"candidatesTokenCount", usage.completion_tokens},
          {"totalTokenCount", usage.prompt_tokens + usage.completion_tokens},
          {"promptTokensDetails",
           json::array{{{"modality", "TEXT"}, {"tokenCount", usage.prompt_tokens}}}}};
}

// One answer, or one piece of it: pieces but the last have no finish reason.
std::string Response(const Request& request, const Respond& respond, json::array parts, bool last) {
  json::object candidate{{"content", {{"parts", std::move(parts)}, {"role", "model"}}}};
  if (last) candidate["finishReason"] = FinishReason(respond);
  candidate["index"] = 0;
  json::object body{{"candidates", json::array{std::move(candidate)}}};
  if (respond.usage) body["usageMetadata"] = UsageJson(*respond.usage);
  body["modelVersion"] = ModelOf(request);
  body["responseId"] = StableId("", request);
  return json::serialize(body);
}

json::array AllParts(const Respond& respond) {
  json::array parts;
  if (HasText(respond)) parts.push_back(TextPart(TextOrDefault(respond)));
  for (const ToolCall& call : respond.tool_calls) parts.push_back(CallPart(call));
  return parts;
}

// The parts of an answer one by one, text in pieces; the last of them ends the stream.
std::vector<std::string> Chunks(const Request& request, const Respond& respond) {
  json::array parts;
  if (HasText(respond)) {
    for (const std::string_view piece : Pieces(TextOrDefault(respond))) {
      parts.push_back(TextPart(piece));
    }
  }
  for (const ToolCall& call : respond.tool_calls) parts.push_back(CallPart(call));
  std::vector<std::string> chunks;
  for (json::value& part : parts) {
    chunks.push_back(Response(request, respond, json::array{std::move(part)}, false));
  }
  chunks.push_back(Response(request, respond, json::array{TextPart("")}, true));
  return chunks;
}

std::string SseEvent(std::string_view data) { return fmt::format("data: {}\r\n\r\n", data); }

struct Words {
  int status;
  std::string_view name, message;
};

Words WordsFor(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kAuthentication:
      return {400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key."};
    case ErrorKind::kPermission:
      return {403, "PERMISSION_DENIED", "The caller does not have permission"};
    case ErrorKind::kNotFound:
      return {404, "NOT_FOUND",
              "The model is not found for API version v1beta, or is not supported for "
              "generateContent."};
    case ErrorKind::kTooLarge:
      return {413, "INVALID_ARGUMENT", "Request payload size exceeds the limit: 20971520 bytes."};
    case ErrorKind::kContextLength:
      return {400, "INVALID_ARGUMENT",
              "The input token count (1048577) exceeds the maximum number of tokens allowed "
              "(1048576)."};
    case ErrorKind::kRateLimit:
      return {429, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota)."};
    case ErrorKind::kQuota:
      return {429, "RESOURCE_EXHAUSTED",
              "You exceeded your current quota, please check your plan and billing details."};
    case ErrorKind::kTimeout:
      return {504, "DEADLINE_EXCEEDED", "Deadline expired before operation could complete."};
    case ErrorKind::kServer:
      return {500, "INTERNAL", "An internal error has occurred. Please retry."};
    case ErrorKind::kOverloaded:
      return {503, "UNAVAILABLE", "The model is overloaded. Please try again later."};
    case ErrorKind::kInvalidRequest:
      break;
  }
  return {400, "INVALID_ARGUMENT", "Request contains an invalid argument."};
}

Words WordsForStatus(int status) {
  switch (status) {
    case 401:
      return {401, "UNAUTHENTICATED", "Request had invalid authentication credentials."};
    case 403:
      return WordsFor(ErrorKind::kPermission);
    case 404:
      return WordsFor(ErrorKind::kNotFound);
    case 413:
      return WordsFor(ErrorKind::kTooLarge);
    case 429:
      return WordsFor(ErrorKind::kRateLimit);
    case 503:
      return WordsFor(ErrorKind::kOverloaded);
    case 504:
      return WordsFor(ErrorKind::kTimeout);
    default:
      return WordsFor(status >= 500 ? ErrorKind::kServer : ErrorKind::kInvalidRequest);
  }
}

constexpr std::string_view kGoogleType = "type.googleapis.com/google.rpc.";

// What says more than the words, where the service says more.
json::array Details(const Refusal& refusal) {
  json::array details;
  if (refusal.kind == ErrorKind::kAuthentication) {
    details.push_back(json::object{{"@type", fmt::format("{}ErrorInfo", kGoogleType)},
                                   {"reason", "API_KEY_INVALID"},
                                   {"domain", "googleapis.com"}});
  }
  if (refusal.retry_after_s) {
    details.push_back(json::object{{"@type", fmt::format("{}RetryInfo", kGoogleType)},
                                   {"retryDelay", fmt::format("{}s", *refusal.retry_after_s)}});
  }
  return details;
}

std::string ErrorJson(const Refusal& refusal) {
  const Words words = refusal.kind ? WordsFor(*refusal.kind) : WordsForStatus(refusal.status);
  json::object error{{"code", refusal.kind ? words.status : refusal.status},
                     {"message", refusal.message.empty() ? words.message : refusal.message},
                     {"status", words.name}};
  if (json::array details = Details(refusal); !details.empty()) {
    error["details"] = std::move(details);
  }
  return json::serialize(json::object{{"error", std::move(error)}});
}

Content WithHeaders(const Request& request) {
  Content content;
  content.type = kJson;
  content.headers = {{"server-timing", fmt::format("gfet4t7; dur={}", 80 + request.number % 40)},
                     {"vary", "Origin, X-Origin, Referer"},
                     {"x-content-type-options", "nosniff"}};
  return content;
}

}  // namespace

Content Gemini::Answer(const Request& request, const Respond& respond) const {
  Content content = WithHeaders(request);
  if (!request.stream) {
    content.pieces = {Response(request, respond, AllParts(respond), true)};
    return content;
  }
  content.streamed = true;
  content.pieces = Chunks(request, respond);
  if (request.sse) {
    content.type = "text/event-stream";
    for (std::string& piece : content.pieces) piece = SseEvent(piece);
    content.filler = ": keep-alive\r\n\r\n";
    return content;
  }
  for (std::size_t i = 0; i < content.pieces.size(); ++i) {
    content.pieces[i].insert(0, i == 0 ? "[" : ",\r\n");
  }
  content.pieces.push_back("\n]\n");
  return content;
}

int Gemini::StatusOf(ErrorKind kind) const { return WordsFor(kind).status; }

Content Gemini::Refuse(const Request& request, const Refusal& refusal) const {
  Content content = WithHeaders(request);
  content.pieces = {ErrorJson(refusal)};
  return content;
}

std::string Gemini::ErrorEvent(const Request& request, const Refusal& refusal,
                               std::size_t sequence) const {
  if (request.sse) return SseEvent(ErrorJson(refusal));
  return (sequence == 0 ? "[" : ",\r\n") + ErrorJson(refusal);
}

}  // namespace touchstone::provider
