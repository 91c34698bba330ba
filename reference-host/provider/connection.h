// A TCP connection, with TLS if the URL asks for it. One thread uses it; every wait ends at once
// when the waiter's stop token is triggered, after `idle_timeout` without progress, and at `until`.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "reference-host/provider/url.h"
#include "reference-host/provider/wait.h"

struct ssl_st;

namespace refhost {

enum class NetFault {
  kUnresolved,
  kRefused,      // by the peer, actively
  kUnreachable,  // no route, and the like
  kReset,        // RST
  kTls,
  kSilent,  // nothing for idle_timeout
  kCanceled,
};

template <typename T>
using NetResult = tl::expected<T, NetFault>;

class Connection {
 public:
  static NetResult<std::unique_ptr<Connection>> Open(const Url& url, const Waiter& waiter,
                                                     Milliseconds idle_timeout, TimePoint until);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  NetResult<void> SendAll(std::string_view bytes);

  // At least one byte, or 0 at the end of the stream.
  NetResult<size_t> Receive(char* buffer, size_t size);

 private:
  Connection(int fd, const Waiter& waiter, Milliseconds idle_timeout, TimePoint until)
      : fd_(fd), waiter_(waiter), idle_timeout_(idle_timeout), until_(until) {}

  NetResult<void> WaitFor(short events);
  NetResult<void> WaitForTls(int result);
  NetResult<void> StartTls(const std::string& host);

  int fd_;
  ssl_st* ssl_ = nullptr;
  const Waiter& waiter_;
  Milliseconds idle_timeout_;
  TimePoint until_;
};

}  // namespace refhost
