// HTTP/1.1 messages for the provider proxy: bytes to heads and bodies and back. No I/O.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "fault-injection/defective-hosts/provider_proxy.h"

namespace touchstone::defective {

// A request or an answer up to its empty line. `first` is the first line.
struct HttpHead {
  std::string first;
  Headers headers;
  std::size_t size = 0;  // bytes, with the empty line

  std::uint64_t content_length() const;  // 0 when not there
  bool has_length() const { return !HeaderOf(headers, "content-length").empty(); }
  bool chunked() const;
};

// nullopt: the empty line has not come yet.
std::optional<HttpHead> ParseHead(std::string_view bytes);

// As it was read; only its length is set when the body has another one.
std::string RequestBytes(const ProviderExchange& exchange);
std::string AnswerBytes(const ProviderAnswer& answer);

// Takes the bytes of an answer one after the other.
class AnswerReader {
 public:
  explicit AnswerReader(std::size_t limit) : limit_(limit) {}
  // False when it is complete, or longer than the limit.
  bool Take(std::string_view bytes);
  // The provider's FIN. What has come is the answer.
  ProviderAnswer Finish(ProviderAnswer::End end);
  bool complete() const { return complete_; }

 private:
  bool TakeChunks();
  std::size_t limit_;
  std::string raw_;
  std::optional<HttpHead> head_;
  ProviderAnswer answer_;
  bool complete_ = false;
};

}  // namespace touchstone::defective
