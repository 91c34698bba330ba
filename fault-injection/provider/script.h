// What happens on the wire for one call, step by step. A rule is compiled to a script, a connection
// plays it and knows nothing of rules. Whatever a fault is, it is here in plain bytes and actions.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "fault-injection/provider/dialect.h"

namespace touchstone::provider {

struct Hold {
  std::string name;
};
struct Delay {
  std::chrono::microseconds time;
};
struct Send {
  std::string bytes;
};
struct Flood {  // sends the block again and again
  std::string block;
  std::uint64_t limit;
};
struct Trickle {  // sends the bytes a few at a time; with `again` for ever
  std::string bytes;
  std::size_t step;
  std::chrono::milliseconds every;  // between two steps; before the first, too, if `again`
  bool again = false;
};
struct Hang {};   // silence until the caller closes
struct Close {};  // FIN
struct Reset {};  // RST, after all that was sent has left
using Action = std::variant<Hold, Delay, Send, Flood, Trickle, Hang, Close, Reset>;

struct Script {
  int status = 0;  // of the header that is sent; 0: none is
  std::vector<Action> actions;
};

// How the caller's HTTP wants the connection to go on.
struct Framing {
  bool keep_alive = true;
  bool http_1_0 = false;
};

// An endless body ends after this all the same.
inline constexpr std::uint64_t kEndlessBytes = 1u << 30;

// `draw` is the seed of all that is drawn, `key` the caller's, which a body may quote.
Script Compile(const Respond& respond, const Request& request, const Dialect& dialect,
               Framing framing, std::uint64_t draw = 0, std::string_view key = "");

// A plain response: what is said to probes, unknown paths and malformed requests. With `head` the
// body is left out and its length kept.
Script Plain(int status, const Content& content, Framing framing, bool head = false);

}  // namespace touchstone::provider
