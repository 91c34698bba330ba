#include "fault-injection/provider/secrets.h"

#include <algorithm>
#include <array>
#include <vector>

#include "fault-injection/provider/control_query.h"
#include "fault-injection/provider/rule_text.h"

namespace touchstone::provider {

namespace {

// Shorter ones are no secret, and their letters are everywhere.
constexpr std::size_t kLeast = 4;

bool IsSecretParameter(std::string_view name) {
  static constexpr std::array<std::string_view, 6> kNames{"key",    "api_key", "api-key",
                                                          "apikey", "token",   "access_token"};
  const std::string lower = Lower(std::string(name));
  return std::find(kNames.begin(), kNames.end(), lower) != kNames.end();
}

// Calls `take` with begin and end of each value in the path's query that is a key.
template <typename Take>
void ForKeysInQuery(std::string_view path, Take take) {
  std::size_t at = std::min(path.find('?'), path.size());
  while (at < path.size()) {
    const std::size_t end = std::min(path.find('&', at + 1), path.size());
    const std::size_t equals = std::min(path.find('=', at), end);
    if (equals + 1 < end && IsSecretParameter(path.substr(at + 1, equals - at - 1))) {
      take(equals + 1, end);
    }
    at = end;
  }
}

std::vector<std::string> KeysOf(const Call& call) {
  std::vector<std::string> keys;
  const auto add = [&](std::string_view key) {
    if (key.size() >= kLeast) keys.emplace_back(key);
  };
  if (!call.key.empty()) keys.push_back(call.key);
  for (const auto& [name, value] : call.headers) {
    if (!IsSecretHeader(name) || name == "cookie") continue;
    add(std::string_view(value).substr(value.rfind(' ') + 1));  // "Bearer KEY"; npos + 1 is 0
  }
  ForKeysInQuery(call.path, [&](std::size_t begin, std::size_t end) {
    const auto raw = std::string_view(call.path).substr(begin, end - begin);
    add(raw);
    if (const auto decoded = Decode(raw, true)) add(*decoded);
  });
  // The longer one first: another may be a part of it.
  std::sort(keys.begin(), keys.end(),
            [](const auto& a, const auto& b) { return a.size() > b.size(); });
  return keys;
}

void Replace(std::string& text, std::string_view key) {
  for (std::size_t at = text.find(key); at != std::string::npos;
       at = text.find(key, at + kInsteadOfKey.size())) {
    text.replace(at, key.size(), kInsteadOfKey);
  }
}

void ReplaceAtCut(std::string& text, std::string_view key, CutEnd cut) {
  for (std::size_t size = std::min(key.size() - 1, text.size()); size >= kLeast; --size) {
    if (cut == CutEnd::kFront && text.starts_with(key.substr(key.size() - size))) {
      text.replace(0, size, kInsteadOfKey);
      return;
    }
    if (cut == CutEnd::kBack && text.ends_with(key.substr(0, size))) {
      text.replace(text.size() - size, size, kInsteadOfKey);
      return;
    }
  }
}

}  // namespace

std::string WithoutKeys(const Call& call, std::string text, CutEnd cut) {
  for (const std::string& key : KeysOf(call)) {
    Replace(text, key);
    if (cut != CutEnd::kNone) ReplaceAtCut(text, key, cut);
  }
  return text;
}

std::string PathWithoutKeys(const Call& call) {
  std::string path;
  std::size_t from = 0;
  ForKeysInQuery(call.path, [&](std::size_t begin, std::size_t end) {
    path.append(call.path, from, begin - from).append(kInsteadOfKey);
    from = end;
  });
  return WithoutKeys(call, path.append(call.path, from));
}

}  // namespace touchstone::provider
