#include "fault-injection/defective-hosts/provider_proxy.h"

#include <arpa/inet.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <list>
#include <optional>
#include <thread>

#include "fault-injection/defective-hosts/provider_http.h"

namespace touchstone::defective {
namespace {

using End = ProviderAnswer::End;

sockaddr_in Loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

class Socket {
 public:
  explicit Socket(int fd = -1) : fd_(fd) {}
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Socket() { Close(); }
  int fd() const { return fd_; }
  bool open() const { return fd_ >= 0; }
  void Close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  // RST, after all that was sent has reached the other side.
  void Reset() {
    if (fd_ < 0) return;
    for (int unsent = 1, turns = 0; unsent > 0 && turns < 2000; ++turns) {
      if (::ioctl(fd_, SIOCOUTQNSD, &unsent) != 0 || unsent == 0) break;
      ::usleep(1000);
    }
    const linger now{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    Close();
  }

 private:
  int fd_;
};

Socket Connected(std::uint16_t port) {
  Socket socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto address = Loopback(port);
  if (::connect(socket.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return Socket();
  const int on = 1;
  ::setsockopt(socket.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return socket;
}

// One connection of the host, and its exchanges, one after the other.
class Caller {
 public:
  Caller(Socket host, std::uint16_t port, int stop, std::atomic<int>& count,
         const ProviderProxy::Hook& hook)
      : host_(std::move(host)), port_(port), stop_(stop), count_(count), hook_(hook) {}

  void Run() {
    while (auto exchange = ReadRequest()) {
      exchange->number = ++count_;
      bool done = false;
      exchange->fetch = [&](std::size_t limit) { return Fetch(*exchange, limit); };
      exchange->reply = [&](const ProviderAnswer& answer) {
        done = true;
        Reply(answer);
      };
      exchange->silence = [&] {
        done = true;
        while (Await(-1) == Side::kHost && ReadSome(host_).value_or(1) > 0) {
        }
        host_.Close();
      };
      hook_(*exchange);
      if (!done) PassOn(*exchange);
    }
  }

 private:
  enum class Side { kHost, kProvider, kStop };

  // Who has something to say.
  Side Await(int provider) {
    pollfd polled[] = {{stop_, POLLIN, 0}, {host_.fd(), POLLIN, 0}, {provider, POLLIN, 0}};
    while (::poll(polled, 3, -1) < 0) {
    }
    if (polled[0].revents != 0) return Side::kStop;
    return polled[1].revents != 0 ? Side::kHost : Side::kProvider;
  }

  // Appends to bytes_: how many; 0 at FIN, nullopt at RST.
  std::optional<std::size_t> ReadSome(Socket& from) {
    char chunk[65536];
    const auto n = ::recv(from.fd(), chunk, sizeof chunk, 0);
    if (n < 0) return std::nullopt;
    bytes_.assign(chunk, static_cast<std::size_t>(n));
    return static_cast<std::size_t>(n);
  }

  bool Write(Socket& to, std::string_view bytes) {
    while (!bytes.empty()) {
      pollfd polled[] = {{stop_, POLLIN, 0}, {to.fd(), POLLOUT, 0}};
      if (::poll(polled, 2, -1) < 0) continue;
      if (polled[0].revents != 0) return false;
      const auto n = ::send(to.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (n < 0 && errno != EAGAIN && errno != EINTR) return false;
      if (n > 0) bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }

  bool ReadMore() {
    if (!host_.open() || Await(-1) != Side::kHost || ReadSome(host_).value_or(0) == 0) return false;
    request_.append(bytes_);
    return true;
  }

  std::optional<ProviderExchange> ReadRequest() {
    std::optional<HttpHead> head;
    while (!(head = ParseHead(request_))) {
      if (!ReadMore()) return std::nullopt;
    }
    const auto length = static_cast<std::size_t>(head->content_length());
    if (!HeaderOf(head->headers, "expect").empty()) Write(host_, "HTTP/1.1 100 Continue\r\n\r\n");
    while (request_.size() < head->size + length) {
      if (!ReadMore()) return std::nullopt;
    }
    ProviderExchange exchange;
    exchange.headers = head->headers;
    exchange.body = request_.substr(head->size, length);
    const auto space = head->first.find(' ');
    exchange.method = head->first.substr(0, space);
    exchange.target = head->first.substr(space + 1, head->first.rfind(' ') - space - 1);
    request_.erase(0, head->size + length);
    return exchange;
  }

  // Until either side closes; what the host sends after the request is its next one.
  void PassOn(const ProviderExchange& exchange) {
    if (!provider_.open()) provider_ = Connected(port_);
    if (!provider_.open()) return host_.Reset();
    bool fin = false;
    if (!Write(provider_, RequestBytes(exchange))) provider_.Reset();
    while (provider_.open() && host_.open()) {
      switch (Await(fin ? -1 : provider_.fd())) {
        case Side::kStop:
          return host_.Close();
        case Side::kHost:
          if (ReadSome(host_).value_or(0) > 0) {
            request_.append(bytes_);
            return;
          }
          if (exchange.leave_open) LeaveOpen();
          return host_.Close();
        case Side::kProvider:
          fin = !Relay();
      }
    }
    host_.Reset();
  }

  // False at the provider's FIN.
  bool Relay() {
    const auto n = ReadSome(provider_);
    if (!n) {
      provider_.Close();
    } else if (*n == 0) {
      ::shutdown(host_.fd(), SHUT_WR);
      return false;
    } else if (!Write(host_, bytes_)) {
      host_.Close();
      provider_.Close();
    }
    return true;
  }

  void LeaveOpen() {
    host_.Close();
    while (Await(provider_.fd()) == Side::kProvider && ReadSome(provider_).value_or(0) > 0) {
    }
  }

  ProviderAnswer Fetch(const ProviderExchange& exchange, std::size_t limit) {
    AnswerReader reader(limit);
    Socket provider = Connected(port_);
    if (!provider.open()) return reader.Finish(End::kRefused);
    if (!Write(provider, RequestBytes(exchange))) return reader.Finish(End::kReset);
    while (true) {
      if (Await(provider.fd()) != Side::kProvider) {
        host_.Close();
        return reader.Finish(End::kGone);
      }
      const auto n = ReadSome(provider);
      if (!n) return reader.Finish(End::kReset);
      if (*n == 0 || !reader.Take(bytes_)) return reader.Finish(End::kCut);
    }
  }

  void Reply(const ProviderAnswer& answer) {
    if (answer.end == End::kGone || !Write(host_, AnswerBytes(answer))) return host_.Close();
    if (answer.end == End::kReset || answer.end == End::kRefused) return host_.Reset();
    ::shutdown(host_.fd(), SHUT_WR);
    while (Await(-1) == Side::kHost && ReadSome(host_).value_or(0) > 0) {
    }
    host_.Close();
  }

  Socket host_, provider_;
  const std::uint16_t port_;
  const int stop_;
  std::atomic<int>& count_;
  const ProviderProxy::Hook& hook_;
  std::string bytes_, request_;
};

// "http://127.0.0.1:8080/v1": where the port stands.
std::optional<std::pair<std::size_t, std::size_t>> PortIn(const std::string& url) {
  constexpr std::string_view kScheme = "http://";
  if (!url.starts_with(kScheme)) return std::nullopt;
  const auto end = std::min(url.find_first_of("/?#", kScheme.size()), url.size());
  const auto at = url.rfind('@', end);
  const auto begin = at == url.npos ? kScheme.size() : at + 1;
  for (const std::string_view host : {"127.0.0.1:", "localhost:"}) {
    if (url.compare(begin, host.size(), host) == 0)
      return std::pair{begin + host.size(), end - begin - host.size()};
  }
  return std::nullopt;
}

}  // namespace

void VisitByGet(const std::string& url) {
  const auto port = PortIn(url);
  if (!port) return;
  const auto number = std::atoi(url.substr(port->first, port->second).c_str());
  const Socket other = Connected(static_cast<std::uint16_t>(number));
  const std::string request =
      "GET " + url.substr(port->first + port->second) + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
  if (other.open()) (void)::send(other.fd(), request.data(), request.size(), MSG_NOSIGNAL);
}

struct ProviderProxy::Impl {
  struct Connection {
    std::thread thread;
    std::atomic<bool> ended{false};
  };

  explicit Impl(Hook hook) : hook(std::move(hook)), stop(::eventfd(0, EFD_CLOEXEC)) {}

  ~Impl() {
    const std::uint64_t one = 1;
    (void)!::write(stop, &one, sizeof one);
    for (auto& thread : listeners) thread.join();
    ::close(stop);
  }

  // The port that stands for the provider's.
  std::uint16_t Listen(std::uint16_t provider) {
    Socket listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    auto address = Loopback(0);
    socklen_t size = sizeof address;
    auto* any = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener.fd(), any, size) != 0 || ::listen(listener.fd(), 1024) != 0 ||
        ::getsockname(listener.fd(), any, &size) != 0) {
      std::abort();
    }
    listeners.emplace_back([this, provider, listener = std::move(listener)]() mutable {
      Accept(listener.fd(), provider);
    });
    return ntohs(address.sin_port);
  }

  void Accept(int listener, std::uint16_t provider) {
    std::list<Connection> connections;
    while (true) {
      pollfd polled[] = {{stop, POLLIN, 0}, {listener, POLLIN, 0}};
      if (::poll(polled, 2, -1) < 0) continue;
      if (polled[0].revents != 0) break;
      Socket host(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
      if (!host.open()) continue;
      const int on = 1;
      ::setsockopt(host.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      connections.remove_if([](Connection& old) {
        if (old.ended) old.thread.join();
        return old.ended.load();
      });
      auto& connection = connections.emplace_back();
      connection.thread =
          std::thread([this, provider, &connection, host = std::move(host)]() mutable {
            Caller(std::move(host), provider, stop, count, hook).Run();
            connection.ended = true;
          });
    }
    for (auto& connection : connections) connection.thread.join();
  }

  const Hook hook;
  const int stop;
  std::atomic<int> count{0};
  std::vector<std::thread> listeners;
};

ProviderProxy::ProviderProxy(Launch& launch, Hook hook)
    : impl_(std::make_unique<Impl>(std::move(hook))) {
  sigset_t all, before;  // signals belong to the shim's own thread
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  for (const char* name : {"LLM_BASE_URL", "OPENAI_BASE_URL", "LLM_FALLBACK_BASE_URL"}) {
    const auto found = launch.environment.find(name);
    if (found == launch.environment.end()) continue;
    const auto port = PortIn(found->second);
    if (!port) continue;
    const int number = std::atoi(found->second.substr(port->first, port->second).c_str());
    if (number <= 0 || number > 65535) continue;
    const auto own = impl_->Listen(static_cast<std::uint16_t>(number));
    found->second.replace(port->first, port->second, std::to_string(own));
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

ProviderProxy::~ProviderProxy() = default;

}  // namespace touchstone::defective
