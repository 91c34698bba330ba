// One connection to the live server: a request, and its answer, which for /events goes on until
// somebody leaves. Lives on the server's thread alone.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace touchstone::live {

class Session;

class SessionOwner {
 public:
  virtual ~SessionOwner() = default;
  virtual std::vector<std::string> PastLines() = 0;
  virtual void Watch(const std::shared_ptr<Session>& session) = 0;
  virtual void Gone(const std::shared_ptr<Session>& session) = 0;
};

using Chunk = std::shared_ptr<const std::string>;

class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(boost::asio::ip::tcp::socket socket, SessionOwner& owner);

  void Begin();
  void Send(Chunk chunk);  // of a watcher
  void Close();

  // What may wait for a slow browser; beyond it, it is dropped.
  static constexpr std::size_t kMostPending = 8 << 20;

 private:
  void Answer();
  void AnswerWith(unsigned status, std::string_view type, std::string body,
                  std::string_view more_headers = "");
  void Stream();
  void Write();
  void Linger();
  void ReadAndForget(std::size_t most);
  void SendSignOfLife();
  void WaitForTheEnd();

  boost::beast::tcp_stream stream_;
  SessionOwner& owner_;
  boost::beast::flat_buffer buffer_;
  boost::beast::http::request_parser<boost::beast::http::empty_body> parser_;
  boost::asio::steady_timer sign_of_life_;
  std::deque<Chunk> pending_;
  std::size_t pending_bytes_ = 0;
  bool writing_ = false, closed_ = false, streaming_ = false;
  char ignored_[4096];
};

// "data: LINE\n\n".
Chunk EventOf(std::string_view line);

// Whether a Host header names this machine by address, or is localhost.
bool HostIsAllowed(std::string_view host);

}  // namespace touchstone::live
