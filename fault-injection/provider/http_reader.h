// Bytes to HTTP/1.1 requests, one after the other, over Beast's parser. No I/O.
#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace touchstone::provider {

class HttpReader {
 public:
  using Message = boost::beast::http::request<boost::beast::http::string_body>;

  static constexpr std::uint64_t kMaxBodyBytes = 64u << 20;
  static constexpr std::uint32_t kMaxHeaderBytes = 64u << 10;
  static constexpr std::size_t kReadBytes = 16u << 10;
  static constexpr std::size_t kRefusedBytes = 16;

  // Where the next bytes go; Commit() says how many came.
  boost::asio::mutable_buffer Prepare() { return buffer_.prepare(kReadBytes); }
  void Commit(std::size_t size) { buffer_.commit(size); }
  std::size_t buffered() const { return buffer_.size(); }

  enum class Result {
    kNeedMore,
    kNeedMoreAndContinue,  // the caller waits for "100 Continue"; said once per request
    kRequest,              // Take() it
    kError,                // no further request can be read; error_status() says why
  };
  Result Next();
  Message Take();
  int error_status() const { return error_status_; }
  // Of what kError refused: its first bytes, as far as they were not taken in before.
  const std::string& refused() const { return refused_; }
  // The target of the request that is being read or was refused, as far as it is known.
  std::string_view target() const;

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
  boost::beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  bool continued_ = false;
  int error_status_ = 0;
  std::string refused_;
};

}  // namespace touchstone::provider
