// One direction of a connection: reads one socket, sends the bytes through the toxics, writes the
// other. Holds no buffer while nothing waits; reads no more while too much is held.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <list>
#include <memory>
#include <memory_resource>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fault-injection/proxy/journal.h"
#include "fault-injection/proxy/stage.h"
#include "fault-injection/proxy/toxic_spec.h"

namespace touchstone::proxy {

using Socket = boost::asio::ip::tcp::socket;

// The connection, as its links see it.
class LinkOwner {
 public:
  virtual std::shared_ptr<void> KeepAlive() = 0;
  virtual std::string& ReadBuffer() = 0;  // of the thread; used up before the handler returns
  virtual std::pmr::memory_resource& memory() = 0;  // for what goes when the connection does
  // The end has come through, after all bytes: it is to reach the socket now.
  virtual void OnEnd(Stream stream, End end) = 0;
  virtual void OnSourceEnd(const std::string& by, bool reset) = 0;  // seen, not yet passed on
  virtual void OnSinkGone(Stream stream) = 0;  // the one who is written to has reset
  virtual void OnSettled() = 0;                // looks whether all is over

 protected:
  ~LinkOwner() = default;
};

class Link final : public StageOwner {
 public:
  // Reading pauses above this many held bytes.
  static constexpr std::ptrdiff_t kMostHeld = 1 << 20;

  Link(Stream stream, Socket& from, Socket& to, LinkOwner& owner, Counter& received, Counter& sent)
      : stream_(stream), from_(from), to_(to), owner_(owner), received_(received), sent_(sent) {}

  void Read();
  // The toxics at work are these from now on, in this order; the others pass on what they hold.
  struct Wanted {
    const ToxicSpec* spec;
    Chance chance;
  };
  void SetToxics(const std::vector<Wanted>& wanted);
  // Reads on, and throws away, so that closing sends FIN, not RST.
  void Discard();
  void Stop();
  // Writing to the source has shown that it has reset. What it had sent before is still read.
  void OnSourceReset();

  bool settled() const;
  const char* source_name() const { return stream_ == Stream::kUpstream ? "client" : "upstream"; }

  void PassOn(std::size_t from_stage, std::string bytes) override;
  void PassEndOn(std::size_t from_stage, End end) override;
  void AddHeld(std::ptrdiff_t bytes) override;
  void OnEndDropped() override;

 private:
  void OnReadable();
  void Take(std::string_view bytes);
  void OnSourceGone(bool reset);
  void WatchForReset();
  // What the sink does not take at once; empty when it is gone.
  std::string_view WriteSome(std::string_view bytes);
  void WaitWritable();
  void FlushOut();
  void OnSinkGone();

  const Stream stream_;
  Socket& from_;
  Socket& to_;
  LinkOwner& owner_;
  Counter& received_;
  Counter& sent_;
  std::vector<std::shared_ptr<Stage>> stages_;
  std::list<std::string> out_;  // each is a write of its own
  std::size_t out_offset_ = 0;
  std::optional<End> out_end_;
  std::ptrdiff_t held_ = 0;  // in stages and out_
  bool reading_ = false, writing_ = false;
  bool source_ended_ = false, sink_ended_ = false, end_dropped_ = false;
  bool source_reset_ = false, discard_ = false, stopped_ = false;
};

}  // namespace touchstone::proxy
