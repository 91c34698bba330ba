// A TCP socket on a free loopback port: listening it accepts callers and never says a word; else it
// refuses them. Holds the port for as long as it lives. Not copyable.
#pragma once

namespace touchstone {

class BoundSocket {
 public:
  explicit BoundSocket(bool listening);
  ~BoundSocket();

  BoundSocket(const BoundSocket&) = delete;
  BoundSocket& operator=(const BoundSocket&) = delete;

  int port() const { return port_; }  // 1 when no socket was to be had

 private:
  int descriptor_ = -1;
  int port_ = 1;
};

}  // namespace touchstone
