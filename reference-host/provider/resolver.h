// Name resolution that can be given up: the system's resolver blocks for as long as it likes.
#pragma once

#include <netdb.h>

#include <memory>
#include <string>

#include <tl/expected.hpp>

#include "reference-host/provider/wait.h"

namespace refhost {

struct AddrInfoFree {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};
using AddressList = std::unique_ptr<addrinfo, AddrInfoFree>;

enum class ResolveFault { kUnresolved, kSilent, kCanceled };

// Waits until `until` or a stop request, whichever is first. Literal addresses need no waiting.
tl::expected<AddressList, ResolveFault> Resolve(const std::string& host, const std::string& port,
                                                const Waiter& waiter, TimePoint until);

}  // namespace refhost
