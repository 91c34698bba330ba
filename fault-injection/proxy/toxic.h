// What a toxic is to the proxy: it takes the bytes and the end of one direction of one connection,
// and says to its pipe what goes on, and when. A new toxic is one file with a ToxicType, and one
// line in toxic_types.cc.
#pragma once

#include <boost/json/object.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "fault-injection/proxy/chance.h"

namespace touchstone::proxy {

using Clock = std::chrono::steady_clock;

// How a direction ends. A reset ends both.
struct End {
  bool reset = false;
  bool whole = false;  // the other direction ends, too
  std::string by;      // "client", "upstream" or "toxic NAME"
};

// The place of a toxic in a connection. What is sent stays in order: nothing overtakes.
class Pipe {
 public:
  static constexpr Clock::time_point kNever = Clock::time_point::max();

  virtual Clock::time_point now() const = 0;
  virtual Clock::time_point met() const = 0;  // when the toxic met this connection
  virtual std::uint64_t passed() const = 0;   // bytes given to SendAt() since then
  virtual Chance& chance() = 0;

  // kNever: held until the toxic is changed or removed.
  virtual void SendAt(Clock::time_point due, std::string bytes) = 0;
  virtual void EndAt(Clock::time_point due, End end) = 0;
  // Ends the connection, both ways, after what was sent so far.
  virtual void Cut(bool reset) = 0;
  // Swallows. A connection that lost bytes is closed when the toxic goes; an end is then passed on.
  virtual void Drop(std::size_t bytes) = 0;
  virtual void DropEnd(End end) = 0;
  // Calls OnTimer() once; a later call replaces it.
  virtual void TimerAt(Clock::time_point due) = 0;

 protected:
  ~Pipe() = default;
};

// Lives on the connection's thread. Made anew when its attributes change: what shall outlast that
// is in the pipe.
class Toxic {
 public:
  virtual ~Toxic() = default;
  virtual void OnStart(Pipe&) {}
  virtual void OnData(std::string bytes, Pipe& pipe) = 0;
  virtual void OnEnd(End end, Pipe& pipe) { pipe.EndAt(pipe.now(), std::move(end)); }
  virtual void OnTimer(Pipe&) {}
};

struct Attribute {
  enum class Kind { kRequired, kDefault, kOptional };  // kOptional: may be absent
  const char* name;
  const char* unit;
  Kind kind;
  std::int64_t standard;  // the default, of kDefault
  std::int64_t low, high;
  const char* about;
  std::vector<const char*> words = {};  // not empty: one of these words; the first is the default
};

struct ToxicType {
  const char* name;
  const char* about;
  std::vector<Attribute> attributes;
  std::unique_ptr<Toxic> (*make)(const boost::json::object& attributes);
  // What single attributes cannot say; empty: fine.
  std::string (*check)(const boost::json::object& attributes) = nullptr;
};

inline constexpr std::int64_t kDayMs = 86'400'000;
inline constexpr std::int64_t kMaxBytes = 1'000'000'000'000;

}  // namespace touchstone::proxy
