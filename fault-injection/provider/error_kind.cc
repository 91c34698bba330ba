#include "fault-injection/provider/error_kind.h"

#include <algorithm>
#include <array>
#include <utility>

namespace touchstone::provider {

namespace {

constexpr std::array<std::pair<std::string_view, ErrorKind>, 16> kNames{{
    {"invalid_request_error", ErrorKind::kInvalidRequest},
    {"invalid_api_key", ErrorKind::kAuthentication},
    {"authentication_error", ErrorKind::kAuthentication},
    {"permission_error", ErrorKind::kPermission},
    {"model_not_found", ErrorKind::kNotFound},
    {"not_found_error", ErrorKind::kNotFound},
    {"request_too_large", ErrorKind::kTooLarge},
    {"context_length_exceeded", ErrorKind::kContextLength},
    {"rate_limit_exceeded", ErrorKind::kRateLimit},
    {"rate_limit_error", ErrorKind::kRateLimit},
    {"insufficient_quota", ErrorKind::kQuota},
    {"timeout_error", ErrorKind::kTimeout},
    {"server_error", ErrorKind::kServer},
    {"api_error", ErrorKind::kServer},
    {"server_is_overloaded", ErrorKind::kOverloaded},
    {"overloaded_error", ErrorKind::kOverloaded},
}};

}  // namespace

std::optional<ErrorKind> ErrorKindOf(std::string_view name) {
  const auto found =
      std::find_if(kNames.begin(), kNames.end(), [&](const auto& n) { return n.first == name; });
  if (found == kNames.end()) return std::nullopt;
  return found->second;
}

std::string KnownErrorKinds() {
  std::string names;
  for (const auto& [name, kind] : kNames) {
    if (!names.empty()) names += ", ";
    names += name;
  }
  return names;
}

}  // namespace touchstone::provider
