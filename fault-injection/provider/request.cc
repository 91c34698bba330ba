#include "fault-injection/provider/request.h"

#include <fmt/format.h>

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

// The text of a message's `content`: a string, or the text parts of a list.
std::optional<std::string> TextOf(const json::value& content) {
  if (content.is_string()) return std::string(content.get_string());
  if (!content.is_array()) return std::nullopt;
  std::optional<std::string> text;
  for (const json::value& part : content.get_array()) {
    const json::value* words = Find(part, "text");
    if (!IsText(Find(part, "type"), "text") || words == nullptr || !words->is_string()) continue;
    if (!text) text.emplace();
    *text += std::string_view(words->get_string());
  }
  return text;
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
  if (!call.json) return request;
  const json::value& body = *call.json;
  if (const json::value* model = Find(body, "model"); model != nullptr && model->is_string()) {
    request.model = model->get_string();
  }
  request.stream = IsTrue(Find(body, "stream"));
  if (const json::value* options = Find(body, "stream_options")) {
    request.include_usage = IsTrue(Find(*options, "include_usage"));
  }
  if (const json::value* tools = Find(body, "tools"); tools != nullptr && tools->is_array()) {
    request.tools = !tools->get_array().empty();
  }
  if (const json::value* system = Find(body, "system")) {  // Anthropic has it outside the messages
    if (auto text = TextOf(*system)) request.texts.push_back(std::move(*text));
  }
  const json::value* messages = Find(body, "messages");
  if (messages == nullptr || !messages->is_array()) return request;
  for (const json::value& message : messages->get_array()) {
    const json::value* role = Find(message, "role");
    if (!IsText(role, "system") && !IsText(role, "developer")) ++request.turns;
    const json::value* content = Find(message, "content");
    if (content == nullptr) continue;
    std::optional<std::string> text = TextOf(*content);
    if (!text) continue;
    if (IsText(role, "user")) request.last_user_text = text;
    request.texts.push_back(std::move(*text));
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
