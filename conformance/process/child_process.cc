#include "conformance/process/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

// Process v2 of Boost 1.81 with std::filesystem does not include all that it uses: these two come first.
#define BOOST_PROCESS_USE_STD_FS 1
#include <boost/optional.hpp>
#include <boost/type_traits.hpp>

#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/readable_pipe.hpp>
#include <boost/asio/writable_pipe.hpp>
#include <boost/asio/write.hpp>
#include <boost/process/v2.hpp>
#include <condition_variable>
#include <filesystem>
#include <future>
#include <mutex>

#include <fmt/format.h>

namespace touchstone {
namespace {

namespace asio = boost::asio;
namespace process = boost::process::v2;

// Runs in the child between fork and exec: async-signal-safe calls only.
struct OwnGroup {
  const char* directory;

  boost::system::error_code on_exec_setup(process::posix::default_launcher&, const std::filesystem::path&,
                                          const char* const*) {
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::signal(SIGPIPE, SIG_DFL);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    if (*directory != 0 && ::chdir(directory) != 0) {
      return {errno, boost::system::system_category()};
    }
    return {};
  }
};

tl::expected<std::string, std::string> FindProgram(const std::string& name) {
  if (name.find('/') != std::string::npos) {
    std::error_code ec;
    if (!std::filesystem::exists(name, ec)) return tl::unexpected(fmt::format("{}: no such file", name));
    if (std::filesystem::is_directory(name, ec)) return tl::unexpected(fmt::format("{}: is a directory", name));
    if (::access(name.c_str(), X_OK) != 0) return tl::unexpected(fmt::format("{}: not executable", name));
    return name;
  }
  auto found = process::environment::find_executable(name);
  if (found.empty()) return tl::unexpected(fmt::format("{}: not found in PATH", name));
  return found.string();
}

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
      : context_(io.context()), sink_(&sink), stdin_(context_), out_(context_), err_(context_) {}

  // On the IoThread.
  std::string Launch(const LaunchOptions& options, const std::string& program) {
    std::vector<std::string> arguments(options.argv.begin() + 1, options.argv.end());
    boost::system::error_code ec;
    process::posix::default_launcher launcher;
    OwnGroup own_group{options.working_directory.c_str()};
    process::process_stdio stdio{stdin_, out_.pipe, err_.pipe};
    if (!stdin_.is_open() || !out_.pipe.is_open() || !err_.pipe.is_open()) {
      return fmt::format("cannot start {}: no pipe could be made (too many open files?)", program);
    }
    std::vector<const char*> environment;
    for (const auto& entry : options.environment) environment.push_back(entry.c_str());
    environment.push_back(nullptr);
    launcher.env = environment.data();
    auto child = launcher(context_.get_executor(), ec, program, arguments, own_group, stdio);
    if (ec) return fmt::format("cannot start {}: {}", program, ec.message());
    pid_ = child.id();
    process_.emplace(std::move(child));
    ReadOn(Stream::kOut);
    ReadOn(Stream::kErr);
    process_->async_wait([self = shared_from_this()](boost::system::error_code, int status) {
      self->Exited(FromWaitStatus(status));
    });
    return {};
  }

  void Exited(ExitStatus status) {
    const auto at = Clock::now();
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
        asio::buffer(source.buffer), [self = shared_from_this(), stream](boost::system::error_code ec, std::size_t n) {
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
      // After the exit the group's number may belong to somebody else: strays are then found by KillStrays().
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
  std::optional<process::basic_process<asio::io_context::executor_type>> process_;
  pid_t pid_ = -1;

  std::mutex mutex_;  // guards exit_
  std::condition_variable changed_;
  std::optional<ExitStatus> exit_;
};

ChildProcess::ChildProcess(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

tl::expected<std::unique_ptr<ChildProcess>, std::string> ChildProcess::Start(IoThread& io, LaunchOptions options,
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
  std::promise<void> abandoned;
  asio::post(impl_->context_, [&] {
    impl_->Abandon();
    abandoned.set_value();
  });
  abandoned.get_future().wait();
  // Not reaped within 10 s after SIGKILL means stuck in the kernel; nothing more can be done from here.
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

void ChildProcess::CloseStdin() {
  asio::post(impl_->context_, [impl = impl_] { impl->CloseStdin(); });
}

void ChildProcess::CloseStdout() {
  asio::post(impl_->context_, [impl = impl_] { impl->ClosePipe(Stream::kOut); });
}

void ChildProcess::CloseStderr() {
  asio::post(impl_->context_, [impl = impl_] { impl->ClosePipe(Stream::kErr); });
}

void ChildProcess::PauseReading(Stream stream) {
  asio::post(impl_->context_, [impl = impl_, stream] { impl->Pause(stream, true); });
}

void ChildProcess::ResumeReading(Stream stream) {
  asio::post(impl_->context_, [impl = impl_, stream] { impl->Pause(stream, false); });
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
