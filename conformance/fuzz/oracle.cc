#include "conformance/fuzz/oracle.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>

#include "conformance/contract/text.h"
#include "conformance/fuzz/json_scan.h"
#include "conformance/observe/strict_json.h"

namespace touchstone::fuzz {
namespace {

constexpr std::string_view kBom = "\xEF\xBB\xBF";
constexpr std::size_t kMaxDepth = 64;
constexpr std::int64_t kMaxTimeoutMs = 86'400'000;
// Well above what an instant provider needs, also on a busy machine.
constexpr std::int64_t kShortTimeoutMs = 30'000;

enum class Owner { kCommon, kRun, kCancel };
struct Known {
  std::string_view key;
  Owner owner;
};
constexpr std::array<Known, 14> kKnown = {{{"protocol_version", Owner::kCommon},
                                           {"type", Owner::kCommon},
                                           {"request_id", Owner::kCommon},
                                           {"session_id", Owner::kCommon},
                                           {"ts_ms", Owner::kCommon},
                                           {"prompt", Owner::kRun},
                                           {"idempotency_key", Owner::kRun},
                                           {"timeout_ms", Owner::kRun},
                                           {"stream", Owner::kRun},
                                           {"metadata", Owner::kRun},
                                           {"channel_id", Owner::kRun},
                                           {"agent", Owner::kRun},
                                           {"target_request_id", Owner::kCancel},
                                           {"cancel_request_id", Owner::kCancel}}};

const Known* FindKnown(std::string_view key) {
  const auto found = std::ranges::find(kKnown, key, &Known::key);
  return found == kKnown.end() ? nullptr : &*found;
}

class Judge {
 public:
  Judge(Mode mode, const Scan& scan) : mode_(mode), scan_(scan) {}

  // From `protocol_version` on. The line is a JSON object in good framing.
  Ruling Fields() {
    const Member* id = Given("request_id");
    const bool id_readable = IsText(id);
    if (id_readable) ruling_.request_id = id->text;
    for (const Member& member : scan_.members) {
      const Known* known = FindKnown(member.key);
      // Also an answer as to a line that is not JSON is right then (FRAME-06), id and all.
      if (member.unheld || member.unheld_inside) HostMayStumble();
      if (member.unheld_inside || (member.unheld && !known)) {
        Choice("FRAME-06", "a number in an unknown field that no 64-bit integer or double holds");
      }
      // RFC 8259 leaves it to the reader; FRAME-11 speaks of known keys alone.
      if (member.twice_inside || (!known && IsRepeated(member))) {
        HostMayStumble();
        Choice("FRAME-11", "an unknown key is given twice");
      }
    }
    const Member* version = Given("protocol_version");
    if (!version || version->kind != JsonKind::kInteger || version->raw != "1")
      return Refuse("REQ-01", "`protocol_version` is not the integer 1");
    const Member* type = Given("type");
    if (!type || type->kind != JsonKind::kString) return Refuse("REQ-02", "`type` is no string");
    if (type->text == "run") ruling_.type = RequestType::kRun;
    if (type->text == "ping") ruling_.type = RequestType::kPing;
    if (type->text == "cancel") ruling_.type = RequestType::kCancel;
    if (type->text == "session_close") ruling_.type = RequestType::kSessionClose;
    if (ruling_.type == RequestType::kNone) return Refuse("REQ-02", "`type` is unknown");
    if (!id_readable) return Refuse("REQ-03", "`request_id` is no string that is not blank");
    if (auto fault = OptionalField("ts_ms")) return Refuse("REQ-07", *fault);
    ForeignFields();
    switch (ruling_.type) {
      case RequestType::kRun:
        return Run();
      case RequestType::kCancel:
        return Cancel();
      case RequestType::kSessionClose:
        return SessionClose();
      default:
        return Ping();
    }
  }

 private:
  // The field, unless it is absent or null (REQ-07: null counts as absent).
  const Member* Given(std::string_view key) const {
    for (const Member& member : scan_.members) {
      if (member.key == key) return member.kind == JsonKind::kNull ? nullptr : &member;
    }
    return nullptr;
  }

  bool IsRepeated(const Member& member) const {
    return std::ranges::any_of(scan_.members, [&](const Member& other) {
      return &other != &member && other.key == member.key;
    });
  }

  static bool IsText(const Member* member) {
    return member && member->kind == JsonKind::kString && !IsBlank(member->text);
  }

  // What is wrong with an optional field by its type or range; nothing when it is absent.
  std::optional<std::string> OptionalField(std::string_view key) {
    const Member* member = Given(key);
    if (!member) return std::nullopt;
    const auto wrong = [&](std::string_view expected) {
      return fmt::format("`{}` is not {}", key, expected);
    };
    if (key == "ts_ms") {
      if (member->kind != JsonKind::kInteger) return wrong("an integer");
      // Its range is nowhere said; a 64-bit signed integer is what any host must take.
      std::int64_t held = 0;
      if (std::from_chars(member->raw.data(), member->raw.data() + member->raw.size(), held).ec !=
          std::errc())
        Choice("REQ-07", "the contract gives `ts_ms` no range");
    } else if (key == "timeout_ms") {
      std::int64_t held = 0;
      if (member->kind != JsonKind::kInteger ||
          std::from_chars(member->raw.data(), member->raw.data() + member->raw.size(), held).ec !=
              std::errc() ||
          held < 1 || held > kMaxTimeoutMs)
        return wrong("an integer from 1 to 86400000");
      ruling_.may_time_out = held < kShortTimeoutMs;
    } else if (key == "stream") {
      if (member->kind != JsonKind::kBool) return wrong("a boolean");
    } else if (key == "metadata") {
      if (member->kind != JsonKind::kObject) return wrong("an object");
    } else if (member->kind != JsonKind::kString) {
      return wrong("a string");
    }
    return std::nullopt;
  }

  // A field of another type of request, with a value that it could not have there: the contract
  // does not say whether it is "known" here (REQ-07) or "unknown" (REQ-08).
  void ForeignFields() {
    const bool may_time_out = ruling_.may_time_out;
    for (const Member& member : scan_.members) {
      const Known* known = FindKnown(member.key);
      if (!known || known->owner == Owner::kCommon) continue;
      if (known->owner == Owner::kRun && ruling_.type == RequestType::kRun) continue;
      if (known->owner == Owner::kCancel && ruling_.type == RequestType::kCancel) continue;
      if (OptionalField(member.key)) Choice("REQ-07", "a field of another type of request");
    }
    ruling_.may_time_out = may_time_out;
  }

  Ruling Run() {
    const Member* session = Given("session_id");
    const Member* key = Given("idempotency_key");
    if (!IsText(session)) return Refuse("REQ-04", "`session_id` is no string that is not blank");
    if (!IsText(Given("prompt")))
      return Refuse("REQ-05", "`prompt` is no string that is not blank");
    if (!IsText(key)) return Refuse("REQ-06", "`idempotency_key` is no string that is not blank");
    for (std::string_view optional : {"timeout_ms", "stream", "metadata", "channel_id", "agent"}) {
      if (auto fault = OptionalField(optional)) return Refuse("REQ-07", *fault);
    }
    ruling_.session_id = session->text;
    ruling_.idempotency_key = key->text;
    return Accept(mode_ == Mode::kStream    ? "LIFE-01"
                  : mode_ == Mode::kOneShot ? "LIFE-04"
                                            : "BRIDGE-01");
  }

  Ruling Cancel() {
    if (mode_ == Mode::kBridge) return Refuse("BRIDGE-01", "`cancel` in the flat shape");
    if (mode_ != Mode::kStream) Choice("CTRL-04", "`cancel` is a request of S alone");
    const Member* session = Given("session_id");
    if (!IsText(session)) return Refuse("REQ-13", "`session_id` is no string that is not blank");
    const Member* target = Given("target_request_id");
    const Member* older = Given("cancel_request_id");
    if ((target && !IsText(target)) || (older && !IsText(older)) || (!target && !older))
      return Refuse("CTRL-03", "no target that is not blank");
    if (target && older && target->text != older->text)
      return Refuse("CTRL-03", "two targets that differ");
    ruling_.session_id = session->text;
    ruling_.target = target ? target->text : older->text;
    return Refuse("CTRL-04", "no such run");
  }

  Ruling SessionClose() {
    const Member* session = Given("session_id");
    if (!IsText(session)) {
      if (mode_ != Mode::kStream) Choice("REQ-13", "a row of S alone");
      return Refuse("REQ-13", "`session_id` is no string that is not blank");
    }
    ruling_.session_id = session->text;
    return Accept("CTRL-09");
  }

  Ruling Ping() {
    const Member* session = Given("session_id");
    if (session && session->kind != JsonKind::kString)
      Choice("REQ-07", "whether `session_id` is an optional field of a ping is not said");
    if (session && session->kind == JsonKind::kString) ruling_.session_id = session->text;
    return Accept(mode_ == Mode::kBridge ? "BRIDGE-01" : "CTRL-01");
  }

  void HostMayStumble() {
    ruling_.id_is_free = true;
    if (ruling_.request_id != "unknown") ruling_.readable_ids = {ruling_.request_id};
  }

  // The contract allows a refusal for this, whatever else the line is.
  void Choice(std::string requirement, std::string reason) {
    if (choice_) return;
    choice_ = true;
    choice_requirement_ = std::move(requirement);
    choice_reason_ = std::move(reason);
  }

  Ruling Refuse(std::string requirement, std::string reason) {
    // Where a row holds in S alone, O and B may do either; else a refusal stays one.
    const bool of_stream_alone =
        mode_ != Mode::kStream && choice_ &&
        (choice_requirement_ == "CTRL-04" || choice_requirement_ == "REQ-13");
    ruling_.standing = of_stream_alone ? Standing::kFree : Standing::kInvalid;
    ruling_.requirement = std::move(requirement);
    ruling_.reason = std::move(reason);
    return std::move(ruling_);
  }

  Ruling Accept(std::string requirement) {
    ruling_.standing = choice_ ? Standing::kFree : Standing::kValid;
    ruling_.requirement = choice_ ? choice_requirement_ : MoreTellingThan(std::move(requirement));
    ruling_.reason = choice_ ? choice_reason_ : "nothing is wrong with it";
    return std::move(ruling_);
  }

  // What a host that refuses this line has most likely broken.
  std::string MoreTellingThan(std::string requirement) const {
    if (scan_.depth > 32) return "FRAME-10";
    bool unknown = false, null = false, special = false;
    for (const Member& member : scan_.members) {
      const Known* known = FindKnown(member.key);
      unknown |= !known;
      null |= known && member.kind == JsonKind::kNull;
      special |= std::ranges::any_of(
          member.text, [](unsigned char c) { return c >= 0x7f || c < 0x20 || c == '\\'; });
    }
    if (unknown) return "REQ-08";
    if (null) return "REQ-07";
    if (special) return "FRAME-17";
    return requirement;
  }

  const Mode mode_;
  const Scan& scan_;
  Ruling ruling_;
  bool choice_ = false;
  std::string choice_requirement_, choice_reason_;
};

// The strings that stand behind "request_id" in bytes that are no JSON: what a lenient reader might
// take for the id.
std::vector<std::string> ReadableIds(std::string_view line) {
  constexpr std::string_view kKey = "request_id";
  std::vector<std::string> ids;
  for (const Member& member : ScanJson(line).members) {
    if (member.key == kKey) ids.push_back(member.text);
  }
  for (auto at = line.find(kKey); at != line.npos; at = line.find(kKey, at + 1)) {
    if (at > 0 && line[at - 1] == '_') continue;  // target_request_id
    auto begin = line.find_first_of(":", at + kKey.size());
    if (begin == line.npos) break;
    begin = line.find('"', begin);
    if (begin == line.npos) break;
    auto end = begin + 1;
    while (end < line.size() && line[end] != '"') end += line[end] == '\\' ? 2 : 1;
    const auto text = std::string(line.substr(begin + 1, std::min(end, line.size()) - begin - 1));
    if (auto scan = ScanJson("{\"k\":\"" + text + "\"}"); scan.is_json)
      ids.push_back(scan.members[0].text);
    ids.push_back(text);
  }
  return ids;
}

Ruling RefuseFraming(std::string requirement, std::string reason, std::string_view line) {
  Ruling ruling;
  ruling.standing = Standing::kInvalid;
  ruling.requirement = std::move(requirement);
  ruling.reason = std::move(reason);
  ruling.id_is_free = true;
  ruling.readable_ids = ReadableIds(line);
  ruling.replaced = ruling.requirement == "FRAME-09";
  return ruling;
}

const Member* KnownTwice(const Scan& scan) {
  for (std::size_t i = 0; i < scan.members.size(); ++i) {
    if (!FindKnown(scan.members[i].key)) continue;
    for (std::size_t j = 0; j < i; ++j) {
      if (scan.members[j].key == scan.members[i].key) return &scan.members[i];
    }
  }
  return nullptr;
}

// A known key twice. Which of the two a host reads that does not refuse is not said, so all that is
// known of its answer is that it comes once.
Ruling GivenTwice(const Scan& scan, const Member& twice) {
  Ruling ruling;
  ruling.standing = Standing::kShould;
  ruling.requirement = "FRAME-11";
  ruling.reason = fmt::format("`{}` is given twice", twice.key);
  ruling.id_is_free = true;
  for (const Member& member : scan.members) {
    if (member.key == "request_id" && member.kind == JsonKind::kString)
      ruling.readable_ids.push_back(member.text);
    if (member.key == "session_id") ruling.session_id = member.text;
    if (member.key == "idempotency_key") ruling.idempotency_key = member.text;
  }
  ruling.may_time_out = true;
  return ruling;
}

}  // namespace

Ruling JudgeRequest(std::string_view line, Mode mode, const OracleLimits& limits) {
  const bool cr = line.ends_with('\r');
  if (cr) line.remove_suffix(1);
  if (line.size() > limits.max_request_bytes) {
    auto ruling = RefuseFraming("FRAME-08", "it is longer than the limit", line);
    // "A CR before the LF": whether a second one is part of the line is not said.
    if (line.size() == limits.max_request_bytes + 1 && line.ends_with('\r')) {
      ruling = JudgeRequest(line, mode, {line.size()});
      ruling.id_is_free = true;
      if (ruling.standing == Standing::kValid) ruling.standing = Standing::kFree;
    }
    return ruling;
  }
  if (IsBlank(line)) {
    if (mode == Mode::kStream) return {};
    Ruling ruling;
    ruling.standing = Standing::kInvalid;
    ruling.requirement = "FRAME-15";
    ruling.reason = "a blank line";
    return ruling;
  }
  if (!IsValidUtf8(line)) return RefuseFraming("FRAME-09", "it is not valid UTF-8", line);
  const bool bom = line.starts_with(kBom);
  const auto text = bom ? line.substr(kBom.size()) : line;
  const Scan scan = ScanJson(text);
  if (!scan.is_json) return RefuseFraming("FRAME-06", "it is not JSON", line);
  if (scan.unpaired_surrogate)
    return RefuseFraming("FRAME-09", "an escape is an unpaired surrogate", line);
  if (scan.depth > kMaxDepth) return RefuseFraming("FRAME-10", "it is nested too deep", line);
  if (!scan.is_object) return RefuseFraming("FRAME-06", "it is not an object", line);
  const Member* twice = KnownTwice(scan);
  Ruling ruling = twice ? GivenTwice(scan, *twice) : Judge(mode, scan).Fields();
  if (bom) {
    ruling.id_is_free = true;
    ruling.readable_ids.push_back(ruling.request_id);
    if (ruling.standing == Standing::kValid) {
      ruling.standing = Standing::kFree;
      ruling.requirement = "FRAME-06";
      ruling.reason = "a BOM before the object";
    }
  }
  // What a host that answers otherwise has most likely broken.
  if (line.size() == limits.max_request_bytes && !ruling.id_is_free) {
    ruling.requirement = "FRAME-08";
  } else if (ruling.standing == Standing::kValid && cr) {
    ruling.requirement = "FRAME-05";
  }
  return ruling;
}

std::string_view ToString(Standing standing) {
  switch (standing) {
    case Standing::kBlank:
      return "blank";
    case Standing::kValid:
      return "valid";
    case Standing::kInvalid:
      return "invalid";
    case Standing::kFree:
      return "free";
    case Standing::kShould:
      return "invalid (should)";
  }
  return "?";
}

}  // namespace touchstone::fuzz
