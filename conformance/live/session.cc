#include "conformance/live/session.h"

#include <fmt/format.h>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/read.hpp>
#include <chrono>

#include "conformance/live/page.h"
#include "conformance/report/html.h"

namespace touchstone::live {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;

namespace {

// For a request to come, and for a write to get on.
constexpr std::chrono::seconds kPatience{10};
// Without it nobody notices that a browser is gone while nothing happens.
constexpr std::chrono::seconds kSignOfLife{10};

// What a caller may still send that has got its answer.
constexpr std::chrono::seconds kLinger{2};
constexpr std::size_t kMostForgotten = 1 << 20;

std::string_view ReasonOf(unsigned status) {
  return std::string_view(http::obsolete_reason(http::int_to_status(status)));
}

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

}  // namespace

Chunk EventOf(std::string_view line) {
  while (line.ends_with('\n')) line.remove_suffix(1);
  // A field of the event stream is one line: whatever would break it is no part of JSON.
  std::string event = "data: ";
  for (const char c : line) event += c == '\n' || c == '\r' ? ' ' : c;
  return std::make_shared<const std::string>(event + "\n\n");
}

bool HostIsAllowed(std::string_view host) {
  const auto colon = host.rfind(':');
  if (colon != std::string_view::npos && host.find(']', colon) == std::string_view::npos) {
    const auto port = host.substr(colon + 1);
    if (port.empty() || port.find_first_not_of("0123456789") != std::string_view::npos)
      return false;
    host = host.substr(0, colon);
  }
  if (LowerCase(host) == "localhost") return true;
  if (host.size() > 2 && host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  error_code ec;
  asio::ip::make_address(std::string(host), ec);
  return !ec;
}

Session::Session(asio::ip::tcp::socket socket, SessionOwner& owner)
    : stream_(std::move(socket)), owner_(owner), sign_of_life_(stream_.get_executor()) {
  parser_.header_limit(8192);
  parser_.body_limit(0);
}

void Session::Begin() {
  stream_.expires_after(kPatience);
  http::async_read_header(stream_, buffer_, parser_,
                          [self = shared_from_this()](error_code ec, std::size_t) {
                            if (self->closed_) return;
                            if (!ec) return self->Answer();
                            if (ec == beast::error::timeout || ec == http::error::end_of_stream ||
                                ec == asio::error::connection_reset)
                              return self->Close();
                            self->AnswerWith(400, "text/plain", "this is no HTTP request\n");
                          });
}

void Session::Answer() {
  const auto& request = parser_.get();
  const auto target = std::string_view(request.target());
  const auto path = target.substr(0, target.find('?'));
  if (!HostIsAllowed(std::string_view(request[http::field::host]))) {
    AnswerWith(403, "text/plain",
               "ask for this page by address or as localhost: other names are refused\n");
  } else if (request.method() != http::verb::get && request.method() != http::verb::head) {
    AnswerWith(405, "text/plain", "only GET is answered here\n", "Allow: GET, HEAD\r\n");
  } else if (path == "/events" && request.method() == http::verb::get) {
    Stream();
  } else if (path == "/") {
    AnswerWith(200, "text/html; charset=utf-8", LivePage(FreshNonce()));
  } else {
    AnswerWith(404, "text/plain", "there are / and /events\n");
  }
}

void Session::AnswerWith(unsigned status, std::string_view type, std::string body,
                         std::string_view more_headers) {
  const auto head = fmt::format(
      "HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nCache-Control: no-store\r\n"
      "X-Content-Type-Options: nosniff\r\nContent-Security-Policy: frame-ancestors 'none'\r\n"
      "{}Connection: close\r\n\r\n",
      status, ReasonOf(status), type, body.size(), more_headers);
  if (parser_.get().method() == http::verb::head) body.clear();
  Send(std::make_shared<const std::string>(head + body));
}

void Session::Stream() {
  streaming_ = true;
  Send(std::make_shared<const std::string>(
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n"
      "X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n"
      "retry: 2000\n\nevent: begin\ndata: \n\n"));
  for (const auto& line : owner_.PastLines()) Send(EventOf(line));
  Send(std::make_shared<const std::string>("event: live\ndata: \n\n"));
  if (closed_) return;
  owner_.Watch(shared_from_this());
  SendSignOfLife();
  WaitForTheEnd();
}

void Session::Send(Chunk chunk) {
  if (closed_) return;
  pending_bytes_ += chunk->size();
  if (pending_bytes_ > kMostPending) return Close();
  pending_.push_back(std::move(chunk));
  if (!writing_) Write();
}

void Session::Write() {
  writing_ = true;
  stream_.expires_after(kPatience);
  asio::async_write(stream_, asio::buffer(*pending_.front()),
                    [self = shared_from_this()](error_code ec, std::size_t) {
                      self->writing_ = false;
                      if (self->closed_) return;
                      if (ec) return self->Close();
                      self->pending_bytes_ -= self->pending_.front()->size();
                      self->pending_.pop_front();
                      if (!self->pending_.empty()) return self->Write();
                      self->stream_.expires_never();
                      if (!self->streaming_) self->Linger();
                    });
}

// What a caller still sends must be read, or the kernel answers it with a reset, and the answer may
// be lost.
void Session::Linger() {
  error_code ec;
  stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ec);
  stream_.expires_after(kLinger);
  ReadAndForget(kMostForgotten);
}

void Session::ReadAndForget(std::size_t most) {
  stream_.async_read_some(
      asio::buffer(ignored_), [self = shared_from_this(), most](error_code ec, std::size_t n) {
        if (self->closed_) return;
        if (ec || n >= most) return self->Close();
        self->ReadAndForget(most - n);
      });
}

void Session::SendSignOfLife() {
  sign_of_life_.expires_after(kSignOfLife);
  sign_of_life_.async_wait([self = shared_from_this()](error_code ec) {
    if (ec || self->closed_) return;
    self->Send(std::make_shared<const std::string>(":\n\n"));
    self->SendSignOfLife();
  });
}

// A browser that leaves is noticed at once, and what a caller sends beyond its request is nothing.
void Session::WaitForTheEnd() {
  stream_.socket().async_read_some(asio::buffer(ignored_),
                                   [self = shared_from_this()](error_code ec, std::size_t) {
                                     if (self->closed_) return;
                                     if (ec) return self->Close();
                                     self->WaitForTheEnd();
                                   });
}

void Session::Close() {
  if (closed_) return;
  closed_ = true;
  sign_of_life_.cancel();
  error_code ec;
  stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_both, ec);
  stream_.close();
  owner_.Gone(shared_from_this());
}

}  // namespace touchstone::live
