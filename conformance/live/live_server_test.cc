#include "conformance/live/live_server.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <list>
#include <random>
#include <thread>

#include "conformance/live/session.h"

namespace touchstone {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;
using std::chrono::steady_clock;

constexpr std::chrono::seconds kGenerous{30};

// A caller on a plain socket.
class Caller {
 public:
  explicit Caller(const LiveServer& server) {
    socket_.connect({boost::asio::ip::make_address("127.0.0.1"), server.port()});
    // No read of a test may hang for ever.
    timeval time{kGenerous.count(), 0};
    ::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
  }
  void Write(std::string_view bytes) {
    error_code ec;
    boost::asio::write(socket_, boost::asio::buffer(bytes), ec);
  }
  void Get(std::string_view path, std::string_view host = "127.0.0.1") {
    Write(fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\n\r\n", path, host));
  }
  // Reads until `words` have come, behind what was seen before; what came is kept. False at the end
  // of the stream.
  bool Sees(std::string_view words) {
    for (std::size_t from = seen_;;) {
      const auto at = got_.find(words, from);
      if (at != std::string::npos) {
        seen_ = at + words.size();
        return true;
      }
      from = std::max(seen_, got_.size() - std::min(got_.size(), words.size()));
      if (!Read()) return false;
    }
  }
  std::string All() {
    while (Read()) {
    }
    return got_;
  }
  const std::string& got() const { return got_; }
  // Little waits here to be read; and yet more than two segments of loopback, or the kernel would
  // not say that there is room again, and the server would find out after minutes.
  void TakeLittle() {
    socket_.set_option(boost::asio::socket_base::receive_buffer_size(256 * 1024));
  }

 private:
  bool Read() {
    char bytes[65536];
    // Not asio's read: it would wait again when the time is over.
    const auto n = ::recv(socket_.native_handle(), bytes, sizeof bytes, 0);
    if (n > 0) got_.append(bytes, static_cast<std::size_t>(n));
    return n > 0;
  }

  boost::asio::io_context io_;
  tcp::socket socket_{io_};
  std::string got_;
  std::size_t seen_ = 0;
};

std::unique_ptr<LiveServer> StartServer() {
  auto server = LiveServer::Start({});
  EXPECT_TRUE(server) << server.error();
  return std::move(*server);
}

std::string Sample(int at) {
  return fmt::format("{{\"kind\":\"sample\",\"who\":\"host\",\"at_s\":{}}}\n", at);
}

TEST(LiveServer, ServesThePageAndThenTheLines) {
  auto server = StartServer();
  EXPECT_EQ(server->url(), fmt::format("http://127.0.0.1:{}/", server->port()));
  Caller page(*server);
  page.Get("/");
  const auto html = page.All();
  EXPECT_TRUE(html.starts_with("HTTP/1.1 200 OK\r\n")) << html.substr(0, 300);
  EXPECT_NE(html.find("connect-src &#39;self&#39;;"), std::string::npos);
  EXPECT_NE(html.find("</html>"), std::string::npos);

  server->Publish("{\"kind\":\"soak\",\"mode\":\"S\"}\n");
  Caller watcher(*server);
  watcher.Get("/events");
  ASSERT_TRUE(watcher.Sees("event: live\n"));
  EXPECT_NE(watcher.got().find("data: {\"kind\":\"soak\",\"mode\":\"S\"}\n\n"), std::string::npos);
  server->Publish(Sample(1));
  EXPECT_TRUE(watcher.Sees("data: {\"kind\":\"sample\",\"who\":\"host\",\"at_s\":1}\n\n"));
  // Who comes late gets what was.
  Caller late(*server);
  late.Get("/events");
  EXPECT_TRUE(late.Sees("\"at_s\":1}"));
  // The end of the server is the end of the stream.
  server.reset();
  EXPECT_FALSE(watcher.Sees("never"));
}

TEST(LiveServer, RefusesNamesOfOthers) {
  auto server = StartServer();
  for (const char* host : {"evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80",
                           "", "127.0.0.1:80:80", "[::1", "2130706433", "127.0.0.1:x"}) {
    for (const char* path : {"/", "/events"}) {
      Caller caller(*server);
      caller.Get(path, host);
      EXPECT_TRUE(caller.All().starts_with("HTTP/1.1 403 ")) << host << path << caller.got();
    }
  }
  Caller none(*server);
  none.Write("GET /events HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(none.All().starts_with("HTTP/1.1 403 "));
  for (const char* host : {"localhost", "LocalHost:4711", "127.0.0.1:1", "[::1]:4711", "[::1]"})
    EXPECT_TRUE(live::HostIsAllowed(host)) << host;
}

TEST(LiveServer, SaysWhatIsNotThere) {
  auto server = StartServer();
  const std::pair<const char*, const char*> asked[] = {
      {"GET /../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/1.1 404 "},
      {"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 405 "},
      {"HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/1.1 200 "},
      {"hello\r\n\r\n", "HTTP/1.1 400 "}};
  for (const auto& [request, answer] : asked) {
    Caller caller(*server);
    caller.Write(request);
    EXPECT_TRUE(caller.All().starts_with(answer)) << request << caller.got();
  }
  Caller big(*server);
  big.Write("GET / HTTP/1.1\r\nHost: localhost\r\nX: " + std::string(100'000, 'x') + "\r\n\r\n");
  EXPECT_TRUE(big.All().starts_with("HTTP/1.1 400 ")) << big.got().substr(0, 100);
}

TEST(LiveServer, OutlivesGarbage) {
  auto server = StartServer();
  std::mt19937 random(7);
  const std::string seeds[] = {"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n",
                               "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\nabc"};
  for (int i = 0; i < 300; ++i) {
    std::string bytes = seeds[i % 2];
    for (int n = 0; n < 1 + i % 9; ++n)
      bytes[random() % bytes.size()] = static_cast<char>(random());
    if (i % 5 == 0) bytes.resize(random() % bytes.size());
    Caller caller(*server);  // and leaves at once
    caller.Write(bytes);
    server->Publish(bytes);
  }
  Caller caller(*server);
  caller.Get("/events");
  EXPECT_TRUE(caller.Sees("event: live\n"));
  server->Publish(Sample(5));
  EXPECT_TRUE(caller.Sees("\"at_s\":5}"));
}

TEST(LiveServer, DropsWhoDoesNotReadAndNeverWaits) {
  auto server = StartServer();
  Caller slow(*server);
  slow.TakeLittle();
  slow.Get("/events");
  ASSERT_TRUE(slow.Sees("event: live\n"));
  Caller quick(*server);
  quick.Get("/events");
  ASSERT_TRUE(quick.Sees("event: live\n"));
  // Far more than what a session may hold back, and the sockets.
  const std::string message(10'000, 'x');
  const int lines = static_cast<int>(4 * live::Session::kMostPending / message.size());
  for (int i = 0; i < lines; ++i) {
    server->Publish(
        fmt::format("{{\"kind\":\"failure\",\"at_s\":{},\"message\":\"{}\"}}", i, message));
    if (i % 50 == 0) {
      ASSERT_TRUE(quick.Sees(fmt::format("\"at_s\":{},", i)));
    }
  }
  // The quick one got all, and the slow one's stream has an end, with something missing.
  ASSERT_TRUE(quick.Sees(fmt::format("\"at_s\":{},", lines - 1)));
  EXPECT_LT(slow.All().size(), 2 * live::Session::kMostPending + (8u << 20));
}

TEST(LiveServer, SaysWhyItCannotListen) {
  auto first = StartServer();
  const auto second = LiveServer::Start({"127.0.0.1", first->port()});
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().find(fmt::format("port {}", first->port())), std::string::npos);
  EXPECT_FALSE(LiveServer::Start({"not an address", 0}));
}

}  // namespace
}  // namespace touchstone
