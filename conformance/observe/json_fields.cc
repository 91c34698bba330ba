#include "conformance/observe/json_fields.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/json/array.hpp>

#include "conformance/observe/framing.h"
#include "conformance/observe/strict_json.h"

namespace touchstone {
namespace {

std::string Got(const boost::json::value& value) { return ", got " + Excerpt(ToJson(value), 60); }

}  // namespace

JsonFields::JsonFields(const JsonFile& file, std::string& fault)
    : JsonFields(file, file.value, {}, fault) {}

JsonFields::JsonFields(const JsonFile& file, const boost::json::value& value, Path path,
                       std::string& fault)
    : file_(&file), object_(value.if_object()), path_(std::move(path)), fault_(&fault) {
  if (!object_) Fault("", "expected an object" + Got(value));
}

const boost::json::value* JsonFields::Value(const std::string& key, Need need) {
  known_.push_back(key);
  if (!object_) return nullptr;
  const auto* value = object_->if_contains(key);
  if (!value && need == kNeeded) Fault("", fmt::format("`{}` is missing", key));
  return value;
}

std::optional<std::string> JsonFields::Text(const std::string& key, Need need) {
  const auto* value = Value(key, need);
  if (!value) return std::nullopt;
  if (const auto* text = value->if_string()) return std::string(*text);
  Fault(key, "expected a string" + Got(*value));
  return std::nullopt;
}

std::optional<std::int64_t> JsonFields::Integer(const std::string& key, std::int64_t least,
                                                std::int64_t most, Need need) {
  const auto* value = Value(key, need);
  if (!value) return std::nullopt;
  std::optional<std::int64_t> number;
  if (value->is_int64()) number = value->get_int64();
  if (value->is_uint64() && value->get_uint64() <= std::uint64_t{INT64_MAX})
    number = static_cast<std::int64_t>(value->get_uint64());
  if (number && *number >= least && *number <= most) return number;
  Fault(key, fmt::format("expected an integer from {} to {}{}", least, most, Got(*value)));
  return std::nullopt;
}

std::optional<double> JsonFields::Number(const std::string& key, double least, double most,
                                         Need need) {
  const auto* value = Value(key, need);
  if (!value) return std::nullopt;
  if (value->is_number()) {
    const double number = value->to_number<double>();
    if (number >= least && number <= most) return number;
  }
  Fault(key, fmt::format("expected a number from {} to {}{}", least, most, Got(*value)));
  return std::nullopt;
}

std::optional<bool> JsonFields::Flag(const std::string& key, Need need) {
  const auto* value = Value(key, need);
  if (!value) return std::nullopt;
  if (value->is_bool()) return value->get_bool();
  Fault(key, "expected true or false" + Got(*value));
  return std::nullopt;
}

std::vector<std::string> JsonFields::Texts(const std::string& key, Need need) {
  const auto* value = Value(key, need);
  if (!value) return {};
  std::vector<std::string> texts;
  const auto* list = value->if_array();
  for (std::size_t i = 0; list && i < list->size(); ++i) {
    if (const auto* text = (*list)[i].if_string()) texts.emplace_back(*text);
  }
  if (!list || texts.size() != list->size()) Fault(key, "expected a list of strings" + Got(*value));
  return texts;
}

std::optional<std::string> JsonFields::Word(const std::string& key,
                                            const std::vector<std::string>& words, Need need) {
  const auto* value = Value(key, need);
  if (!value) return std::nullopt;
  if (const auto* text = value->if_string();
      text && std::ranges::find(words, std::string(*text)) != words.end())
    return std::string(*text);
  Fault(key, fmt::format("expected one of {}{}", fmt::join(words, ", "), Got(*value)));
  return std::nullopt;
}

std::optional<JsonFields> JsonFields::Object(const std::string& key, Need need) {
  const auto* value = Value(key, need);
  if (!value) return std::nullopt;
  Path path = path_;
  path.push_back(key);
  return JsonFields(*file_, *value, std::move(path), *fault_);
}

std::size_t JsonFields::Each(const std::string& key, const std::function<void(JsonFields&)>& read,
                             Need need) {
  const auto* value = Value(key, need);
  if (!value) return 0;
  const auto* list = value->if_array();
  if (!list) {
    Fault(key, "expected a list" + Got(*value));
    return 0;
  }
  for (std::size_t i = 0; i < list->size() && fault_->empty(); ++i) {
    Path path = path_;
    path.insert(path.end(), {key, std::to_string(i)});
    JsonFields element(*file_, (*list)[i], std::move(path), *fault_);
    if (fault_->empty()) read(element);
  }
  return list->size();
}

void JsonFields::NothingElse() {
  if (!object_) return;
  for (const auto& [key, value] : *object_) {
    if (std::ranges::find(known_, std::string(key)) == known_.end())
      Fault(std::string(key), fmt::format("unknown key; known: {}", fmt::join(known_, " ")));
  }
}

void JsonFields::Fault(const std::string& key, std::string_view message) {
  if (!fault_->empty()) return;
  Path path = path_;
  if (!key.empty()) path.push_back(key);
  *fault_ = file_->Fault(path, message);
}

}  // namespace touchstone
