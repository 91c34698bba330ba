// How a connection serves the control API: answers at once, and long polls.
#include <atomic>
#include <boost/asio/post.hpp>
#include <utility>

#include "fault-injection/provider/connection.h"
#include "fault-injection/provider/control_answer.h"

namespace touchstone::provider {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

// A page of some other site, open in the developer's browser: it could reach loopback, too.
bool IsFromOtherPage(const HttpReader::Message& message) {
  const auto site = message["sec-fetch-site"];
  return message.count("origin") > 0 || (!site.empty() && site != "none" && site != "same-origin");
}

}  // namespace

// Watches the lane as long as it lives.
struct Connection::Awaited {
  ControlWait wait;
  Framing framing;
  bool head;
  std::shared_ptr<LaneState> lane;
  std::uint64_t watch = 0;
  // So that a burst of changes wakes the connection once. The watch shares this alone: it runs
  // under the lane's lock, where what it held could not be destroyed.
  std::shared_ptr<std::atomic<bool>> waking = std::make_shared<std::atomic<bool>>(false);

  ~Awaited() {
    if (watch != 0) lane->Unwatch(watch);
  }
};

void Connection::OnControl(const HttpReader::Message& message, std::string_view target,
                           Framing framing, const std::shared_ptr<LaneState>& lane) {
  controls_ = true;
  const auto method = message.method_string();
  const bool head = message.method() == boost::beast::http::verb::head;
  if (IsFromOtherPage(message)) {
    return Say(Refuse(403, "other_page", "pages in a browser may not control the provider"),
               framing, head);
  }
  ControlReply reply = Control(lane, {method.data(), method.size()}, target, message.body());
  if (auto* const wait = std::get_if<ControlWait>(&reply)) {
    return Await(std::move(*wait), framing, head, lane);
  }
  Say(std::get<ControlAnswer>(reply), framing, head);
}

void Connection::Await(ControlWait wait, Framing framing, bool head,
                       const std::shared_ptr<LaneState>& lane) {
  if (wait.most.count() == 0) return Say(*wait.look(true), framing, head);
  awaited_.reset(new Awaited{std::move(wait), framing, head, lane});
  Play({.status = 0, .actions = {Hang{}}}, 0);
  const std::uint64_t number = ++wait_;
  // Called by whoever changes the lane; the connection may be gone by then.
  awaited_->watch = lane->Watch([weak = weak_from_this(), waking = awaited_->waking,
                                 executor = socket_.get_executor(), number] {
    if (waking->exchange(true)) return;
    asio::post(executor, [weak, number] {
      if (const auto self = weak.lock()) self->LookAgain(number, false);
    });
  });
  timer_.expires_after(awaited_->wait.most);
  timer_.async_wait([self = shared_from_this(), number](const error_code& cancelled) {
    if (!cancelled) self->LookAgain(number, true);
  });
  // What came before the watch began.
  if (const auto answer = awaited_->wait.look(false)) {
    awaited_.reset();
    ++wait_;
    timer_.cancel();
    Say(*answer, framing, head);
  }
}

void Connection::LookAgain(std::uint64_t wait, bool late) {
  if (wait != wait_ || !IsOpen() || awaited_ == nullptr) return;
  *awaited_->waking = false;  // before the look: what changes during it wakes again
  const auto answer = awaited_->wait.look(late);
  if (!answer) return;
  const auto done = std::exchange(awaited_, nullptr);
  timer_.cancel();
  Say(*answer, done->framing, done->head);
  Resume(wait);
}

void Connection::Say(const ControlAnswer& answer, Framing framing, bool head) {
  Content content;
  content.type = "application/json";
  if (!answer.allow.empty()) content.headers.emplace_back("Allow", answer.allow);
  content.pieces = {answer.body};
  Play(Plain(answer.status, content, framing, head), 0);
}

}  // namespace touchstone::provider
