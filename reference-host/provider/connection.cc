#include "reference-host/provider/connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "reference-host/provider/resolver.h"

namespace refhost {
namespace {

NetFault FromErrno(int error) {
  switch (error) {
    case ECONNREFUSED:
      return NetFault::kRefused;
    case ECONNRESET:
    case EPIPE:
      return NetFault::kReset;
    default:
      return NetFault::kUnreachable;
  }
}

NetFault FromWait(WaitResult result) {
  return result == WaitResult::kCanceled ? NetFault::kCanceled : NetFault::kSilent;
}

NetResult<int> Connect(const addrinfo& address, const Waiter& waiter, TimePoint until) {
  const int fd =
      socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, address.ai_protocol);
  if (fd < 0) return tl::unexpected(NetFault::kUnreachable);
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  int error = connect(fd, address.ai_addr, address.ai_addrlen) == 0 ? 0 : errno;
  if (error == EINPROGRESS || error == EINTR) {
    const WaitResult result = waiter.Wait(fd, POLLOUT, until);
    if (result != WaitResult::kReady) {
      close(fd);
      return tl::unexpected(FromWait(result));
    }
    socklen_t size = sizeof error;
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  }
  if (error == 0) return fd;
  close(fd);
  return tl::unexpected(FromErrno(error));
}

SSL_CTX* TlsContext() {
  static SSL_CTX* context = [] {
    SSL_CTX* made = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_min_proto_version(made, TLS1_2_VERSION);
    SSL_CTX_set_default_verify_paths(made);
    SSL_CTX_set_verify(made, SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_mode(made, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return made;
  }();
  return context;
}

}  // namespace

NetResult<std::unique_ptr<Connection>> Connection::Open(const Url& url, const Waiter& waiter,
                                                        Milliseconds idle_timeout,
                                                        TimePoint until) {
  const TimePoint connect_until = std::min(until, Now() + idle_timeout);
  auto addresses = Resolve(url.host, url.port, waiter, connect_until);
  if (!addresses) {
    switch (addresses.error()) {
      case ResolveFault::kUnresolved:
        return tl::unexpected(NetFault::kUnresolved);
      case ResolveFault::kSilent:
        return tl::unexpected(NetFault::kSilent);
      case ResolveFault::kCanceled:
        return tl::unexpected(NetFault::kCanceled);
    }
  }
  NetFault fault = NetFault::kUnreachable;
  for (const addrinfo* at = addresses->get(); at; at = at->ai_next) {
    auto fd = Connect(*at, waiter, connect_until);
    if (!fd) {
      fault = fd.error();
      if (fault == NetFault::kCanceled || fault == NetFault::kSilent) break;
      continue;
    }
    std::unique_ptr<Connection> connection(new Connection(*fd, waiter, idle_timeout, until));
    if (url.tls) {
      if (auto started = connection->StartTls(url.host); !started) {
        return tl::unexpected(started.error());
      }
    }
    return connection;
  }
  return tl::unexpected(fault);
}

Connection::~Connection() {
  SSL_free(ssl_);
  close(fd_);
}

NetResult<void> Connection::WaitFor(short events) {
  const WaitResult result = waiter_.Wait(fd_, events, std::min(until_, Now() + idle_timeout_));
  if (result != WaitResult::kReady) return tl::unexpected(FromWait(result));
  return {};
}

NetResult<void> Connection::WaitForTls(int result) {
  const int saved = errno;
  switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_WANT_READ:
      return WaitFor(POLLIN);
    case SSL_ERROR_WANT_WRITE:
      return WaitFor(POLLOUT);
    case SSL_ERROR_SYSCALL:
      ERR_clear_error();
      return tl::unexpected(saved == ECONNRESET || saved == EPIPE ? NetFault::kReset
                                                                  : NetFault::kTls);
    default:
      ERR_clear_error();
      return tl::unexpected(NetFault::kTls);
  }
}

NetResult<void> Connection::StartTls(const std::string& host) {
  ssl_ = SSL_new(TlsContext());
  if (!ssl_) return tl::unexpected(NetFault::kTls);
  SSL_set_fd(ssl_, fd_);
  SSL_set_tlsext_host_name(ssl_, host.c_str());
  SSL_set1_host(ssl_, host.c_str());
  while (true) {
    const int result = SSL_connect(ssl_);
    if (result == 1) return {};
    if (auto waited = WaitForTls(result); !waited) return waited;
  }
}

NetResult<void> Connection::SendAll(std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t count = 0;
    if (ssl_) {
      count =
          SSL_write(ssl_, bytes.data(), static_cast<int>(std::min<size_t>(bytes.size(), 1 << 20)));
      if (count <= 0) {
        if (auto waited = WaitForTls(static_cast<int>(count)); !waited) return waited;
        continue;
      }
    } else {
      count = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count < 0) {
        if (errno == EINTR) continue;
        if (errno != EAGAIN) return tl::unexpected(FromErrno(errno));
        if (auto waited = WaitFor(POLLOUT); !waited) return waited;
        continue;
      }
    }
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  return {};
}

NetResult<size_t> Connection::Receive(char* buffer, size_t size) {
  while (true) {
    if (waiter_.canceled()) return tl::unexpected(NetFault::kCanceled);
    if (ssl_) {
      const int count = SSL_read(ssl_, buffer, static_cast<int>(std::min<size_t>(size, 1 << 20)));
      if (count > 0) return static_cast<size_t>(count);
      if (SSL_get_error(ssl_, count) == SSL_ERROR_ZERO_RETURN) return 0;
      if (auto waited = WaitForTls(count); !waited) return tl::unexpected(waited.error());
      continue;
    }
    const ssize_t count = recv(fd_, buffer, size, 0);
    if (count >= 0) return static_cast<size_t>(count);
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return tl::unexpected(FromErrno(errno));
    if (auto waited = WaitFor(POLLIN); !waited) return tl::unexpected(waited.error());
  }
}

}  // namespace refhost
