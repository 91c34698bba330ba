#include "conformance/observe/strict_json.h"

#include <simdjson.h>

#include <fmt/format.h>
#include <boost/json/serialize.hpp>

namespace touchstone {
namespace {

using simdjson::dom::element_type;

// Throws nothing of its own: the DOM is complete when we walk it, so the only refusal left is a
// repeated key.
tl::expected<boost::json::value, JsonError> Convert(simdjson::dom::element element) {
  switch (element.type()) {
    case element_type::NULL_VALUE:
      return boost::json::value(nullptr);
    case element_type::BOOL:
      return boost::json::value(bool(element));
    case element_type::INT64:
      return boost::json::value(std::int64_t(element));
    case element_type::UINT64:
      return boost::json::value(std::uint64_t(element));
    case element_type::DOUBLE:
      return boost::json::value(double(element));
    case element_type::STRING: {
      std::string_view text = element;
      return boost::json::value(boost::json::string(text));
    }
    case element_type::ARRAY: {
      boost::json::array array;
      for (simdjson::dom::element item : simdjson::dom::array(element)) {
        auto converted = Convert(item);
        if (!converted) return converted;
        array.push_back(std::move(*converted));
      }
      return boost::json::value(std::move(array));
    }
    case element_type::OBJECT: {
      boost::json::object object;
      for (auto field : simdjson::dom::object(element)) {
        auto converted = Convert(field.value);
        if (!converted) return converted;
        if (!object.emplace(field.key, std::move(*converted)).second) {
          return tl::unexpected(JsonError{fmt::format("the key \"{}\" is given twice", field.key)});
        }
      }
      return boost::json::value(std::move(object));
    }
  }
  return tl::unexpected(JsonError{"an element of unknown type"});
}

}  // namespace

tl::expected<boost::json::value, JsonError> ParseStrict(std::string_view bytes) {
  // simdjson skips a byte order mark; the contract does not.
  if (bytes.substr(0, 3) == "\xEF\xBB\xBF")
    return tl::unexpected(JsonError{"it begins with a BOM"});
  thread_local simdjson::dom::parser parser;
  simdjson::dom::element root;
  if (auto error = parser.parse(bytes.data(), bytes.size(), true).get(root)) {
    // Its longer messages go on with guesses behind a colon.
    const std::string message = simdjson::error_message(error);
    return tl::unexpected(JsonError{message.substr(0, message.find(':'))});
  }
  return Convert(root);
}

bool IsValidUtf8(std::string_view bytes) {
  return simdjson::validate_utf8(bytes.data(), bytes.size());
}

std::string ToJson(const boost::json::value& value) { return boost::json::serialize(value); }

}  // namespace touchstone
