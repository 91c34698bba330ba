#include "conformance/observe/framing.h"

#include <fmt/format.h>

#include "conformance/observe/strict_json.h"

namespace touchstone {
namespace {

Violation Fault(std::string_view what, std::string_view line) {
  return {"FRAME-01",
          fmt::format("stdout must carry one JSON object per line; {}: {}", what, Excerpt(line))};
}

}  // namespace

std::vector<std::string> LineSplitter::Feed(std::string_view bytes) {
  std::vector<std::string> lines;
  while (true) {
    const auto lf = bytes.find('\n');
    if (lf == std::string_view::npos) break;
    pending_.append(bytes.substr(0, lf));
    lines.push_back(std::move(pending_));
    pending_.clear();
    bytes.remove_prefix(lf + 1);
  }
  pending_.append(bytes);
  return lines;
}

JudgedLine JudgeLine(std::string_view line) {
  if (line.empty()) return {std::nullopt, Fault("a blank line came", line)};
  if (!IsValidUtf8(line)) return {std::nullopt, Fault("a line is not valid UTF-8", line)};
  auto json = ParseStrict(line);
  if (!json)
    return {std::nullopt,
            Fault(fmt::format("a line is not JSON ({})", json.error().message), line)};
  JudgedLine judged{std::move(*json), std::nullopt};
  if (!judged.json->is_object()) {
    judged.violation = Fault("a line is JSON, but not an object", line);
  } else if (line.find('\r') != std::string_view::npos) {
    judged.violation = Fault("a line contains a CR", line);
  }
  return judged;
}

std::optional<Violation> JudgeTail(std::string_view pending) {
  if (pending.empty()) return std::nullopt;
  return Fault("stdout ended in the middle of a line (no LF)", pending);
}

std::string Excerpt(std::string_view bytes, std::size_t limit) {
  std::string text;
  const bool utf8 = IsValidUtf8(bytes);
  for (unsigned char byte : bytes) {
    const bool inside_character = utf8 && (byte & 0xc0) == 0x80;
    if (text.size() >= limit && !inside_character)
      return text + fmt::format("… ({} bytes)", bytes.size());
    if (byte < 0x20 || byte == 0x7f || (byte >= 0x80 && !utf8)) {
      text += fmt::format("\\x{:02x}", byte);
    } else {
      text += static_cast<char>(byte);
    }
  }
  return text.empty() ? "(nothing)" : text;
}

}  // namespace touchstone
