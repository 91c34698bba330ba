#include "conformance/process/child_process.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/readable_pipe.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/writable_pipe.hpp>
#include <boost/asio/write.hpp>
#include <condition_variable>
#include <functional>
#include <future>
#include <mutex>

#include <fmt/format.h>

#include "conformance/process/spawn.h"

namespace touchstone {
namespace {

namespace asio = boost::asio;

ExitStatus FromWaitStatus(int status) {
  if (WIFSIGNALED(status)) return {true, WTERMSIG(status)};
  return {false, WEXITSTATUS(status)};
}

}  // namespace

std::string ExitStatus::ToString() const {
  if (signalled) return fmt::format("signal {} ({})", value, ::strsignal(value));
  return fmt::format("status {}", value);
}

class ChildProcess::Impl : public std::enable_shared_from_this<ChildProcess::Impl> {
 public:
  Impl(IoThread& io, ChildSink& sink)
      : context_(io.context()),
        sink_(&sink),
        stdin_(context_),
        out_(context_),
        err_(context_),
        pidfd_(context_),
        again_(context_) {}

  // On the IoThread.
  std::string Launch(const LaunchOptions& options, const std::string& program) {
    auto spawned = Spawn(program, options.argv, options.environment, options.working_directory);
    if (!spawned) return spawned.error();
    pid_ = spawned->pid;
    stdin_.assign(spawned->in);
    out_.pipe.assign(spawned->out);
    err_.pipe.assign(spawned->err);
    pidfd_.assign(spawned->pidfd);
    ReadOn(Stream::kOut);
    ReadOn(Stream::kErr);
    AwaitEnd();
    return {};
  }

  void AwaitEnd() {
    pidfd_.async_wait(asio::posix::descriptor_base::wait_read, [self = shared_from_this()](
                                                                   boost::system::error_code ec) {
      int status = 0;
      const pid_t reaped = ec ? -1 : ::waitpid(self->pid_, &status, WNOHANG);
      if (reaped == self->pid_) return self->Exited(FromWaitStatus(status));
      // Readable but not to be reaped: look again soon instead of blocking the thread that reads
      // everybody's pipes.
      self->again_.expires_after(std::chrono::milliseconds(2));
      self->again_.async_wait([self](boost::system::error_code) { self->AwaitEnd(); });
    });
  }

  // Runs it there and waits for it. Not for the IoThread itself.
  void OnIoThread(const std::function<void()>& action) {
    std::promise<void> done;
    asio::post(context_, [&] {
      action();
      done.set_value();
    });
    done.get_future().wait();
  }

  void Exited(ExitStatus status) {
    const auto at = Clock::now();
    boost::system::error_code ignored;
    pidfd_.close(ignored);
    {
      std::lock_guard lock(mutex_);
      exit_ = status;
    }
    if (sink_) sink_->OnExit(status, at);
    changed_.notify_all();
  }

  void ReadOn(Stream stream) {
    auto& source = Of(stream);
    if (source.paused || source.reading || !source.pipe.is_open()) return;
    source.reading = true;
    source.pipe.async_read_some(
        asio::buffer(source.buffer),
        [self = shared_from_this(), stream](boost::system::error_code ec, std::size_t n) {
          const auto at = Clock::now();
          auto& source = self->Of(stream);
          source.reading = false;
          if (ec == asio::error::operation_aborted) return;
          if (ec) {
            boost::system::error_code ignored;
            source.pipe.close(ignored);
            if (self->sink_) self->sink_->OnEof(stream, at);
            return;
          }
          if (self->sink_) self->sink_->OnBytes(stream, {source.buffer.data(), n}, at);
          self->ReadOn(stream);
        });
  }

  void Pause(Stream stream, bool paused) {
    Of(stream).paused = paused;
    // A read that already waits would take one more piece: cancel it, no byte is lost.
    if (paused && Of(stream).reading) Of(stream).pipe.cancel();
    if (!paused) ReadOn(stream);
  }

  void ClosePipe(Stream stream) {
    boost::system::error_code ignored;
    Of(stream).pipe.close(ignored);
  }

  void CloseStdin() {
    boost::system::error_code ignored;
    stdin_.close(ignored);
  }

  // On the IoThread, from the destructor: nothing is reported any more.
  void Abandon() {
    sink_ = nullptr;
    {
      // After the exit the group's number may belong to somebody else: strays are then found by
      // KillStrays().
      std::lock_guard lock(mutex_);
      if (!exit_ && pid_ > 0) ::kill(-pid_, SIGKILL);
    }
    CloseStdin();
    ClosePipe(Stream::kOut);
    ClosePipe(Stream::kErr);
  }

  struct Source {
    explicit Source(asio::io_context& context) : pipe(context) {}
    asio::readable_pipe pipe;
    std::array<char, 65536> buffer;
    bool reading = false, paused = false;
  };
  Source& Of(Stream stream) { return stream == Stream::kOut ? out_ : err_; }

  asio::io_context& context_;
  ChildSink* sink_;  // IoThread only
  asio::writable_pipe stdin_;
  Source out_, err_;
  asio::posix::stream_descriptor pidfd_;
  asio::steady_timer again_;
  pid_t pid_ = -1;

  std::mutex mutex_;  // guards exit_
  std::condition_variable changed_;
  std::optional<ExitStatus> exit_;
};

ChildProcess::ChildProcess(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

tl::expected<std::unique_ptr<ChildProcess>, std::string> ChildProcess::Start(IoThread& io,
                                                                             LaunchOptions options,
                                                                             ChildSink& sink) {
  if (options.argv.empty()) return tl::unexpected(std::string("no command was given"));
  auto program = FindProgram(options.argv.front());
  if (!program) return tl::unexpected(program.error());
  auto impl = std::make_shared<Impl>(io, sink);
  std::promise<std::string> launched;
  asio::post(io.context(), [&] { launched.set_value(impl->Launch(options, *program)); });
  if (auto error = launched.get_future().get(); !error.empty()) return tl::unexpected(error);
  return std::unique_ptr<ChildProcess>(new ChildProcess(std::move(impl)));
}

ChildProcess::~ChildProcess() {
  impl_->OnIoThread([this] { impl_->Abandon(); });
  // Not reaped within 10 s after SIGKILL means stuck in the kernel; nothing more can be done from
  // here.
  WaitExit(Clock::now() + std::chrono::seconds(10));
}

pid_t ChildProcess::pid() const { return impl_->pid_; }

WriteTimes ChildProcess::Write(std::string bytes, TimePoint deadline) {
  struct Pending {
    std::string bytes;
    std::promise<bool> done;
    WriteTimes times;
  };
  auto pending = std::make_shared<Pending>();
  pending->bytes = std::move(bytes);
  auto done = pending->done.get_future();
  pending->times.begun = Clock::now();
  asio::post(impl_->context_, [impl = impl_, pending] {
    asio::async_write(impl->stdin_, asio::buffer(pending->bytes),
                      [impl, pending](boost::system::error_code ec, std::size_t) {
                        pending->times.ended = Clock::now();
                        pending->done.set_value(!ec);
                      });
  });
  if (done.wait_until(deadline) != std::future_status::ready) {
    return {pending->times.begun, Clock::now(), false};
  }
  pending->times.complete = done.get();
  return pending->times;
}

// These return when it is done: what the caller does next must find the pipe so.
void ChildProcess::CloseStdin() {
  impl_->OnIoThread([this] { impl_->CloseStdin(); });
}

void ChildProcess::CloseStdout() {
  impl_->OnIoThread([this] { impl_->ClosePipe(Stream::kOut); });
}

void ChildProcess::CloseStderr() {
  impl_->OnIoThread([this] { impl_->ClosePipe(Stream::kErr); });
}

void ChildProcess::PauseReading(Stream stream) {
  impl_->OnIoThread([this, stream] { impl_->Pause(stream, true); });
}

void ChildProcess::ResumeReading(Stream stream) {
  impl_->OnIoThread([this, stream] { impl_->Pause(stream, false); });
}

void ChildProcess::Signal(int number) {
  std::lock_guard lock(impl_->mutex_);
  // A reaped pid may belong to somebody else by now.
  if (!impl_->exit_) ::kill(impl_->pid_, number);
}

void ChildProcess::SignalGroup(int number) { ::kill(-impl_->pid_, number); }

std::optional<ExitStatus> ChildProcess::WaitExit(TimePoint deadline) {
  std::unique_lock lock(impl_->mutex_);
  impl_->changed_.wait_until(lock, deadline, [this] { return impl_->exit_.has_value(); });
  return impl_->exit_;
}

}  // namespace touchstone
