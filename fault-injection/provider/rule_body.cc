// Reads the exact body of an answer: a string, or parts of text, base64 and repetition.
#include "fault-injection/provider/base64.h"
#include "fault-injection/provider/rule_reader.h"

namespace touchstone::provider {

namespace {

namespace json = boost::json;
using Path = const std::string&;
using Value = const json::value&;

constexpr std::uint64_t kMaxBodyBytes = 256u << 20;

void AppendBase64(RuleReader& r, const json::object& part, Path path, std::string& bytes) {
  if (part.size() != 1) return r.Wrong(path, R"({"base64":"…"} and no other key)", part);
  const auto decoded = DecodeBase64(r.String(part.at("base64"), path + ".base64"));
  if (!decoded) return r.Wrong(path + ".base64", "base64", part.at("base64"));
  bytes += *decoded;
}

void AppendRepeat(RuleReader& r, const json::object& part, Path path, std::string& bytes) {
  if (part.size() != 2 || !part.contains("times")) {
    return r.Wrong(path, R"({"repeat":"…","times":N} and no other key)", part);
  }
  const std::string text = r.String(part.at("repeat"), path + ".repeat");
  const auto times = static_cast<std::uint64_t>(r.Count(part.at("times"), path + ".times", 0));
  if (!text.empty() &&
      times >
          (kMaxBodyBytes - std::min<std::uint64_t>(bytes.size(), kMaxBodyBytes)) / text.size()) {
    return r.Fail(path + ".times", fmt::format("the body exceeds {} MiB", kMaxBodyBytes >> 20));
  }
  bytes.reserve(bytes.size() + text.size() * times);
  for (std::uint64_t i = 0; i < times && !text.empty(); ++i) bytes += text;
}

void AppendPart(RuleReader& r, Value part, Path path, std::string& bytes) {
  if (part.is_string()) {
    bytes += std::string_view(part.get_string());
  } else if (part.is_object() && part.get_object().contains("base64")) {
    AppendBase64(r, part.get_object(), path, bytes);
  } else if (part.is_object() && part.get_object().contains("repeat")) {
    AppendRepeat(r, part.get_object(), path, bytes);
  } else {
    r.Wrong(path, R"(a string, {"base64":"…"} or {"repeat":"…","times":N})", part);
  }
}

}  // namespace

void ReadBody(RuleReader& r, Value value, Path path, Respond& respond) {
  std::string bytes;
  if (value.is_array()) {
    std::size_t index = 0;
    for (const json::value& part : value.get_array()) {
      AppendPart(r, part, fmt::format("{}[{}]", path, index++), bytes);
    }
  } else {
    AppendPart(r, value, path, bytes);
  }
  respond.body = std::make_shared<const std::string>(std::move(bytes));
}

}  // namespace touchstone::provider
