#include "fault-injection/proxy/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <charconv>
#include <initializer_list>

#include "fault-injection/proxy/toxic_types.h"

namespace touchstone::proxy {

namespace json = boost::json;

namespace {

constexpr std::size_t kLongestName = 200;

tl::unexpected<ApiError> Bad(std::string message) {
  return tl::unexpected(ApiError{"bad request body: " + std::move(message), 400});
}
tl::unexpected<ApiError> Missing(std::string_view field) {
  return tl::unexpected(ApiError{fmt::format("missing required field: {}", field), 400});
}

// The object, if all its keys are known.
Result<const json::object*> Object(const json::value& value, const char* what,
                                   std::initializer_list<std::string_view> keys) {
  if (!value.is_object()) return Bad(fmt::format("{}: a JSON object expected", what));
  for (const auto& [key, member] : value.get_object()) {
    if (std::ranges::find(keys, std::string_view(key)) == keys.end())
      return Bad(fmt::format("{} has no field \"{}\"", what, std::string_view(key)));
  }
  return &value.get_object();
}

// Null counts as absent, as clients write what they do not set.
const json::value* Find(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value == nullptr || value->is_null() ? nullptr : value;
}

Result<std::string> Text(const json::object& object, std::string_view key) {
  const auto* value = Find(object, key);
  if (value == nullptr) return std::string();
  if (!value->is_string())
    return Bad(fmt::format("{}: a string expected, got {}", key, json::serialize(*value)));
  return std::string(value->get_string());
}

Result<double> Toxicity(const json::object& object, double present) {
  const auto* value = Find(object, "toxicity");
  if (value == nullptr) return present;
  const double number = value->is_double()  ? value->get_double()
                        : value->is_int64() ? static_cast<double>(value->get_int64())
                                            : -1;
  if (!(number >= 0 && number <= 1))
    return Bad(
        fmt::format("toxicity: a number from 0 to 1 expected, got {}", json::serialize(*value)));
  return number;
}

Result<ProxyConfig> ReadProxy(const json::object& object) {
  ProxyConfig config;
  auto name = Text(object, "name");
  if (!name) return tl::unexpected(name.error());
  if (name->size() > kLongestName) return Bad("name: at most 200 bytes expected");
  config.name = *name;
  for (const char* key : {"listen", "upstream"}) {
    const auto text = Text(object, key);
    if (!text) return tl::unexpected(text.error());
    if (text->empty()) continue;
    const bool listen = std::string_view(key) == "listen";
    const auto address = ParseAddress(*text, listen);
    if (!address) return Bad(fmt::format("{}: {}", key, address.error()));
    (listen ? config.listen : config.upstream) = *address;
  }
  if (const auto* enabled = Find(object, "enabled")) {
    if (!enabled->is_bool())
      return Bad("enabled: true or false expected, got " + json::serialize(*enabled));
    config.enabled = enabled->get_bool();
  }
  return config;
}

}  // namespace

std::string Address::Text() const {
  return host.find(':') == std::string::npos ? host + ":" + port : "[" + host + "]:" + port;
}

tl::expected<Address, std::string> ParseAddress(std::string_view text, bool any_port) {
  const auto wrong = [&] {
    return tl::unexpected(
        fmt::format("\"host:port\" expected, with a port from {} to 65535, got {}",
                    any_port ? 0 : 1, json::serialize(json::value(text))));
  };
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || text.size() > 300) return wrong();
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  int number = -1;
  const auto [end, fault] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (fault != std::errc() || end != port.data() + port.size() || port.size() > 5) return wrong();
  if (number < (any_port ? 0 : 1) || number > 65535) return wrong();
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const bool plain = std::ranges::all_of(host, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view(".-_:%").find(c) != std::string_view::npos;
  });
  if (!plain) return wrong();
  return Address{host.empty() ? "127.0.0.1" : std::string(host), std::to_string(number)};
}

Result<ProxyConfig> ReadNewProxy(const json::value& value) {
  const auto object = Object(value, "a proxy", {"name", "listen", "upstream", "enabled", "toxics"});
  if (!object) return tl::unexpected(object.error());
  auto config = ReadProxy(**object);
  if (!config) return config;
  if (config->name.empty()) return Missing("name");
  if (!config->upstream) return Missing("upstream");
  const auto* toxics = Find(**object, "toxics");
  if (toxics == nullptr) return config;
  if (!toxics->is_array()) return Bad("toxics: an array expected");
  for (const auto& toxic : toxics->get_array()) {
    auto spec = ReadNewToxic(toxic);
    if (!spec) return tl::unexpected(spec.error());
    if (std::ranges::find(config->toxics, spec->name, &ToxicSpec::name) != config->toxics.end())
      return tl::unexpected(ApiError{"toxic already exists: " + spec->name, 409});
    config->toxics.push_back(*std::move(spec));
  }
  return config;
}

Result<ProxyConfig> ReadProxyChange(const json::value& value, const std::string& name) {
  const auto object = Object(value, "a proxy", {"name", "listen", "upstream", "enabled", "toxics"});
  if (!object) return tl::unexpected(object.error());
  auto config = ReadProxy(**object);
  if (config && !config->name.empty() && config->name != name)
    return Bad("name: it cannot be changed; delete the proxy and make another");
  return config;
}

Result<ToxicSpec> ReadNewToxic(const json::value& value) {
  const auto object =
      Object(value, "a toxic", {"name", "type", "stream", "toxicity", "attributes"});
  if (!object) return tl::unexpected(object.error());
  const auto type = Text(**object, "type"), stream = Text(**object, "stream"),
             name = Text(**object, "name");
  for (const auto* text : {&type, &stream, &name}) {
    if (!*text) return tl::unexpected(text->error());
  }
  ToxicSpec spec;
  if (!stream->empty() && *stream != "downstream" && *stream != "upstream") {
    return tl::unexpected(
        ApiError{"stream was invalid, can be either upstream or downstream", 400});
  }
  spec.stream = *stream == "upstream" ? Stream::kUpstream : Stream::kDownstream;
  spec.type = FindToxicType(*type);
  if (spec.type == nullptr)
    return tl::unexpected(
        ApiError{"invalid toxic type: one of " + ToxicTypeNames() + " expected", 400});
  spec.name = name->empty() ? fmt::format("{}_{}", *type, StreamName(spec.stream)) : *name;
  if (spec.name.size() > kLongestName) return Bad("name: at most 200 bytes expected");
  const auto toxicity = Toxicity(**object, 1);
  if (!toxicity) return tl::unexpected(toxicity.error());
  spec.toxicity = *toxicity;
  const auto* attributes = Find(**object, "attributes");
  auto read = ReadAttributes(*spec.type, attributes ? *attributes : json::value(), {});
  if (!read) return Bad(read.error());
  spec.attributes = *std::move(read);
  return spec;
}

Result<ToxicSpec> ReadToxicChange(const json::value& value, const ToxicSpec& present) {
  const auto object =
      Object(value, "a toxic", {"name", "type", "stream", "toxicity", "attributes"});
  if (!object) return tl::unexpected(object.error());
  const std::pair<const char*, std::string> fixed[] = {
      {"name", present.name}, {"type", present.type->name}, {"stream", StreamName(present.stream)}};
  for (const auto& [key, is] : fixed) {
    const auto text = Text(**object, key);
    if (!text) return tl::unexpected(text.error());
    if (!text->empty() && *text != is)
      return Bad(fmt::format("{}: it cannot be changed; delete the toxic and make another", key));
  }
  ToxicSpec spec = present;
  const auto toxicity = Toxicity(**object, present.toxicity);
  if (!toxicity) return tl::unexpected(toxicity.error());
  spec.toxicity = *toxicity;
  const auto* attributes = Find(**object, "attributes");
  auto read =
      ReadAttributes(*spec.type, attributes ? *attributes : json::value(), present.attributes);
  if (!read) return Bad(read.error());
  spec.attributes = *std::move(read);
  return spec;
}

std::string ToJson(const ToxicSpec& toxic) {
  return fmt::format(R"({{"attributes":{},"name":{},"type":"{}","stream":"{}","toxicity":{:g}}})",
                     json::serialize(toxic.attributes), json::serialize(json::value(toxic.name)),
                     toxic.type->name, StreamName(toxic.stream), toxic.toxicity);
}

std::string ToJson(const std::vector<ToxicSpec>& toxics) {
  std::string text;
  for (const auto& toxic : toxics) text += (text.empty() ? "" : ",") + ToJson(toxic);
  return "[" + text + "]";
}

}  // namespace touchstone::proxy
