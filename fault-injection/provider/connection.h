// One TCP connection of a caller: reads requests, asks the lane what to say, plays the script.
//
// It lives on the server's thread alone, and as long as a handler of it is pending. A read is
// pending at all times, so that the caller's close is noticed whatever the script waits for.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "fault-injection/provider/control.h"
#include "fault-injection/provider/http_reader.h"
#include "fault-injection/provider/lane_state.h"
#include "fault-injection/provider/script.h"

namespace touchstone::provider {

class Connection;

// The server, as its connections see it. Outlives them.
class ConnectionOwner {
 public:
  // The lane whose name, as it is in the path, is this; null: none.
  virtual std::shared_ptr<LaneState> FindLane(std::string_view encoded_name) = 0;
  // The lane that this server lets callers control; null: none.
  virtual std::shared_ptr<LaneState> ControlledLane() = 0;
  // Said once, when the socket is closed; the owner lets go of it.
  virtual void OnClosed(const std::shared_ptr<Connection>& connection) = 0;

 protected:
  ~ConnectionOwner() = default;
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(boost::asio::ip::tcp::socket socket, ConnectionOwner& owner);

  void Start();

  // Closes at once, from the provider's side.
  void Abort();

  bool IsOpen() const { return socket_.is_open(); }
  bool Serves(const LaneState& lane) const { return lane_.get() == &lane; }

 private:
  static constexpr std::size_t kMaxPipelinedBytes = 1u << 20;

  enum class Step { kGoOn, kWait };

  void Read();
  void OnRead(const boost::system::error_code& error, std::size_t size);
  void OnCallerGone(bool reset = true);
  // FIN or RST; only the first counts.
  void SaySomebodyCloses(Closer closer, bool reset);
  void Shut();

  void Run();
  bool TakeRequest();
  void Dispatch(HttpReader::Message message);
  void Enter(std::shared_ptr<LaneState> lane);
  // Into the lane of a stand-alone provider, unless the connection is in one or has spoken to the
  // control API alone.
  void EnterRoot();
  void Leave();
  void OnProbe(const HttpReader::Message& message, std::string_view path, Framing framing);
  void OnCall(HttpReader::Message message, std::string_view path, Framing framing);
  void OnControl(const HttpReader::Message& message, std::string_view target, Framing framing,
                 const std::shared_ptr<LaneState>& lane);
  void Await(ControlWait wait, Framing framing, bool head, const std::shared_ptr<LaneState>& lane);
  void LookAgain(std::uint64_t wait, bool late);
  void Say(const ControlAnswer& answer, Framing framing, bool head);
  void Play(Script script, std::uint64_t ticket);

  Step Perform(const Action& action);
  Step Do(const Hold& hold);
  Step Do(const Delay& delay);
  Step Do(const Send& send);
  Step Do(const Flood& flood);
  Step Do(const Trickle& trickle);
  Step Do(const Hang& hang);
  Step Do(const Close& close);
  Step Do(const Reset& reset);
  Step NextAction();
  enum class Written { kAll, kBlocked, kGone };
  Written Write(std::string_view bytes);
  void WaitWritable();
  void WaitFor(std::chrono::microseconds time);
  void Resume(std::uint64_t wait);
  void EndCall(LaneState::End end);
  void NoteWritten(std::string_view bytes);

  boost::asio::ip::tcp::socket socket_;
  ConnectionOwner& owner_;
  boost::asio::steady_timer timer_;
  HttpReader reader_;
  bool reading_ = false;

  std::shared_ptr<LaneState> lane_;                                 // of the last request
  Link link_;                                                       // of that lane
  std::uint64_t link_life_ = 0;                                     // see LaneState::LinkId
  std::optional<std::chrono::steady_clock::time_point> opened_at_;  // until it is in a lane
  bool controls_ = false;  // a request to the control API has come

  struct Awaited;  // a request to the control API that waits
  std::shared_ptr<Awaited> awaited_;

  // The script that is played. While `playing_` no further request is looked at.
  bool playing_ = false;
  bool draining_ = false;  // FIN is sent; what comes is thrown away until the caller closes, too
  Script script_;
  std::size_t action_ = 0;
  std::size_t offset_ = 0;  // written of the bytes of a Send or of a Flood's block
  bool passed_ = false;     // the Hold or Delay at `action_` is over
  std::uint64_t flooded_ = 0;
  Sent sent_;               // of the answer that is played
  std::uint64_t call_ = 0;  // ticket of the call, 0: not one that is journaled
  std::uint64_t wait_ = 0;  // counts waits; a late wake-up of an earlier one is ignored
};

}  // namespace touchstone::provider
