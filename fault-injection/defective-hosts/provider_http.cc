#include "fault-injection/defective-hosts/provider_http.h"

#include <strings.h>

#include <algorithm>
#include <cstdlib>

namespace touchstone::defective {
namespace {

bool SameName(std::string_view a, std::string_view b) {
  return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r'))
    text.remove_suffix(1);
  return text;
}

}  // namespace

std::string HeaderOf(const Headers& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (SameName(key, name)) return value;
  }
  return {};
}

void SetHeader(Headers& headers, const std::string& name, const std::string& value) {
  for (auto& [key, old] : headers) {
    if (!SameName(key, name)) continue;
    old = value;
    return;
  }
  headers.emplace_back(name, value);
}

void RemoveHeader(Headers& headers, std::string_view name) {
  std::erase_if(headers, [&](const auto& header) { return SameName(header.first, name); });
}

std::uint64_t HttpHead::content_length() const {
  return std::strtoull(HeaderOf(headers, "content-length").c_str(), nullptr, 10);
}

bool HttpHead::chunked() const {
  return SameName(HeaderOf(headers, "transfer-encoding"), "chunked");
}

std::optional<HttpHead> ParseHead(std::string_view bytes) {
  const auto end = bytes.find("\r\n\r\n");
  if (end == bytes.npos) return std::nullopt;
  HttpHead head;
  head.size = end + 4;
  auto rest = bytes.substr(0, end);
  const auto first = std::min(rest.find("\r\n"), rest.size());
  head.first = rest.substr(0, first);
  while (rest.size() > first) {
    const auto begin = rest.rfind("\r\n");
    const auto line = rest.substr(begin + 2);
    const auto colon = std::min(line.find(':'), line.size());
    head.headers.emplace_back(line.substr(0, colon),
                              Trimmed(line.substr(std::min(colon + 1, line.size()))));
    rest = rest.substr(0, begin);
  }
  std::ranges::reverse(head.headers);
  return head;
}

std::string RequestBytes(const ProviderExchange& exchange) {
  auto headers = exchange.headers;
  RemoveHeader(headers, "transfer-encoding");
  RemoveHeader(headers, "expect");  // the proxy has said "100 Continue" itself
  const bool sized = !HeaderOf(headers, "content-length").empty();
  if (sized || !exchange.body.empty())
    SetHeader(headers, "Content-Length", std::to_string(exchange.body.size()));
  std::string bytes = exchange.method + " " + exchange.target + " HTTP/1.1\r\n";
  for (const auto& [name, value] : headers) bytes.append(name).append(": ").append(value) += "\r\n";
  return bytes + "\r\n" + exchange.body;
}

std::string AnswerBytes(const ProviderAnswer& answer) {
  if (answer.status == 0) return {};
  auto headers = answer.headers;
  RemoveHeader(headers, "transfer-encoding");
  RemoveHeader(headers, "connection");
  // What was cut stays shorter than it says.
  const auto missing = answer.whole() ? 0u : 1000u;
  SetHeader(headers, "Content-Length", std::to_string(answer.body.size() + missing));
  std::string bytes = "HTTP/1.1 " + std::to_string(answer.status) + " Answer\r\n";
  for (const auto& [name, value] : headers) bytes.append(name).append(": ").append(value) += "\r\n";
  return bytes + "Connection: close\r\n\r\n" + answer.body;
}

bool AnswerReader::Take(std::string_view bytes) {
  raw_.append(bytes);
  if (!head_) {
    head_ = ParseHead(raw_);
    if (!head_) return true;
    answer_.status = head_->first.size() > 9 ? std::atoi(head_->first.c_str() + 9) : 0;
    answer_.headers = head_->headers;
    raw_.erase(0, head_->size);
    if (answer_.status / 100 == 1) {  // "100 Continue": the answer follows
      head_.reset();
      answer_ = {};
      return Take({});
    }
  }
  if (head_->chunked()) {
    if (TakeChunks()) complete_ = true;
  } else {
    answer_.body.append(raw_);
    raw_.clear();
    if (head_->has_length() && answer_.body.size() >= head_->content_length()) complete_ = true;
    if (answer_.status == 204 || answer_.status == 304) complete_ = true;
  }
  return !complete_ && answer_.body.size() <= limit_;
}

bool AnswerReader::TakeChunks() {
  std::size_t at = 0;
  bool last = false;
  while (!last) {
    const auto eol = raw_.find("\r\n", at);
    if (eol == raw_.npos) break;
    const auto size = std::strtoull(raw_.c_str() + at, nullptr, 16);
    if (raw_.size() < eol + 2 + size + 2) break;
    answer_.body.append(raw_, eol + 2, size);
    at = eol + 2 + size + 2;
    last = size == 0;
  }
  raw_.erase(0, at);
  return last;
}

ProviderAnswer AnswerReader::Finish(ProviderAnswer::End end) {
  answer_.end = end;
  if (complete_) answer_.end = ProviderAnswer::End::kWhole;
  // What has come of a chunk that was cut.
  if (const auto eol = raw_.find("\r\n"); head_ && !complete_ && eol != raw_.npos)
    answer_.body.append(raw_, eol + 2);
  // Without a length, FIN is the end.
  const bool open_ended = head_ && !head_->has_length() && !head_->chunked();
  if (open_ended && end == ProviderAnswer::End::kCut && answer_.body.size() <= limit_)
    answer_.end = ProviderAnswer::End::kWhole;
  return std::move(answer_);
}

}  // namespace touchstone::defective
