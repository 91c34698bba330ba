// Reads a JSON object key by key, and keeps the first thing that is wrong with it, with file and
// line: for files that people write (policies), and for reports that come from elsewhere.
//
//     std::string fault;
//     JsonFields root(file, fault);
//     const auto name = root.Text("name", JsonFields::kNeeded);
//     root.NothingElse();
//     if (!fault.empty()) return tl::unexpected(fault);
//
// After a fault the values read are defaults, and worthless. File and fault must outlive it. For
// one thread.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/observe/json_file.h"

namespace touchstone {

class JsonFields {
 public:
  enum Need { kOptional, kNeeded };
  using Path = std::vector<std::string>;

  // The whole file, which must be an object.
  JsonFields(const JsonFile& file, std::string& fault);

  bool Has(std::string_view key) const { return object_ && object_->contains(key); }
  // The value, or nothing: it is not there, or not as it must be. Bounds belong to the range.
  std::optional<std::string> Text(const std::string& key, Need need = kOptional);
  std::optional<std::int64_t> Integer(const std::string& key, std::int64_t least, std::int64_t most,
                                      Need need = kOptional);
  std::optional<double> Number(const std::string& key, double least, double most,
                               Need need = kOptional);
  std::optional<bool> Flag(const std::string& key, Need need = kOptional);
  std::vector<std::string> Texts(const std::string& key, Need need = kOptional);
  std::optional<JsonFields> Object(const std::string& key, Need need = kOptional);
  // Calls for each element of a list of objects; returns how many there are.
  std::size_t Each(const std::string& key, const std::function<void(JsonFields&)>& read,
                   Need need = kOptional);
  // As it is, for readers of other types.
  const boost::json::value* Value(const std::string& key, Need need = kOptional);
  // One of these words.
  std::optional<std::string> Word(const std::string& key, const std::vector<std::string>& words,
                                  Need need = kOptional);

  // A key that nobody asked for is a fault.
  void NothingElse();
  // The first fault stays; an empty key: the object itself.
  void Fault(const std::string& key, std::string_view message);

  const Path& path() const { return path_; }
  const boost::json::object* object() const { return object_; }

 private:
  JsonFields(const JsonFile& file, const boost::json::value& value, Path path, std::string& fault);

  const JsonFile* file_;
  const boost::json::object* object_ = nullptr;
  Path path_;
  std::string* fault_;
  std::vector<std::string> known_;
};

}  // namespace touchstone
