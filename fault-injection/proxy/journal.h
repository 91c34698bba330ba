// What a proxy knows about its connections: live counters, and who ended each, and how.
//
// Written by the connection's thread, read by any.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "fault-injection/proxy/toxic_spec.h"

namespace touchstone::proxy {

using WallClock = std::chrono::system_clock;

// Bytes of one direction. One writer: no read-modify-write is needed.
struct Counter {
  std::atomic<std::uint64_t> value{0};
  void Add(std::uint64_t more) {
    value.store(value.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
  }
};

struct Drawn {
  std::uint64_t id = 0;  // of the toxic
  std::string name, type;
  Stream stream = Stream::kDownstream;
  bool applied = false;
};

struct Record {
  std::uint64_t id = 0;  // 1 for the first connection of the proxy
  std::string client;    // address and port
  WallClock::time_point opened;
  Counter received_up, sent_up, received_down, sent_down;

  // Guarded by the journal's mutex.
  bool is_closed = false;
  WallClock::time_point closed;
  std::string closed_by;  // "client", "upstream", "proxy", "toxic NAME"
  std::string how;        // "FIN" or "RST"
  std::string error;      // why the upstream could not be reached
  std::vector<Drawn> drawn;
};

class Journal {
 public:
  static constexpr std::size_t kClosedKept = 1000;  // older ones are forgotten

  struct Totals {
    std::uint64_t opened = 0, open = 0, forgotten = 0, sent_up = 0, sent_down = 0;
  };

  std::shared_ptr<Record> Open(std::string client);
  void Close(const Record& record);
  // The first who ends a connection is remembered; a RST outdoes a FIN.
  void NoteEnd(Record& record, const std::string& by, bool reset);
  void NoteError(Record& record, const std::string& error);
  void NoteDrawn(Record& record, Drawn drawn);

  // Under the lock, in the order of ids; `see` must not call the journal.
  template <typename See>
  void ForEach(See see) const {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, record] : records_) see(*record);
  }
  Totals totals() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::uint64_t, std::shared_ptr<Record>> records_;
  std::deque<std::uint64_t> closed_;  // ids, the oldest first
  Totals totals_;                     // bytes: of forgotten connections
};

}  // namespace touchstone::proxy
