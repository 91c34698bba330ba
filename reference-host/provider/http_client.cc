#include "reference-host/provider/http_client.h"

#include <algorithm>

namespace refhost {
namespace {

constexpr size_t kMaxHeadBytes = 64 * 1024;
constexpr size_t kReadBytes = 64 * 1024;

HttpFault FromNet(NetFault fault) {
  switch (fault) {
    case NetFault::kUnresolved:
      return HttpFault::kUnresolved;
    case NetFault::kRefused:
      return HttpFault::kRefused;
    case NetFault::kUnreachable:
      return HttpFault::kUnreachable;
    case NetFault::kReset:
      return HttpFault::kReset;
    case NetFault::kTls:
      return HttpFault::kTls;
    case NetFault::kSilent:
      return HttpFault::kSilent;
    case NetFault::kCanceled:
      return HttpFault::kCanceled;
  }
  return HttpFault::kMalformed;
}

std::string Serialize(const Url& url, const HttpRequest& request) {
  std::string out = request.method + " " + url.path + request.path + " HTTP/1.1\r\n";
  out += "Host: " + url.Authority() + "\r\n";
  for (const auto& [name, value] : request.headers) out += name + ": " + value + "\r\n";
  out += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  out += "Accept: application/json\r\nConnection: close\r\n\r\n";
  return out += request.body;
}

// Where the body begins, or npos while the head is not complete.
size_t EndOfHead(const std::string& bytes) {
  const size_t crlf = bytes.find("\r\n\r\n");
  const size_t lf = bytes.find("\n\n");
  if (crlf == std::string::npos && lf == std::string::npos) return std::string::npos;
  return crlf < lf ? crlf + 4 : lf + 2;
}

class ResponseReader {
 public:
  ResponseReader(Connection& connection, const HttpLimits& limits)
      : connection_(connection), limits_(limits) {}

  HttpResult Read() {
    do {
      if (auto fault = ReadHead()) return tl::unexpected(*fault);
    } while (head_.status < 200);  // 1xx announce the real one
    HttpResponse response{head_.status, head_.retry_after, ""};
    if (head_.status < 300) {
      if (auto fault = ReadBody(response.body)) return tl::unexpected(*fault);
    }
    return response;
  }

 private:
  std::optional<HttpFault> ReadHead() {
    size_t end;
    while ((end = EndOfHead(pending_)) == std::string::npos) {
      if (pending_.size() > kMaxHeadBytes) return HttpFault::kMalformed;
      auto count = Fill();
      if (!count) return FromNet(count.error());
      if (*count == 0) return HttpFault::kReset;
    }
    const auto head = ParseHttpHead(std::string_view(pending_).substr(0, end));
    if (!head) return HttpFault::kMalformed;
    head_ = *head;
    pending_.erase(0, end);
    return std::nullopt;
  }

  std::optional<HttpFault> ReadBody(std::string& body) {
    if (head_.status == 204) return std::nullopt;
    if (head_.chunked) return ReadChunked(body);
    const size_t length = head_.content_length.value_or(limits_.max_body_bytes + 1);
    if (head_.content_length && length > limits_.max_body_bytes) return HttpFault::kTooLarge;
    body = std::move(pending_);
    while (body.size() < length) {
      pending_.clear();
      auto count = Fill();
      if (!count) return FromNet(count.error());
      if (*count == 0) {
        if (head_.content_length) return HttpFault::kCut;
        return std::nullopt;
      }
      body += pending_;
    }
    if (!head_.content_length) return HttpFault::kTooLarge;
    body.resize(length);
    return std::nullopt;
  }

  std::optional<HttpFault> ReadChunked(std::string& body) {
    ChunkDecoder decoder;
    decoder.Feed(pending_, body);
    while (decoder.state() != ChunkDecoder::State::kDone) {
      if (decoder.state() == ChunkDecoder::State::kBroken) return HttpFault::kMalformed;
      if (body.size() > limits_.max_body_bytes) return HttpFault::kTooLarge;
      pending_.clear();
      auto count = Fill();
      if (!count) return FromNet(count.error());
      if (*count == 0) return HttpFault::kCut;
      decoder.Feed(pending_, body);
    }
    if (body.size() > limits_.max_body_bytes) return HttpFault::kTooLarge;
    return std::nullopt;
  }

  // Appends what has come to pending_.
  NetResult<size_t> Fill() {
    const size_t old = pending_.size();
    pending_.resize(old + kReadBytes);
    auto count = connection_.Receive(pending_.data() + old, kReadBytes);
    pending_.resize(old + (count ? *count : 0));
    return count;
  }

  Connection& connection_;
  const HttpLimits& limits_;
  std::string pending_;
  HttpHead head_;
};

}  // namespace

HttpResult Exchange(const Url& url, const HttpRequest& request, const HttpLimits& limits,
                    std::stop_token stop) {
  const Waiter waiter(std::move(stop));
  auto connection = Connection::Open(url, waiter, limits.idle_timeout, limits.until);
  if (!connection) return tl::unexpected(FromNet(connection.error()));
  const auto sent = (*connection)->SendAll(Serialize(url, request));
  if (!sent && sent.error() != NetFault::kReset) return tl::unexpected(FromNet(sent.error()));
  // A server may refuse a request before it has read all of it: its answer is still worth reading.
  return ResponseReader(**connection, limits).Read();
}

}  // namespace refhost
