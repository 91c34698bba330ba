// The seven error codes of the contract (section 4). A bridge decides to retry from the code alone,
// so `Retryable` is a property of the code and nothing else can set it.
#pragma once

#include <string>
#include <string_view>

namespace refhost {

enum class ErrorCode {
  kInvalidRequest,
  kTimeout,
  kProviderAuth,
  kProviderRateLimit,
  kProviderDown,
  kInternal,
  kBusy,
};

std::string_view Name(ErrorCode code);
bool Retryable(ErrorCode code);

// An operating error on its way to the caller. `message` is never empty, is valid UTF-8, is the
// same for the same cause (REQ-10), and never quotes what a provider said (SEC-01).
struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;
};

}  // namespace refhost
