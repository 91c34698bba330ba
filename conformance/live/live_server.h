// A running soak in the browser: serves one page on HTTP, and the lines of the soak's record as
// server-sent events. Who comes late gets first what was, thinned out (history.h).
//
// A soak must not suffer from who watches it: Publish() never waits, memory is bounded, and a
// browser that does not read is dropped (it connects again by itself). Requests whose Host header
// is a name other than localhost are refused: a page elsewhere could otherwise read along by
// letting a name of its own point here (DNS rebinding).
//
// Thread-safe; one thread of its own.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

namespace touchstone {

struct LiveOptions {
  std::string address = "127.0.0.1";  // an IP address; others than loopback only when told
  std::uint16_t port = 0;             // 0: a free one
};

class LiveServer {
 public:
  static tl::expected<std::unique_ptr<LiveServer>, std::string> Start(const LiveOptions& options);
  ~LiveServer();  // ends all connections

  std::uint16_t port() const;
  std::string url() const;  // "http://127.0.0.1:4711/"

  // One line of soak.jsonl, with or without LF. When the watchers' thread is thousands of lines
  // behind, the line is not shown.
  void Publish(std::string_view record_line);

 private:
  class Impl;
  explicit LiveServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace touchstone
