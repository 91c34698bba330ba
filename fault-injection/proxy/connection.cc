#include "fault-injection/proxy/connection.h"

#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>

#include <boost/asio/connect.hpp>

namespace touchstone::proxy {

namespace asio = boost::asio;
using boost::system::error_code;
using std::chrono::milliseconds;

namespace {

// How long a peer has to take what is on its way before a FIN or RST of ours becomes a plain close.
constexpr milliseconds kPatience{1000};
constexpr milliseconds kLook{1};

// Bytes that the peer has not acknowledged.
int Unsent(Socket& socket) {
  int unsent = 0;
  return socket.is_open() && ::ioctl(socket.native_handle(), SIOCOUTQ, &unsent) == 0 ? unsent : 0;
}

void SetNoDelay(Socket& socket) {
  error_code ignored;
  socket.set_option(asio::ip::tcp::no_delay(true), ignored);
}

}  // namespace

Connection::Connection(Socket client, std::shared_ptr<Door> door, std::shared_ptr<Record> record,
                       ConnectionOwner& owner)
    : door_(std::move(door)),
      record_(std::move(record)),
      owner_(owner),
      client_(std::move(client)),
      upstream_(client_.get_executor()),
      up_(Stream::kUpstream, client_, upstream_, *this, record_->received_up, record_->sent_up),
      down_(Stream::kDownstream, upstream_, client_, *this, record_->received_down,
            record_->sent_down) {}

void Connection::Start() {
  error_code error;
  const auto address = asio::ip::make_address(door_->host, error);
  const auto done = [self = shared_from_this()](const error_code& failed, const auto&...) {
    self->OnConnected(failed);
  };
  if (!error) {
    const auto port = static_cast<std::uint16_t>(std::stoi(door_->port));
    upstream_.async_connect({address, port}, done);
    return;
  }
  resolver_ = std::make_unique<Tcp::resolver>(client_.get_executor());
  resolver_->async_resolve(door_->host, door_->port,
                           [self = shared_from_this(), done](
                               const error_code& failed, const Tcp::resolver::results_type& all) {
                             if (failed || self->closed_) return self->OnConnected(failed);
                             asio::async_connect(self->upstream_, all, done);
                           });
}

void Connection::OnConnected(const error_code& error) {
  resolver_.reset();
  if (closed_) return;
  connected_ = true;
  if (error) {
    door_->journal->NoteError(*record_, error.message());
    OnSourceEnd("upstream", false);
    error_code ignored;
    upstream_.close(ignored);
    return FinishBoth();
  }
  SetNoDelay(client_);
  SetNoDelay(upstream_);
  ApplyToxics();
  up_.Read();
  down_.Read();
}

void Connection::ApplyToxics() {
  if (!connected_ || closed_ || ending_) return;
  const ToxicListPtr list = door_->toxics();
  if (list->version == toxics_version_) return;
  toxics_version_ = list->version;
  std::vector<Link::Wanted> up, down;
  for (const auto& spec : list->toxics) {
    // Drawn from the same numbers each time it is looked at: once for a connection and toxic.
    Chance chance =
        Chance::For(door_->seed, door_->proxy, record_->id, StreamName(spec.stream), spec.name);
    const bool applied = chance.Unit() < spec.toxicity;
    door_->journal->NoteDrawn(*record_,
                              {spec.id, spec.name, spec.type->name, spec.stream, applied});
    if (applied) (spec.stream == Stream::kUpstream ? up : down).push_back({&spec, chance});
  }
  up_.SetToxics(up);
  if (!closed_ && !ending_) down_.SetToxics(down);
}

void Connection::OnSourceEnd(const std::string& by, bool reset) {
  if (!ending_ && !closed_) door_->journal->NoteEnd(*record_, by, reset);
}

void Connection::OnEnd(Stream stream, End end) {
  if (closed_ || ending_) return;
  if (end.by.starts_with("toxic ")) OnSourceEnd(end.by, end.reset);
  if (end.reset) return ResetBoth();
  if (end.whole) return FinishBoth();
  error_code ignored;
  (stream == Stream::kUpstream ? upstream_ : client_).shutdown(Socket::shutdown_send, ignored);
  OnSettled();
}

void Connection::OnSinkGone(Stream stream) {
  (stream == Stream::kUpstream ? down_ : up_).OnSourceReset();
}

void Connection::OnSettled() {
  if (!closed_ && up_.settled() && (down_.settled() || !upstream_.is_open())) Close();
}

// FIN to both; closing at once would be a RST where something unread has come.
void Connection::FinishBoth() {
  ending_ = true;
  error_code ignored;
  client_.shutdown(Socket::shutdown_send, ignored);
  if (upstream_.is_open()) upstream_.shutdown(Socket::shutdown_send, ignored);
  timer_ = std::make_unique<asio::steady_timer>(client_.get_executor(), kPatience);
  timer_->async_wait([self = shared_from_this()](const error_code& cancelled) {
    if (!cancelled) self->Close();
  });
  up_.Discard();
  if (upstream_.is_open()) down_.Discard();
  OnSettled();
}

// RST to both, after they have what was sent before: a RST throws away what is under way.
void Connection::ResetBoth() {
  if (!ending_) give_up_ = Clock::now() + kPatience;
  ending_ = true;
  up_.Stop();
  down_.Stop();
  if (Unsent(client_) + Unsent(upstream_) > 0 && Clock::now() < give_up_) {
    timer_ = std::make_unique<asio::steady_timer>(client_.get_executor(), kLook);
    timer_->async_wait([self = shared_from_this()](const error_code& cancelled) {
      if (!cancelled && !self->closed_) self->ResetBoth();
    });
    return;
  }
  error_code ignored;
  client_.set_option(asio::socket_base::linger(true, 0), ignored);
  if (upstream_.is_open()) upstream_.set_option(asio::socket_base::linger(true, 0), ignored);
  Close();
}

void Connection::Abort() {
  if (closed_) return;
  OnSourceEnd("proxy", false);
  Close();
}

void Connection::Close() {
  if (closed_) return;
  closed_ = true;
  up_.Stop();
  down_.Stop();
  if (timer_) timer_->cancel();
  if (resolver_) resolver_->cancel();
  error_code ignored;
  client_.close(ignored);
  upstream_.close(ignored);
  door_->journal->Close(*record_);
  owner_.OnClosed(shared_from_this());
}

}  // namespace touchstone::proxy
