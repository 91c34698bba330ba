#include "fault-injection/proxy/link.h"

#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/bind_allocator.hpp>
#include <cerrno>
#include <utility>

namespace touchstone::proxy {

using boost::system::error_code;

namespace {

// Reads in one go, before other connections have their turn.
constexpr int kReadsInARow = 4;

}  // namespace

void Link::Read() {
  if (reading_ || source_ended_ || stopped_ || held_ > kMostHeld) return;
  reading_ = true;
  auto handler = [this, alive = owner_.KeepAlive()](const error_code& error) {
    reading_ = false;
    if (error || stopped_) return;
    OnReadable();
    Read();
  };
  // An idle connection waits here, for as long as it lives.
  const std::pmr::polymorphic_allocator<> memory(&owner_.memory());
  from_.async_wait(Socket::wait_read, boost::asio::bind_allocator(memory, std::move(handler)));
}

void Link::OnReadable() {
  std::string& buffer = owner_.ReadBuffer();
  for (int i = 0; i < kReadsInARow && !stopped_ && !source_ended_ && held_ <= kMostHeld; ++i) {
    const ssize_t size = ::recv(from_.native_handle(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (size > 0) {
      received_.Add(static_cast<std::uint64_t>(size));
      Take({buffer.data(), static_cast<std::size_t>(size)});
      if (static_cast<std::size_t>(size) < buffer.size()) return;  // nothing more, most likely
    } else if (size == 0) {
      return OnSourceGone(source_reset_);
    } else if (errno == EINTR) {
      continue;
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return;
    } else {
      return OnSourceGone(true);
    }
  }
}

void Link::Take(std::string_view bytes) {
  if (discard_ || sink_ended_) return;
  if (!stages_.empty()) return stages_.front()->Push(std::string(bytes));
  if (out_.empty()) bytes = WriteSome(bytes);
  if (bytes.empty()) return;
  out_.emplace_back(bytes);
  held_ += static_cast<std::ptrdiff_t>(bytes.size());
  WaitWritable();
}

void Link::OnSourceGone(bool reset) {
  source_ended_ = true;
  owner_.OnSourceEnd(source_name(), reset);
  if (!reset) WatchForReset();
  if (!discard_ && !sink_ended_) {
    End end{reset, false, source_name()};
    if (stages_.empty())
      PassEndOn(0, std::move(end));
    else
      stages_.front()->PushEnd(std::move(end));
  }
  owner_.OnSettled();
}

// After its FIN a peer may still reset; nobody reads any more who would be told.
void Link::WatchForReset() {
  if (stopped_) return;
  from_.async_wait(Socket::wait_error, [this, alive = owner_.KeepAlive()](const error_code& error) {
    if (error || stopped_) return;
    int pending = 0;
    socklen_t size = sizeof pending;
    ::getsockopt(from_.native_handle(), SOL_SOCKET, SO_ERROR, &pending, &size);
    if (pending == 0) return;  // both sides have sent FIN, and that was that
    owner_.OnSourceEnd(source_name(), true);
    if (!discard_ && !end_dropped_) owner_.OnEnd(stream_, {true, true, source_name()});
  });
}

void Link::SetToxics(const std::vector<Wanted>& wanted) {
  const auto find = [&](std::uint64_t id) {
    return std::ranges::find(wanted, id, [](const Wanted& w) { return w.spec->id; });
  };
  std::vector<std::shared_ptr<Stage>> kept;
  for (const auto& stage : stages_) {
    if (find(stage->toxic_id()) != wanted.end()) {
      kept.push_back(stage);
      continue;
    }
    stage->Retire();  // what it held goes through the stages behind it
  }
  if (stopped_ || discard_) return;
  std::vector<std::shared_ptr<Stage>> stages, fresh;
  std::vector<std::pair<std::shared_ptr<Stage>, const ToxicSpec*>> changed;
  for (const auto& [spec, chance] : wanted) {
    const auto old = std::ranges::find(kept, spec->id, &Stage::toxic_id);
    if (old == kept.end()) {
      fresh.push_back(
          std::make_shared<Stage>(from_.get_executor(), *this, owner_.KeepAlive(), *spec, chance));
      stages.push_back(fresh.back());
    } else {
      stages.push_back(*old);
      if ((*old)->revision() != spec->revision) changed.emplace_back(*old, spec);
    }
  }
  stages_ = std::move(stages);
  for (std::size_t i = 0; i < stages_.size(); ++i) stages_[i]->set_index(i);
  for (const auto& [stage, spec] : changed) stage->Change(*spec);
  for (const auto& stage : fresh) stage->Start();
  Read();
}

void Link::Discard() {
  discard_ = true;
  for (const auto& stage : stages_) stage->Stop();
  out_.clear();
  out_end_.reset();
  held_ = 0;
  Read();
}

void Link::Stop() {
  stopped_ = true;
  for (const auto& stage : stages_) stage->Stop();
  out_.clear();
}

bool Link::settled() const {
  return source_ended_ && held_ == 0 && (sink_ended_ || end_dropped_ || discard_);
}

void Link::PassOn(std::size_t from_stage, std::string bytes) {
  if (discard_ || stopped_ || sink_ended_) return;
  if (from_stage + 1 < stages_.size()) return stages_[from_stage + 1]->Push(std::move(bytes));
  if (out_.empty()) {
    const std::size_t left = WriteSome(bytes).size();
    if (left == 0) return;
    bytes.erase(0, bytes.size() - left);
  }
  held_ += static_cast<std::ptrdiff_t>(bytes.size());
  out_.push_back(std::move(bytes));
  WaitWritable();
}

void Link::PassEndOn(std::size_t from_stage, End end) {
  if (discard_ || stopped_ || sink_ended_ || out_end_) return;
  if (from_stage + 1 < stages_.size()) return stages_[from_stage + 1]->PushEnd(std::move(end));
  if (!out_.empty()) {
    out_end_ = std::move(end);
    return;
  }
  sink_ended_ = true;
  owner_.OnEnd(stream_, std::move(end));
}

void Link::AddHeld(std::ptrdiff_t bytes) {
  held_ = std::max<std::ptrdiff_t>(0, held_ + bytes);
  if (bytes < 0) Read();
}

void Link::OnEndDropped() {
  end_dropped_ = true;
  // The caller is in the middle of things; the connection looks again when its source's end is
  // told.
}

std::string_view Link::WriteSome(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t size =
        ::send(to_.native_handle(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (size >= 0) {
      sent_.Add(static_cast<std::uint64_t>(size));
      bytes.remove_prefix(static_cast<std::size_t>(size));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return bytes;
    } else if (errno != EINTR) {
      OnSinkGone();
      return {};
    }
  }
  return {};
}

void Link::WaitWritable() {
  if (writing_ || stopped_) return;
  writing_ = true;
  to_.async_wait(Socket::wait_write, [this, alive = owner_.KeepAlive()](const error_code& error) {
    writing_ = false;
    if (!error && !stopped_) FlushOut();
  });
}

void Link::FlushOut() {
  while (!out_.empty()) {
    const auto whole = std::string_view(out_.front()).substr(out_offset_);
    const std::size_t left = WriteSome(whole).size();
    if (stopped_ || sink_ended_ || discard_) return;
    AddHeld(-static_cast<std::ptrdiff_t>(whole.size() - left));
    if (left > 0) {
      out_offset_ = out_.front().size() - left;
      return WaitWritable();
    }
    out_.pop_front();
    out_offset_ = 0;
  }
  if (out_end_) {
    End end = *std::exchange(out_end_, std::nullopt);
    PassEndOn(stages_.size(), std::move(end));
  }
  owner_.OnSettled();
}

void Link::OnSinkGone() {
  sink_ended_ = true;
  out_.clear();
  held_ = 0;
  owner_.OnSinkGone(stream_);
}

void Link::OnSourceReset() {
  source_reset_ = true;
  if (!source_ended_) return Read();
  owner_.OnSourceEnd(source_name(), true);
  if (!end_dropped_) owner_.OnEnd(stream_, {true, true, source_name()});
}

}  // namespace touchstone::proxy
