// The steps that prove a fault: what the provider did, and what the network is like without it.
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "conformance/golden/player.h"
#include "conformance/golden/provider_did.h"

namespace touchstone {
namespace {

// The host has done its part when a proof is looked at; what the provider did is all but written.
constexpr std::chrono::milliseconds kSettles{2000};

struct Addresses {
  int error = 0;
  std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> list{nullptr, &::freeaddrinfo};
};

Addresses Resolve(const std::string& name, const std::string& port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  Addresses addresses;
  addresses.error =
      ::getaddrinfo(name.c_str(), port.empty() ? nullptr : port.c_str(), &hints, &found);
  if (addresses.error == 0) addresses.list.reset(found);
  return addresses;
}

bool HaveEnded(const provider::Snapshot& journal) {
  return std::ranges::all_of(journal.calls, [](const provider::Call& call) {
    return call.answered || call.closed_at.has_value();
  });
}

}  // namespace

StepResult Player::ProviderDid(const Step& step) {
  StepResult failure;
  const auto pattern = Resolve(step.argument, failure);
  if (failure) return failure;
  std::string difference;
  Captures captures;
  const auto own = step.Number("deadline_ms");
  const auto deadline = Clock::now() + (own ? std::chrono::milliseconds(*own) : kSettles);
  // An answer on the wire is journaled a moment later: that there was none is known only when the
  // call has ended, as it does with its host.
  talk_.lane().WaitUntil(HaveEnded, deadline);
  const bool holds = talk_.lane().WaitUntil(
      [&](const provider::Snapshot& journal) {
        captures = captures_;
        difference = DidMismatch(pattern, journal, captures).value_or("");
        return difference.empty();
      },
      deadline);
  if (!holds) return Broken(difference);
  captures_ = captures;
  return std::nullopt;
}

StepResult Player::DoesNotResolve(const Step& step) {
  StepResult failure;
  const std::string name(Resolve(step.argument, failure).get_string());
  if (failure) return failure;
  if (touchstone::Resolve(name, "").error != 0) return std::nullopt;
  return Broken(fmt::format("the name {} resolves on this machine", name));
}

StepResult Player::RefusesConnections(const Step& step) {
  StepResult failure;
  const std::string address(Resolve(step.argument, failure).get_string());
  if (failure) return failure;
  const auto colon = address.rfind(':');
  if (colon == std::string::npos) return Bug("expected HOST:PORT, got " + address);
  const auto found = touchstone::Resolve(address.substr(0, colon), address.substr(colon + 1));
  if (found.error != 0) return Broken(fmt::format("{}: {}", address, ::gai_strerror(found.error)));
  const int socket = ::socket(found.list->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return Broken(std::strerror(errno));
  const bool connected = ::connect(socket, found.list->ai_addr, found.list->ai_addrlen) == 0;
  const int why = errno;
  ::close(socket);
  if (!connected && why == ECONNREFUSED) return std::nullopt;
  return Broken(fmt::format("{} does not refuse: {}", address,
                            connected ? "it accepts" : std::strerror(why)));
}

}  // namespace touchstone
