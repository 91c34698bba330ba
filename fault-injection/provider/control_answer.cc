#include "fault-injection/provider/control_answer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/json.hpp>

#include "fault-injection/provider/rule_text.h"

namespace touchstone::provider {

namespace json = boost::json;

namespace {

constexpr std::size_t kMaxDepth = 64;

ControlAnswer NotJson(std::string_view body, std::size_t at, const std::string& why) {
  const std::string_view before = body.substr(0, at);
  const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  json::object error{{"code", "not_json"},
                     {"message", fmt::format("the body is no JSON: {}", why)},
                     {"at", {{"line", line}, {"column", before.size() - line_start + 1}}}};
  return Say({{"error", std::move(error)}}, 400);
}

}  // namespace

ControlAnswer Say(const json::value& value, int status) {
  return {status, json::serialize(value) + "\n", ""};
}

ControlAnswer Refuse(int status, std::string_view code, std::string_view message,
                     std::string_view path) {
  // What a caller sent is quoted in messages, and need not be text.
  const auto text = [](std::string_view bytes) {
    return IsUtf8(bytes) ? std::string(bytes) : Printable(bytes);
  };
  json::object error{{"code", code}, {"message", text(message)}};
  if (!path.empty()) error["path"] = text(path);
  return Say({{"error", std::move(error)}}, status);
}

tl::expected<json::value, ControlAnswer> ReadJson(std::string_view body) {
  json::parse_options options;
  options.max_depth = kMaxDepth;
  json::stream_parser parser({}, options);
  json::error_code error;
  const std::size_t read = parser.write_some(body.data(), body.size(), error);
  const bool all = body.find_first_not_of(" \t\r\n", read) == std::string_view::npos;
  if (!error && parser.done() && !all) error = json::error::extra_data;
  if (!error) parser.finish(error);
  if (error) return tl::unexpected(NotJson(body, read, error.message()));
  return parser.release();
}

tl::expected<json::object, ControlAnswer> ReadObject(
    std::string_view body, std::initializer_list<std::string_view> known) {
  if (body.empty()) return json::object();
  auto value = ReadJson(body);
  if (!value) return tl::unexpected(value.error());
  if (!value->is_object()) {
    return tl::unexpected(
        Refuse(400, "bad_body", fmt::format("expected an object, got {}", Describe(*value))));
  }
  for (const auto& [key, member] : value->get_object()) {
    const std::string_view name(key.data(), key.size());
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    return tl::unexpected(
        Refuse(400, "bad_body",
               known.size() == 0 ? "unknown key; there is none"
                                 : fmt::format("unknown key; known are {}", fmt::join(known, ", ")),
               name));
  }
  return std::move(value->get_object());
}

}  // namespace touchstone::provider
