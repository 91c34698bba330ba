// The caller of the tests: one blocking TCP connection that reports bytes and endings exactly as
// the system does. For tests only.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

namespace touchstone::provider {

enum class Ending { kOpen, kFin, kRst, kTimeout };

inline void PrintTo(Ending ending, std::ostream* out) {
  *out << std::array{"open", "FIN", "RST", "timeout"}[static_cast<std::size_t>(ending)];
}

class TestCaller {
 public:
  explicit TestCaller(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      ADD_FAILURE() << "connect: " << std::strerror(errno);
    }
  }
  ~TestCaller() { Close(); }
  TestCaller(const TestCaller&) = delete;
  TestCaller& operator=(const TestCaller&) = delete;

  void Send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t size = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (size < 0) break;  // the server closed; what it said is read next
      bytes.remove_prefix(static_cast<std::size_t>(size));
    }
  }

  void Post(std::string_view path, std::string_view body, std::string_view more_headers = "") {
    Send("POST " + std::string(path) +
         " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" + std::string(more_headers) +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body));
  }

  void Close() {
    if (socket_ >= 0) ::close(std::exchange(socket_, -1));
  }
  // FIN; what is said can still be read.
  void FinishSending() { ::shutdown(socket_, SHUT_WR); }
  void Reset() {
    const linger at_once{1, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    Close();
  }

  // Reads until `size` bytes are here, or the connection ends, or 10 s pass.
  Ending ReadAtLeast(std::size_t size, std::string& bytes) {
    while (bytes.size() < size) {
      if (const Ending ending = ReadOnce(bytes, 10'000); ending != Ending::kOpen) return ending;
    }
    return Ending::kOpen;
  }

  // Everything until the connection ends.
  std::pair<std::string, Ending> ReadToEnd() {
    std::string bytes;
    const Ending ending = ReadAtLeast(std::string::npos, bytes);
    return {std::move(bytes), ending};
  }

  // One response with a Content-Length; what comes behind it stays for the next.
  std::string ReadResponse() {
    std::size_t need = 1;
    while (ReadAtLeast(need, pending_) == Ending::kOpen) {
      const std::size_t header_end = pending_.find("\r\n\r\n");
      if (header_end == std::string::npos) {
        need = pending_.size() + 1;
        continue;
      }
      const std::size_t length_at = pending_.find("Content-Length: ");
      const std::size_t length =
          length_at < header_end ? std::strtoul(pending_.c_str() + length_at + 16, nullptr, 10) : 0;
      need = header_end + 4 + length;
      if (pending_.size() < need) continue;
      std::string response = pending_.substr(0, need);
      pending_.erase(0, need);
      return response;
    }
    return "";
  }

  // What can be read right now: nothing and kOpen on a silent connection.
  std::pair<std::string, Ending> Peek() {
    std::string bytes;
    const Ending ending = ReadOnce(bytes, 0);
    return {bytes, ending == Ending::kTimeout ? Ending::kOpen : ending};
  }

 private:
  Ending ReadOnce(std::string& bytes, int timeout_ms) {
    pollfd waiting{socket_, POLLIN, 0};
    if (::poll(&waiting, 1, timeout_ms) == 0) return Ending::kTimeout;
    std::array<char, 65536> buffer;
    const ssize_t size = ::recv(socket_, buffer.data(), buffer.size(), 0);
    if (size == 0) return Ending::kFin;
    if (size < 0) {
      if (errno != ECONNRESET) ADD_FAILURE() << "recv: " << std::strerror(errno);
      return Ending::kRst;
    }
    bytes.append(buffer.data(), static_cast<std::size_t>(size));
    return Ending::kOpen;
  }

  int socket_;
  std::string pending_;
};

inline std::string BodyOf(const std::string& response) {
  const std::size_t end = response.find("\r\n\r\n");
  return end == std::string::npos ? "" : response.substr(end + 4);
}

}  // namespace touchstone::provider
