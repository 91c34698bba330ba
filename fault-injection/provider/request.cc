#include "fault-injection/provider/request.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

namespace touchstone::provider {

namespace {

namespace json = boost::json;

const json::value* Find(const json::value& value, std::string_view key) {
  return value.is_object() ? value.get_object().if_contains(key) : nullptr;
}

bool IsText(const json::value* value, std::string_view text) {
  return value != nullptr && value->is_string() && value->get_string() == text;
}

bool IsTrue(const json::value* value) {
  return value != nullptr && value->is_bool() && value->get_bool();
}

// A part of a message that is text: OpenAI and Anthropic say its type, Gemini does not.
bool IsTextPart(const json::value& part) {
  const json::value* type = Find(part, "type");
  return type == nullptr || IsText(type, "text") || IsText(type, "input_text") ||
         IsText(type, "output_text");
}

// The text of a message's `content`: a string, or the text parts of a list.
std::optional<std::string> TextOf(const json::value& content) {
  if (content.is_string()) return std::string(content.get_string());
  if (!content.is_array()) return std::nullopt;
  std::optional<std::string> text;
  for (const json::value& part : content.get_array()) {
    const json::value* words = Find(part, "text");
    if (!IsTextPart(part) || words == nullptr || !words->is_string()) continue;
    if (!text) text.emplace();
    *text += std::string_view(words->get_string());
  }
  return text;
}

void ReadSystem(const json::value* system, Request& request) {
  if (system == nullptr) return;
  if (auto text = TextOf(*system)) request.texts.push_back(std::move(*text));
}

// `user` says whether a message of this role, null if it has none, is the user's.
template <typename IsUser>
void ReadMessages(const json::value* messages, std::string_view content_key, IsUser user,
                  Request& request) {
  if (messages == nullptr || !messages->is_array()) return;
  for (const json::value& message : messages->get_array()) {
    const json::value* role = Find(message, "role");
    if (!IsText(role, "system") && !IsText(role, "developer")) ++request.turns;
    const json::value* content = Find(message, content_key);
    if (content == nullptr) continue;
    std::optional<std::string> text = TextOf(*content);
    if (!text) continue;
    if (user(role)) request.last_user_text = text;
    request.texts.push_back(std::move(*text));
  }
}

bool IsUser(const json::value* role) { return IsText(role, "user"); }
// Gemini lets a single message go without a role.
bool IsUserOrNone(const json::value* role) { return role == nullptr || IsUser(role); }

// Chat Completions and Messages.
void ReadChat(const json::value& body, Request& request) {
  ReadSystem(Find(body, "system"), request);  // Anthropic has it outside the messages
  ReadMessages(Find(body, "messages"), "content", IsUser, request);
}

void ReadResponses(const json::value& body, Request& request) {
  ReadSystem(Find(body, "instructions"), request);
  const json::value* input = Find(body, "input");
  if (input != nullptr && input->is_string()) {
    request.last_user_text = std::string(input->get_string());
    request.texts.push_back(*request.last_user_text);
    request.turns = 1;
    return;
  }
  ReadMessages(input, "content", IsUser, request);
}

// Model and kind of answer are in the path: /v1beta/models/MODEL:streamGenerateContent?alt=sse.
void ReadGemini(const json::value& body, Request& request) {
  for (const char* key : {"systemInstruction", "system_instruction"}) {
    const json::value* system = Find(body, key);
    if (system != nullptr) ReadSystem(Find(*system, "parts"), request);
  }
  ReadMessages(Find(body, "contents"), "parts", IsUserOrNone, request);
}

void ReadGeminiTarget(std::string_view path, std::string_view query, Request& request) {
  const std::size_t colon = path.rfind(':');
  const std::string_view before = path.substr(0, colon);
  request.model = before.substr(before.rfind('/') + 1);
  request.stream = path.substr(colon) == ":streamGenerateContent";
  request.sse = query == "alt=sse" || query.starts_with("alt=sse&") ||
                query.find("&alt=sse&") != std::string_view::npos || query.ends_with("&alt=sse");
}

std::uint64_t Fnv1a(std::uint64_t hash, std::string_view bytes) {
  for (const char c : bytes) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  }
  return hash;
}

}  // namespace

Request Understand(std::string_view lane, const Call& call) {
  Request request;
  request.lane = lane;
  request.number = call.number;
  const std::string_view target = call.path;
  const std::size_t question = std::min(target.find('?'), target.size());
  const std::string_view path = target.substr(0, question);
  const bool gemini =
      path.ends_with(":generateContent") || path.ends_with(":streamGenerateContent");
  if (gemini) {
    ReadGeminiTarget(path, target.substr(std::min(question + 1, target.size())), request);
  }
  if (!call.json) return request;
  const json::value& body = *call.json;
  if (const json::value* tools = Find(body, "tools"); tools != nullptr && tools->is_array()) {
    request.tools = !tools->get_array().empty();
  }
  if (gemini) {
    ReadGemini(body, request);
    return request;
  }
  if (const json::value* model = Find(body, "model"); model != nullptr && model->is_string()) {
    request.model = model->get_string();
  }
  request.stream = IsTrue(Find(body, "stream"));
  if (const json::value* options = Find(body, "stream_options")) {
    request.include_usage = IsTrue(Find(*options, "include_usage"));
  }
  if (path.ends_with("/responses")) {
    ReadResponses(body, request);
  } else {
    ReadChat(body, request);
  }
  return request;
}

std::string StableId(std::string_view prefix, const Request& request, std::string_view salt) {
  const std::string seed =
      fmt::format("{}\n{}\n{}\n{}", request.lane, request.number, prefix, salt);
  const std::uint64_t high = Fnv1a(0xcbf29ce484222325u, seed);
  const std::uint64_t low = Fnv1a(high, "more");
  return fmt::format("{}{:016x}{:08x}", prefix, high, low & 0xffffffffu);
}

std::int64_t StableTime(const Request& request) { return 1'700'000'000 + request.number; }

}  // namespace touchstone::provider
