#include "fault-injection/provider/http_reader.h"

#include <algorithm>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/rfc7230.hpp>

namespace touchstone::provider {

namespace http = boost::beast::http;

namespace {

int StatusOf(const boost::beast::error_code& error) {
  if (error == http::error::body_limit) return 413;
  if (error == http::error::header_limit) return 431;
  return 400;
}

}  // namespace

HttpReader::Result HttpReader::Next() {
  if (error_status_ != 0) return Result::kError;
  if (!parser_) {
    if (buffer_.size() == 0) return Result::kNeedMore;
    parser_.emplace();
    parser_->eager(true);
    parser_->body_limit(kMaxBodyBytes);
    parser_->header_limit(kMaxHeaderBytes);
    continued_ = false;
  }
  while (!parser_->is_done() && buffer_.size() > 0) {
    boost::beast::error_code error;
    const std::size_t used = parser_->put(buffer_.data(), error);
    if (error && error != http::error::need_more) {
      const auto bytes = buffer_.data();
      refused_.assign(static_cast<const char*>(bytes.data()),
                      std::min(bytes.size(), kRefusedBytes));
      error_status_ = StatusOf(error);
      return Result::kError;
    }
    buffer_.consume(used);
    if (error == http::error::need_more && used == 0) break;
  }
  if (parser_->is_done()) return Result::kRequest;
  if (!continued_ && parser_->is_header_done() &&
      boost::beast::iequals(parser_->get()[http::field::expect], "100-continue")) {
    continued_ = true;
    return Result::kNeedMoreAndContinue;
  }
  return Result::kNeedMore;
}

std::string_view HttpReader::target() const {
  if (!parser_) return {};
  const auto target = parser_->get().target();
  return {target.data(), target.size()};
}

HttpReader::Message HttpReader::Take() {
  Message message = parser_->release();
  parser_.reset();
  return message;
}

}  // namespace touchstone::provider
