#include "conformance/drive/bound_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace touchstone {

BoundSocket::BoundSocket(bool listening) {
  descriptor_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (descriptor_ < 0 || ::bind(descriptor_, generic, length) != 0 ||
      ::getsockname(descriptor_, generic, &length) != 0) {
    return;
  }
  // The system accepts for us; nobody ever reads.
  if (listening && ::listen(descriptor_, 128) != 0) return;
  port_ = ntohs(address.sin_port);
}

BoundSocket::~BoundSocket() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace touchstone
