// What a lane of the mock provider has seen and done. Plain values.
#pragma once

#include <boost/json/value.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace touchstone::provider {

enum class Closer { kNobody, kCaller, kProvider };

// So many bytes of the answer were on the wire at that time.
struct Progress {
  std::uint64_t bytes = 0;
  std::chrono::steady_clock::time_point at;
};

// What has been sent of an answer, header and framing included.
struct Sent {
  static constexpr std::size_t kHead = 4096;
  static constexpr std::size_t kTail = 64;
  static constexpr std::size_t kMostProgress = 1000;

  int status = 0;  // 0: nothing is sent yet
  std::uint64_t bytes = 0;
  std::string head;                // the first kHead bytes
  std::string tail;                // the last kTail bytes
  std::vector<Progress> progress;  // one for each write; no more than the first kMostProgress
};

// A TCP connection on which the lane saw a request; of the stand-alone provider each one.
struct Link {
  int number = 0;  // 1 is the lane's first
  std::chrono::steady_clock::time_point opened_at;
  std::optional<std::chrono::steady_clock::time_point> closed_at;
  Closer first_closer = Closer::kNobody;  // who sent FIN or RST first
  bool reset = false;                     // that was an RST
  std::uint64_t received = 0;             // bytes, once it is closed
  std::uint64_t sent = 0;
  // The first 16 bytes of that which was no HTTP request, a TLS handshake for one; once it is
  // closed. Too few to hold a key.
  std::string not_http;
};

// One request that is not a probe. It is *open* while neither answered nor closed_at is set.
struct Call {
  int number = 0;       // 1 is the lane's first
  std::string dialect;  // "openai-chat", "anthropic", …; "": the path is no call of any
  std::string state;    // the lane's when it arrived, see lane.h
  std::string method;
  std::string path;  // the target without the lane's prefix, "/v1/chat/completions"
  std::vector<std::pair<std::string, std::string>> headers;  // lower-case names, as they came
  std::string body;                                          // bytes as received, not chunked
  std::optional<boost::json::value> json;                    // the body parsed, if it is JSON

  std::chrono::steady_clock::time_point arrived_at;  // when the request was complete
  // When the last byte of the answer was handed to the system. With `close` and `reset` the answer
  // is what the rule lets out, so these are answered; a `hang` never is.
  std::optional<std::chrono::steady_clock::time_point> answered_at;
  // When the connection ended under the call: by the caller before the answer was complete, or by
  // the provider (close, reset, CloseLane).
  std::optional<std::chrono::steady_clock::time_point> closed_at;
  bool answered = false;
  bool closed_by_caller = false;  // FIN or RST came before the answer was complete

  std::uint64_t bytes_sent = 0;  // of the answer, header included; the same as sent.bytes
  Sent sent;
  std::string key;        // the caller's, which JournalJson() shows nowhere
  int rule = -1;          // index of the rule, -1: none matched
  std::string near_miss;  // when none matched: the nearest rule and why not
  int status = 0;         // status sent, 0: none yet
  int connection = 0;     // the lane's n-th TCP connection, 1 is the first
};

struct Snapshot {
  std::deque<Call> calls;  // in order; calls[i].number == i + 1 unless old ones were let go
  int probes = 0;           // HEAD and GET requests
  int connections = 0;      // how many links there were
  std::deque<Link> links;  // in order; links[i].number == i + 1 unless old ones were let go
  std::chrono::steady_clock::time_point started_at;  // of the lane, or of its last Reset()
};

}  // namespace touchstone::provider
