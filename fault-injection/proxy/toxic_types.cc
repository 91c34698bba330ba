#include "fault-injection/proxy/toxic_types.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/serialize.hpp>

namespace touchstone::proxy {

namespace json = boost::json;

extern const ToxicType kLatency, kBandwidth, kSlowClose, kTimeout, kResetPeer, kSlicer, kLimitData,
    kNoop, kCutAfter, kBlackholeAfter;

const std::vector<const ToxicType*>& ToxicTypes() {
  static const std::vector<const ToxicType*> types{
      &kLatency,  //
      &kBandwidth, &kSlowClose, &kTimeout,  &kResetPeer,      &kSlicer,
      &kLimitData, &kNoop,      &kCutAfter, &kBlackholeAfter,
  };
  return types;
}

const ToxicType* FindToxicType(std::string_view name) {
  const auto& types = ToxicTypes();
  const auto found = std::ranges::find_if(types, [&](auto* type) { return type->name == name; });
  return found == types.end() ? nullptr : *found;
}

std::string ToxicTypeNames() {
  std::string names;
  for (const auto* type : ToxicTypes())
    names += (names.empty() ? "" : ", ") + std::string(type->name);
  return names;
}

namespace {

std::string Allowed(const Attribute& attribute) {
  if (attribute.words.empty()) {
    return fmt::format("an integer from {} to {} ({})", attribute.low, attribute.high,
                       attribute.unit);
  }
  std::string words;
  for (const char* word : attribute.words)
    words += fmt::format("{}\"{}\"", words.empty() ? "" : " or ", word);
  return words;
}

bool Fits(const Attribute& attribute, const json::value& value) {
  if (!attribute.words.empty()) {
    return value.is_string() && std::ranges::any_of(attribute.words, [&](const char* word) {
             return value.get_string() == word;
           });
  }
  return value.is_int64() && value.get_int64() >= attribute.low &&
         value.get_int64() <= attribute.high;
}

}  // namespace

tl::expected<json::object, std::string> ReadAttributes(const ToxicType& type,
                                                       const json::value& given,
                                                       const json::object& base) {
  if (!given.is_object() && !given.is_null())
    return tl::unexpected("attributes: an object expected, got " + json::serialize(given));
  json::object result;
  for (const auto& attribute : type.attributes) {
    const json::value* value =
        given.is_object() ? given.get_object().if_contains(attribute.name) : nullptr;
    if (value != nullptr && !Fits(attribute, *value)) {
      return tl::unexpected(fmt::format("attribute \"{}\" of {}: {} expected, got {}",
                                        attribute.name, type.name, Allowed(attribute),
                                        json::serialize(*value)));
    }
    if (value == nullptr) value = base.if_contains(attribute.name);
    if (value != nullptr) {
      result[attribute.name] = *value;
    } else if (attribute.kind == Attribute::Kind::kRequired) {
      return tl::unexpected(fmt::format("attribute \"{}\" of {} is missing: {} expected",
                                        attribute.name, type.name, Allowed(attribute)));
    } else if (!attribute.words.empty()) {
      result[attribute.name] = attribute.words.front();
    } else if (attribute.kind == Attribute::Kind::kDefault) {
      result[attribute.name] = attribute.standard;
    }
  }
  if (given.is_object()) {
    for (const auto& [key, value] : given.get_object()) {
      if (std::ranges::any_of(type.attributes, [&](const auto& a) { return a.name == key; }))
        continue;
      std::string names;
      for (const auto& a : type.attributes)
        names += (names.empty() ? "" : ", ") + std::string(a.name);
      return tl::unexpected(fmt::format("attribute \"{}\": {} has no such attribute; it has {}",
                                        std::string_view(key), type.name,
                                        names.empty() ? "none" : names));
    }
  }
  if (type.check != nullptr) {
    if (auto fault = type.check(result); !fault.empty()) return tl::unexpected(fault);
  }
  return result;
}

std::string RenderToxics() {
  std::string page =
      "| toxic | attribute | default | allowed | what it does |\n|---|---|---|---|---|\n";
  for (const auto* type : ToxicTypes()) {
    page += fmt::format("| `{}` | | | | {} |\n", type->name, type->about);
    for (const auto& a : type->attributes) {
      const std::string standard = !a.words.empty()                       ? a.words.front()
                                   : a.kind == Attribute::Kind::kRequired ? "required"
                                   : a.kind == Attribute::Kind::kOptional
                                       ? "–"
                                       : std::to_string(a.standard);
      std::string allowed;
      for (const char* word : a.words)
        allowed += fmt::format("{}`{}`", allowed.empty() ? "" : ", ", word);
      if (a.words.empty()) allowed = fmt::format("{} … {} {}", a.low, a.high, a.unit);
      page += fmt::format("| | `{}` | {} | {} | {} |\n", a.name, standard, allowed, a.about);
    }
  }
  return page;
}

}  // namespace touchstone::proxy
