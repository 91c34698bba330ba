// The mock LLM provider: an HTTP/1.1 server that answers as rules say and misbehaves exactly on the
// wire. It has one thread of its own; its methods may be called from any other.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <tl/expected.hpp>

#include "fault-injection/provider/lane.h"

namespace touchstone::provider {

struct ServerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;  // 0: any free one
  // Whether callers may control the lane "" over HTTP, docs/provider-control.md. Not for a server
  // whose caller is judged: it could make its own judge say what it likes.
  bool control = false;
};

class Server {
 public:
  // Listens before it returns. The error is a sentence that names address and port.
  static tl::expected<std::unique_ptr<Server>, std::string> Start(ServerOptions options);

  // Closes all connections and lanes, joins the thread.
  ~Server();

  std::uint16_t port() const;

  // Requests below /lane/NAME/. The name "" is the lane of a stand-alone provider, at /. A name
  // that is open already gives the same lane, and its options stay.
  Lane& OpenLane(const std::string& name, LaneOptions options = {});

  // Closes the lane's connections and ends its waits, then destroys it. When this returns no call
  // of the lane is in progress. A name that is not open is ignored.
  void CloseLane(const std::string& name);

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace touchstone::provider
