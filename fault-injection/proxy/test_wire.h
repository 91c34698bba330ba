// The two ends of the tests: blocking sockets that report bytes and endings exactly as the system
// does, and a proxy between them. For tests only.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/json/parse.hpp>
#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "fault-injection/proxy/proxy_set.h"

namespace touchstone::proxy {

inline constexpr std::chrono::seconds kGenerous{20};

inline bool Eventually(const std::function<bool()>& holds) {
  const auto deadline = Clock::now() + kGenerous;
  while (!holds()) {
    if (Clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

enum class Ending { kOpen, kFin, kRst };

// What came, and how it ended.
struct Heard {
  std::string bytes;
  Ending ending = Ending::kOpen;
};

class Peer {
 public:
  explicit Peer(int socket) : socket_(socket) {}
  Peer(Peer&& other) noexcept : socket_(std::exchange(other.socket_, -1)) {}
  ~Peer() { Close(); }

  static Peer To(int port) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    return Peer(socket);
  }
  void Send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t size = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (size < 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(size));
    }
  }
  void Fin() { ::shutdown(socket_, SHUT_WR); }
  void Reset() {
    const linger off{1, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &off, sizeof off);
    Close();
  }
  void Close() {
    if (socket_ >= 0) ::close(std::exchange(socket_, -1));
  }
  // One read; nothing within the time leaves it open.
  Heard ReadSome(std::chrono::milliseconds time = kGenerous, std::size_t most = 65536) {
    pollfd waiting{socket_, POLLIN, 0};
    if (::poll(&waiting, 1, static_cast<int>(time.count())) <= 0) return {};
    std::string buffer(most, '\0');
    const ssize_t size = ::recv(socket_, buffer.data(), buffer.size(), 0);
    if (size < 0) return {"", Ending::kRst};
    buffer.resize(static_cast<std::size_t>(size));
    return {buffer, size == 0 ? Ending::kFin : Ending::kOpen};
  }
  // To the end; kOpen if that does not come.
  Heard ReadAll() {
    Heard all;
    while (all.ending == Ending::kOpen) {
      const Heard some = ReadSome();
      if (some.bytes.empty() && some.ending == Ending::kOpen) return all;
      all.bytes += some.bytes;
      all.ending = some.ending;
    }
    return all;
  }
  std::string Read(std::size_t size) {
    std::string bytes;
    while (bytes.size() < size) {
      const Heard some = ReadSome(kGenerous, size - bytes.size());
      if (some.bytes.empty()) break;
      bytes += some.bytes;
    }
    return bytes;
  }

 private:
  int socket_;
};

class Origin {
 public:
  Origin() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(socket_, 512), 0);
    ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
  }
  ~Origin() { ::close(socket_); }
  int port() const { return port_; }
  Peer Accept() {
    pollfd waiting{socket_, POLLIN, 0};
    EXPECT_EQ(::poll(&waiting, 1, 20'000), 1) << "nobody connects";
    return Peer(::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC));
  }

 private:
  int socket_, port_ = 0;
};

class WireTest : public testing::Test {
 protected:
  // Calls the API; the answer's JSON, null for none.
  boost::json::value Api(const std::string& method, const std::string& target, int status,
                         const std::string& body = "") {
    const Answer answer = proxies_.Handle({method, target, body});
    EXPECT_EQ(answer.status, status) << method << " " << target << ": " << answer.body;
    return answer.body.empty() ? boost::json::value() : boost::json::parse(answer.body);
  }
  // Makes the proxy "p" before the origin; its port.
  int MakeProxy(const std::string& toxics = "[]") {
    const auto made = Api("POST", "/proxies", 201,
                          R"({"name":"p","upstream":"127.0.0.1:)" + std::to_string(origin_.port()) +
                              R"(","toxics":)" + toxics + "}");
    const std::string listen(made.at("listen").as_string());
    return port_ = std::stoi(listen.substr(listen.rfind(':') + 1));
  }
  void AddToxic(const std::string& toxic) { Api("POST", "/proxies/p/toxics", 200, toxic); }
  // A connection through the proxy: the client's end and the origin's.
  std::pair<Peer, Peer> Connect() {
    Peer client = Peer::To(port_);
    return {std::move(client), origin_.Accept()};
  }
  boost::json::value Connections() { return Api("GET", "/proxies/p/connections", 200); }
  // What the proxy has read from the origin on its first connection.
  std::int64_t ReceivedDown() {
    return Connections().at_pointer("/connections/0/received_down").as_int64();
  }
  // The record of the n-th connection, once it is closed.
  boost::json::value Closed(std::size_t n = 1) {
    boost::json::value record;
    EXPECT_TRUE(Eventually([&] {
      const auto all = Connections().at("connections").as_array();
      if (all.size() < n) return false;
      record = all[n - 1];
      return !record.at("closed").is_null();
    })) << "the connection stays open";
    return record;
  }

  Origin origin_;
  ProxySet proxies_{1, 2};
  int port_ = 0;
};

}  // namespace touchstone::proxy
