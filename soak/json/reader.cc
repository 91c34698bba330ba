#include "soak/json/reader.h"

#include <fmt/format.h>

#include <boost/json/serialize.hpp>
#include <cmath>
#include <limits>

namespace touchstone::soak {
namespace {

constexpr std::size_t kShown = 60;

template <typename T>
bool ReadInteger(const boost::json::value& from, T& to, std::string& expected) {
  constexpr bool kSigned = std::numeric_limits<T>::is_signed;
  expected = kSigned ? "an integer" : "an integer of 0 or more";
  if (!from.is_int64() && !from.is_uint64()) return false;
  boost::system::error_code wrong;
  const T number = from.to_number<T>(wrong);
  if (wrong) return false;
  to = number;
  return true;
}

}  // namespace

std::string Shown(const boost::json::value& value) {
  std::string text = boost::json::serialize(value);
  if (text.size() <= kShown) return text;
  std::size_t end = kShown;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end) + "…";
}

bool ReadValue(const boost::json::value& from, std::string& to, std::string& expected) {
  expected = "a string";
  if (!from.is_string()) return false;
  to = std::string_view(from.get_string());
  return true;
}

bool ReadValue(const boost::json::value& from, double& to, std::string& expected) {
  expected = "a number";
  if (!from.is_number()) return false;
  const double number = from.to_number<double>();
  if (!std::isfinite(number)) return false;
  to = number;
  return true;
}

bool ReadValue(const boost::json::value& from, int& to, std::string& expected) {
  return ReadInteger(from, to, expected);
}

bool ReadValue(const boost::json::value& from, std::int64_t& to, std::string& expected) {
  return ReadInteger(from, to, expected);
}

bool ReadValue(const boost::json::value& from, std::uint64_t& to, std::string& expected) {
  return ReadInteger(from, to, expected);
}

bool ReadValue(const boost::json::value& from, std::map<std::string, std::int64_t>& to,
               std::string& expected) {
  expected = "an object of integers";
  if (!from.is_object()) return false;
  std::map<std::string, std::int64_t> read;
  for (const auto& [key, number] : from.get_object()) {
    std::string ignored;
    if (!ReadInteger(number, read[std::string(key)], ignored)) return false;
  }
  to = std::move(read);
  return true;
}

ObjectReader::ObjectReader(const boost::json::value& json, std::string path,
                           std::optional<JsonError>& error)
    : object_(json.if_object()), path_(std::move(path)), error_(error) {
  if (!object_) Wrong("", "an object", json);
}

const boost::json::value* ObjectReader::Take(std::string_view key, bool required) {
  if (!object_) return nullptr;
  known_.emplace(key);
  const auto* member = object_->if_contains(key);
  if (!member && required) Fail("", fmt::format("`{}` is missing", key));
  return member;
}

void ObjectReader::RefuseUnknown() {
  if (!object_) return;
  for (const auto& member : *object_) {
    const std::string_view key = member.key();
    if (known_.contains(key)) continue;
    std::string known;
    for (const auto& name : known_) known += (known.empty() ? "" : ", ") + name;
    return Fail(key, fmt::format("unknown key `{}`; known are {}", key, known));
  }
}

void ObjectReader::Fail(std::string_view key, std::string message) {
  if (!error_) error_ = JsonError{PathOf(key), std::move(message)};
}

void ObjectReader::Wrong(std::string_view key, std::string_view expected,
                         const boost::json::value& came) {
  Fail(key, fmt::format("expected {}, got {}", expected, Shown(came)));
}

std::string ObjectReader::PathOf(std::string_view key) const {
  if (path_.empty() || key.empty()) return path_ + std::string(key);
  return fmt::format("{}.{}", path_, key);
}

void ObjectReader::OutOfBounds(std::string_view key, double low, double high) {
  Wrong(key, fmt::format("a number from {:.17g} to {:.17g}", low, high), *Take(key, false));
}

}  // namespace touchstone::soak
