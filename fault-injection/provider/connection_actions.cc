// How a connection does each action of a script, and the waits between.
#include <linux/sockios.h>
#include <sys/ioctl.h>

#include <boost/asio/post.hpp>
#include <utility>

#include "fault-injection/provider/connection.h"

namespace touchstone::provider {

namespace asio = boost::asio;
using boost::system::error_code;
using std::chrono::milliseconds;

namespace {

constexpr std::uint64_t kFloodTurn = 1u << 20;
constexpr milliseconds kDrainTime{5000};
constexpr milliseconds kUnsentPoll{1};

// Bytes that the system has not yet handed to the network. On loopback those that it has are with
// the receiver.
bool HasUnsentBytes(int socket) {
  int unsent = 0;
  return ::ioctl(socket, SIOCOUTQNSD, &unsent) == 0 && unsent > 0;
}

}  // namespace

Connection::Step Connection::Perform(const Action& action) {
  return std::visit([this](const auto& act) { return Do(act); }, action);
}

Connection::Step Connection::NextAction() {
  ++action_;
  offset_ = 0;
  passed_ = false;
  return Step::kGoOn;
}

Connection::Step Connection::Do(const Hold& hold) {
  if (passed_) return NextAction();
  passed_ = true;
  const std::uint64_t wait = ++wait_;
  // Whoever releases does so on another thread; the connection may be gone by then.
  const bool held = lane_->HoldUnder(
      hold.name, call_, [weak = weak_from_this(), executor = socket_.get_executor(), wait] {
        asio::post(executor, [weak, wait] {
          if (const auto self = weak.lock()) self->Resume(wait);
        });
      });
  return held ? Step::kWait : Step::kGoOn;
}

Connection::Step Connection::Do(const Delay& delay) {
  if (passed_) return NextAction();
  passed_ = true;
  WaitFor(delay.time);
  return Step::kWait;
}

Connection::Step Connection::Do(const Send& send) {
  switch (Write(std::string_view(send.bytes).substr(offset_))) {
    case Written::kAll:
      return NextAction();
    case Written::kBlocked:
      WaitWritable();
      break;
    case Written::kGone:
      OnCallerGone();
      break;
  }
  return Step::kWait;
}

Connection::Step Connection::Do(const Flood& flood) {
  const std::uint64_t turn_end = flooded_ + kFloodTurn;
  while (flooded_ < flood.limit) {
    const Written written = Write(std::string_view(flood.block).substr(offset_));
    if (written == Written::kGone) {
      OnCallerGone();
      return Step::kWait;
    }
    if (written == Written::kAll) {
      offset_ = 0;
      flooded_ += flood.block.size();
    }
    // Other connections have their turn, too, however fast this caller reads.
    if (written == Written::kBlocked || flooded_ >= turn_end) {
      WaitWritable();
      return Step::kWait;
    }
  }
  return NextAction();
}

// `offset_` counts the bytes of this step as they leave, `passed_` says that its wait is over.
Connection::Step Connection::Do(const Trickle& trickle) {
  for (;;) {
    if (offset_ == trickle.bytes.size()) {
      if (!trickle.again) return NextAction();
      offset_ = 0;
    }
    if (offset_ % trickle.step == 0 && (offset_ > 0 || trickle.again) && !passed_) {
      passed_ = true;
      WaitFor(trickle.every);
      return Step::kWait;
    }
    const std::size_t left = trickle.step - offset_ % trickle.step;
    const Written written = Write(std::string_view(trickle.bytes).substr(offset_, left));
    if (written == Written::kGone) {
      OnCallerGone();
      return Step::kWait;
    }
    if (written == Written::kBlocked) {
      WaitWritable();
      return Step::kWait;
    }
    passed_ = false;
  }
}

Connection::Step Connection::Do(const Hang&) {
  if (call_ != 0) lane_->Sending(call_, sent_);
  return Step::kWait;  // until OnCallerGone()
}

Connection::Step Connection::Do(const Close&) {
  error_code error;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, error);
  if (error) {
    OnCallerGone();
    return Step::kWait;
  }
  SaySomebodyCloses(Closer::kProvider, false);
  EndCall(LaneState::End::kAnsweredAndClosed);
  playing_ = false;
  draining_ = true;  // closing with bytes unread would turn the FIN into a reset
  timer_.expires_after(kDrainTime);
  timer_.async_wait([self = shared_from_this()](const error_code& cancelled) {
    if (!cancelled) self->Shut();
  });
  Read();
  return Step::kWait;
}

Connection::Step Connection::Do(const Reset&) {
  if (HasUnsentBytes(socket_.native_handle())) {  // a reset would throw them away
    WaitFor(kUnsentPoll);
    return Step::kWait;
  }
  error_code error;
  socket_.set_option(asio::socket_base::linger(true, 0), error);
  if (error) {
    OnCallerGone();
    return Step::kWait;
  }
  // No further handler may run between the two: the journal says answered when the reset is out.
  const std::shared_ptr<LaneState> lane = lane_;
  Sent sent = std::move(sent_);
  const std::uint64_t call = std::exchange(call_, 0);
  SaySomebodyCloses(Closer::kProvider, true);
  Shut();
  if (call != 0) lane->Ended(call, LaneState::End::kAnsweredAndClosed, std::move(sent));
  return Step::kWait;
}

Connection::Written Connection::Write(std::string_view bytes) {
  while (!bytes.empty()) {
    error_code error;
    const std::size_t size = socket_.write_some(asio::buffer(bytes.data(), bytes.size()), error);
    if (error == asio::error::would_block) return Written::kBlocked;
    if (error) return Written::kGone;
    NoteWritten(bytes.substr(0, size));
    bytes.remove_prefix(size);
    offset_ += size;
  }
  return Written::kAll;
}

void Connection::NoteWritten(std::string_view bytes) {
  link_.sent += bytes.size();
  if (!playing_) return;
  sent_.status = script_.status;
  sent_.bytes += bytes.size();
  if (call_ == 0) return;  // nobody asks what
  if (sent_.head.size() < Sent::kHead) {
    sent_.head += bytes.substr(0, Sent::kHead - sent_.head.size());
  }
  if (bytes.size() >= Sent::kTail) {
    sent_.tail = bytes.substr(bytes.size() - Sent::kTail);
  } else {
    const std::size_t over = sent_.tail.size() + bytes.size();
    if (over > Sent::kTail) sent_.tail.erase(0, over - Sent::kTail);
    sent_.tail += bytes;
  }
  if (sent_.progress.size() < Sent::kMostProgress) {
    sent_.progress.push_back({sent_.bytes, lane_->Now()});
  }
}

void Connection::WaitWritable() {
  if (call_ != 0) lane_->Sending(call_, sent_);
  socket_.async_wait(asio::ip::tcp::socket::wait_write,
                     [self = shared_from_this(), wait = ++wait_](const error_code& error) {
                       if (!error) self->Resume(wait);
                     });
}

void Connection::WaitFor(std::chrono::microseconds time) {
  if (call_ != 0 && sent_.bytes > 0) lane_->Sending(call_, sent_);
  timer_.expires_after(time);
  timer_.async_wait([self = shared_from_this(), wait = ++wait_](const error_code& cancelled) {
    if (!cancelled) self->Resume(wait);
  });
}

void Connection::Resume(std::uint64_t wait) {
  if (wait != wait_ || !IsOpen() || !playing_) return;
  Run();
  if (!playing_ || reader_.buffered() < kMaxPipelinedBytes) Read();
}

}  // namespace touchstone::provider
