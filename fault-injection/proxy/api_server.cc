#include "fault-injection/proxy/api_server.h"

#include <fmt/format.h>
#include <pthread.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <optional>
#include <set>
#include <thread>

namespace touchstone::proxy {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;

namespace {

constexpr std::uint64_t kLargestBody = 64 << 20;
constexpr std::chrono::seconds kPatience{60};
constexpr std::chrono::milliseconds kAcceptPause{20};

// A page of some other site, open in the developer's browser: it could reach loopback, too.
bool IsFromOtherPage(const http::request<http::string_body>& request) {
  const auto site = request["sec-fetch-site"];
  return request.count(http::field::origin) > 0 ||
         (!site.empty() && site != "none" && site != "same-origin");
}

class Caller : public std::enable_shared_from_this<Caller> {
 public:
  Caller(asio::ip::tcp::socket socket, ProxySet& proxies)
      : stream_(std::move(socket)), proxies_(proxies) {}

  void Read() {
    parser_.emplace();
    parser_->body_limit(kLargestBody);
    stream_.expires_after(kPatience);
    http::async_read(
        stream_, buffer_, *parser_,
        [self = shared_from_this()](const error_code& error, std::size_t) { self->OnRead(error); });
  }
  void Close() { stream_.close(); }

 private:
  void OnRead(const error_code& error) {
    if (error == http::error::body_limit)
      return Say(Error({"request body too large: at most 64 MiB", 413}), false);
    const bool ours = error.category() == make_error_code(http::error::bad_method).category();
    if (ours && error != http::error::end_of_stream && error != http::error::partial_message)
      return Say(Error({"bad request: " + error.message(), 400}), false);
    if (error) return Close();
    const auto& request = parser_->get();
    if (IsFromOtherPage(request))
      return Say(Error({"pages in a browser may not control the proxies", 403}), false);
    Say(proxies_.Handle(
            {std::string(request.method_string()), std::string(request.target()), request.body()}),
        request.keep_alive());
  }

  void Say(Answer answer, bool keep_alive) {
    response_.emplace(static_cast<http::status>(answer.status), 11);
    if (answer.status != 204) response_->set(http::field::content_type, "application/json");
    response_->body() = std::move(answer.body);
    response_->keep_alive(keep_alive);
    response_->prepare_payload();
    if (answer.status == 204) response_->erase(http::field::content_length);
    http::async_write(stream_, *response_,
                      [self = shared_from_this()](const error_code& error, std::size_t) {
                        if (error || !self->response_->keep_alive()) return self->Close();
                        self->Read();
                      });
  }

  beast::tcp_stream stream_;
  ProxySet& proxies_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  std::optional<http::response<http::string_body>> response_;
};

}  // namespace

class ApiServer::Impl {
 public:
  explicit Impl(ProxySet& proxies) : proxies_(proxies) {}
  ~Impl() {
    if (!thread_.joinable()) return;
    asio::post(io_, [this] { io_.stop(); });
    thread_.join();
  }

  std::optional<std::string> Listen(const ApiServerOptions& options) {
    error_code error;
    const auto address =
        asio::ip::make_address(options.host == "localhost" ? "127.0.0.1" : options.host, error);
    const asio::ip::tcp::endpoint endpoint(address, options.port);
    if (!error) acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) {
      return fmt::format("the proxy's API cannot listen on {}:{}: {}", options.host, options.port,
                         error.message());
    }
    port_ = acceptor_.local_endpoint(error).port();
    Accept();
    thread_ = std::jthread([this] {
      pthread_setname_np(pthread_self(), "proxy-api");
      io_.run();
    });
    return std::nullopt;
  }
  std::uint16_t port() const { return port_; }

 private:
  void Accept() {
    acceptor_.async_accept([this](const error_code& error, asio::ip::tcp::socket socket) {
      if (!error) {
        std::make_shared<Caller>(std::move(socket), proxies_)->Read();
        return Accept();
      }
      pause_.expires_after(kAcceptPause);
      pause_.async_wait([this](const error_code& cancelled) {
        if (!cancelled) Accept();
      });
    });
  }

  ProxySet& proxies_;
  asio::io_context io_{1};
  asio::ip::tcp::acceptor acceptor_{io_};
  asio::steady_timer pause_{io_};
  std::uint16_t port_ = 0;
  std::jthread thread_;
};

tl::expected<std::unique_ptr<ApiServer>, std::string> ApiServer::Start(
    const ApiServerOptions& options, ProxySet& proxies) {
  auto impl = std::make_unique<Impl>(proxies);
  if (auto error = impl->Listen(options)) return tl::unexpected(std::move(*error));
  return std::unique_ptr<ApiServer>(new ApiServer(std::move(impl)));
}

ApiServer::ApiServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ApiServer::~ApiServer() = default;
std::uint16_t ApiServer::port() const { return impl_->port(); }

}  // namespace touchstone::proxy
