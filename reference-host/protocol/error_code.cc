#include "reference-host/protocol/error_code.h"

namespace refhost {

std::string_view Name(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidRequest:
      return "INVALID_REQUEST";
    case ErrorCode::kTimeout:
      return "TIMEOUT";
    case ErrorCode::kProviderAuth:
      return "PROVIDER_AUTH";
    case ErrorCode::kProviderRateLimit:
      return "PROVIDER_RATE_LIMIT";
    case ErrorCode::kProviderDown:
      return "PROVIDER_DOWN";
    case ErrorCode::kInternal:
      return "INTERNAL";
    case ErrorCode::kBusy:
      return "BUSY";
  }
  return "INTERNAL";
}

bool Retryable(ErrorCode code) {
  return code != ErrorCode::kInvalidRequest && code != ErrorCode::kProviderAuth;
}

}  // namespace refhost
