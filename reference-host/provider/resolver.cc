#include "reference-host/provider/resolver.h"

#include <algorithm>
#include <list>
#include <mutex>

namespace refhost {
namespace {

// One look-up in glibc's hands. It must stay where it is until glibc is done with it, even when
// nobody waits for it any longer.
struct Lookup {
  std::string host;
  std::string port;
  addrinfo hints{};
  gaicb request{};
};

// Look-ups that were given up and are still running.
class Abandoned {
 public:
  void Add(std::unique_ptr<Lookup> lookup) {
    std::lock_guard lock(mutex_);
    lookups_.remove_if([](auto& old) {
      if (gai_error(&old->request) == EAI_INPROGRESS) return false;
      if (old->request.ar_result) freeaddrinfo(old->request.ar_result);
      return true;
    });
    lookups_.push_back(std::move(lookup));
  }

 private:
  std::mutex mutex_;
  std::list<std::unique_ptr<Lookup>> lookups_;
};

AddressList ResolveLiteral(const std::string& host, const std::string& port, addrinfo hints) {
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  return AddressList(getaddrinfo(host.c_str(), port.c_str(), &hints, &list) == 0 ? list : nullptr);
}

}  // namespace

tl::expected<AddressList, ResolveFault> Resolve(const std::string& host, const std::string& port,
                                                const Waiter& waiter, TimePoint until) {
  auto lookup = std::make_unique<Lookup>();
  lookup->host = host;
  lookup->port = port;
  lookup->hints.ai_socktype = SOCK_STREAM;
  if (auto literal = ResolveLiteral(host, port, lookup->hints)) return literal;

  lookup->hints.ai_flags = AI_NUMERICSERV;
  lookup->request.ar_name = lookup->host.c_str();
  lookup->request.ar_service = lookup->port.c_str();
  lookup->request.ar_request = &lookup->hints;
  gaicb* requests[] = {&lookup->request};
  if (getaddrinfo_a(GAI_NOWAIT, requests, 1, nullptr) != 0) {
    return tl::unexpected(ResolveFault::kUnresolved);
  }
  // glibc offers no descriptor to wait for, so the stop request is looked at between short waits.
  while (gai_error(&lookup->request) == EAI_INPROGRESS) {
    const bool canceled = waiter.canceled();
    if (canceled || Now() >= until) {
      static Abandoned* abandoned = new Abandoned;  // outlives every thread, by intent
      abandoned->Add(std::move(lookup));
      return tl::unexpected(canceled ? ResolveFault::kCanceled : ResolveFault::kSilent);
    }
    const timespec pause{0, 10'000'000};
    gai_suspend(requests, 1, &pause);
  }
  AddressList list(lookup->request.ar_result);
  if (gai_error(&lookup->request) != 0 || !list) return tl::unexpected(ResolveFault::kUnresolved);
  return list;
}

}  // namespace refhost
