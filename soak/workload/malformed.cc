// Lines that no host may accept.
#include <boost/json/serialize.hpp>

#include "soak/workload/make_work.h"

namespace touchstone::soak {
namespace {

using boost::json::array;
using boost::json::object;

// A good run but for what is set; null takes the field away.
struct BadField {
  const char* requirement;
  object fields;
};

const std::vector<BadField>& BadFields() {
  static const std::vector<BadField> kBad = {
      {"REQ-01", {{"protocol_version", 2}}}, {"REQ-01", {{"protocol_version", "1"}}},
      {"REQ-02", {{"type", "dance"}}},       {"REQ-02", {{"type", 7}}},
      {"REQ-04", {{"session_id", " \t"}}},   {"REQ-05", {{"prompt", nullptr}}},
      {"REQ-05", {{"prompt", 5}}},           {"REQ-06", {{"idempotency_key", ""}}},
      {"REQ-07", {{"timeout_ms", 0}}},       {"REQ-07", {{"timeout_ms", "5"}}},
      {"REQ-07", {{"stream", "yes"}}},       {"REQ-07", {{"metadata", array{}}}},
      {"REQ-07", {{"ts_ms", "now"}}},
  };
  return kBad;
}

enum { kNoObject, kHalf, kNoUtf8, kNoJsonKinds };  // lines that are not even JSON objects

}  // namespace

WorkLine WorkMaker::Malformed() {
  const int kinds = static_cast<int>(BadFields().size());
  const int chosen = dice_.Below(kinds + kNoJsonKinds);
  const bool is_object = chosen < kinds;
  const BadField bad =
      is_object ? BadFields()[static_cast<std::size_t>(chosen)] : BadField{"FRAME-06", {}};
  object fields{{"session_id", prefix_ + "-malformed"},
                {"prompt", "never asked"},
                {"idempotency_key", "never"}};
  for (const auto& [name, value] : bad.fields) {
    if (value.is_null())
      fields.erase(name);
    else
      fields[name] = value;
  }
  auto line = Line(LineRole::kInvalid, "run", {"INVALID_REQUEST"}, bad.requirement, fields);
  if (is_object) return line;
  line.may_be_unknown = true;
  switch (chosen - kinds) {
    case kNoObject:
      line.bytes = "[" + line.bytes + "]";
      break;
    case kHalf:
      line.bytes.resize(line.bytes.size() / 2);
      break;
    default:
      line.requirement = "FRAME-09";
      line.bytes.insert(line.bytes.find("never asked"), "\xc3\x28");
      break;
  }
  return line;
}

}  // namespace touchstone::soak
