// The ways in which a provider's API refuses, as `respond.error` names them. Several names may mean
// the same: each service has its own. What a kind looks like on the wire is a dialect's matter.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace touchstone::provider {

enum class ErrorKind {
  kInvalidRequest,
  kAuthentication,
  kPermission,
  kNotFound,
  kTooLarge,
  kContextLength,
  kRateLimit,
  kQuota,
  kTimeout,
  kServer,
  kOverloaded,
};

// Nothing for a name that is none of KnownErrorKinds().
std::optional<ErrorKind> ErrorKindOf(std::string_view name);

// All names, separated by ", ".
std::string KnownErrorKinds();

}  // namespace touchstone::provider
