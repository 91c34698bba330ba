// The top-level fields of one line, as written: a SAX pass that keeps the known fields only, so
// that a line of any size or depth costs no more memory than its own strings.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include <tl/expected.hpp>

namespace refhost {

enum class Field {
  kProtocolVersion,
  kType,
  kRequestId,
  kSessionId,
  kTsMs,
  kPrompt,
  kIdempotencyKey,
  kTimeoutMs,
  kStream,
  kMetadata,
  kChannelId,
  kAgent,
  kTargetRequestId,
  kCancelRequestId,
  kCount,
};

struct Absent {};  // not given, or null (REQ-07)
struct Object {};  // some object; its content is not kept
struct Other {};   // array, or a number that is no 64-bit integer
using FieldValue = std::variant<Absent, std::string, int64_t, bool, Object, Other>;

class RequestFields {
 public:
  const FieldValue& operator[](Field field) const { return values_[static_cast<size_t>(field)]; }
  FieldValue& operator[](Field field) { return values_[static_cast<size_t>(field)]; }

 private:
  std::array<FieldValue, static_cast<size_t>(Field::kCount)> values_;
};

// What was read of a line that is no acceptable JSON object, and why it is none.
struct BadJson {
  std::string message;
  RequestFields fields;
};

// Refuses what FRAME-06, FRAME-09, FRAME-10 and FRAME-11 name.
tl::expected<RequestFields, BadJson> ReadRequestFields(std::string_view line);

}  // namespace refhost
