#include "reference-host/stdio/one_shot_mode.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>

#include "reference-host/ops/log.h"
#include "reference-host/protocol/json_text.h"
#include "reference-host/stdio/exit_status.h"
#include "reference-host/stdio/line_reader.h"
#include "reference-host/stdio/line_writer.h"
#include "reference-host/stdio/setup.h"

namespace refhost {
namespace {

// After the answer was written the process has a second to exit (BRIDGE-05).
constexpr Milliseconds kTimeForTools{700};
constexpr Milliseconds kTimeToSettle{100};
constexpr Milliseconds kTimeForTrash{100};

// Keeps the one response, and what it means for the exit status.
class OneShotSink : public ReplySink {
 public:
  OneShotSink(Mode mode, EventLoop& loop) : mode_(mode), loop_(loop) {}

  std::string Format(const Response& response) override {
    const auto* refusal = std::get_if<Refusal>(&response);
    const bool invalid = refusal && refusal->error.code == ErrorCode::kInvalidRequest;
    exit_status_ = invalid ? kExitInvalid : kExitOk;
    return mode_ == Mode::kBridge ? FormatFlat(response) : FormatTyped(response, UnixMs());
  }
  void Push(std::string line) override {
    if (!line_.empty()) return;
    line_ = std::move(line);
    loop_.Stop();
  }

  const std::string& line() const { return line_; }
  int exit_status() const { return exit_status_; }

 private:
  const Mode mode_;
  EventLoop& loop_;
  std::string line_;
  int exit_status_ = kExitOk;
};

struct Input {
  ReadEvent event;
  std::string line;
  TimePoint received;
};

Input ReadInput(const Config& config, int stop_fd) {
  LineReader reader(STDIN_FILENO, static_cast<size_t>(config.max_request_bytes), stop_fd);
  const ReadEvent event = reader.Next(Now() + Milliseconds(config.stdin_timeout_ms));
  return {event, std::string(reader.line()), reader.received()};
}

void HandleInput(Host& host, const Input& input) {
  const auto refuse = [&](const char* why) {
    host.Refuse("unknown", std::nullopt, {ErrorCode::kInvalidRequest, why});
  };
  switch (input.event) {
    case ReadEvent::kLine:
      if (IsBlank(input.line)) return refuse("the request line is blank");
      return host.Handle(input.line, input.received);
    case ReadEvent::kTooLong:
      return refuse("the line is longer than the host accepts");
    case ReadEvent::kTimedOut:
      return refuse("no request line came in time");
    case ReadEvent::kEnd:
      return refuse("stdin ended before a request line");
    case ReadEvent::kStopped:
      return host.Refuse("unknown", std::nullopt, {ErrorCode::kBusy, "the host is shutting down"});
  }
}

// The host cannot work at all: answers INTERNAL under the request's id.
int AnswerUnusable(Mode mode, const Input& input, const char* why) {
  Refusal refusal{"unknown", std::nullopt, {ErrorCode::kInternal, why}};
  if (input.event == ReadEvent::kLine) {
    const auto request = ParseRequest(input.line);
    if (request) {
      std::visit(
          [&](const auto& it) {
            refusal.request_id = it.head.request_id;
            refusal.session_id = it.head.session_id;
          },
          *request);
    } else {
      refusal.request_id = request.error().request_id;
      refusal.session_id = request.error().session_id;
    }
  }
  const bool written = WriteLine(
      STDOUT_FILENO, mode == Mode::kBridge ? FormatFlat(refusal) : FormatTyped(refusal, UnixMs()));
  return written ? kExitConfiguration : kExitNoReader;
}

// Writes the answer without ever being stuck in a write: a signal must still end the process, after
// the grace, when nobody reads.
bool WriteAnswer(std::string line, int signal_fd, Milliseconds grace) {
  line += '\n';
  std::string_view left = line;
  TimePoint until = TimePoint::max();
  while (!left.empty()) {
    const bool signaled = until != TimePoint::max();
    pollfd fds[2] = {{STDOUT_FILENO, POLLOUT, 0}, {signaled ? -1 : signal_fd, POLLIN, 0}};
    const int64_t wait_ms = signaled ? std::max<int64_t>(ElapsedMs(Now(), until), 0) : -1;
    const int ready = poll(fds, 2, static_cast<int>(wait_ms));
    if (ready == 0) return false;
    if (fds[1].revents) until = Now() + grace;
    if (!fds[0].revents) continue;
    // A pipe that is ready takes this much without blocking.
    const ssize_t count =
        write(STDOUT_FILENO, left.data(), std::min<size_t>(left.size(), PIPE_BUF));
    if (count > 0) {
      left.remove_prefix(static_cast<size_t>(count));
    } else if (count < 0 && errno != EINTR && errno != EAGAIN) {
      return false;
    }
  }
  return true;
}

}  // namespace

int RunOneShotMode(const Config& config, Mode mode) {
  EventLoop loop;
  OneShotSink sink(mode, loop);
  const Input input = ReadInput(config, loop.signal_fd());
  if (!config.problems.empty()) return AnswerUnusable(mode, input, "the configuration is wrong");

  auto store = OpenStore(config, mode);
  if (!store) {
    Log(LogLevel::kError, "the state directory cannot be used: " + store.error().message);
    return AnswerUnusable(mode, input, "the state directory cannot be used");
  }
  StoreQueue queue(std::move(*store), StoreQueue::Threading::kCallersThread);
  const auto engine = MakeEngine(config);
  const auto toolbox = MakeToolbox(config);
  Host host(MakeHostSettings(config, mode), *engine, *toolbox, queue, nullptr, loop, sink);
  loop.OnSignal([&] {
    host.Drain();
    loop.Schedule(Now() + Milliseconds(config.cancel_grace_ms), [&] {
      host.AbortAll(FinalStatus::kError, "the host was shut down before the run ended");
    });
  });
  HandleInput(host, input);
  loop.Run();
  const bool written =
      WriteAnswer(sink.line(), loop.signal_fd(), Milliseconds(config.cancel_grace_ms));
  toolbox->StopAll(kTimeForTools);
  host.Settle(kTimeToSettle);
  queue.Submit(
      [&](Store& it) { return it.CleanUpIfDue(config.session_cleanup_interval_sec * 1000); },
      [](const StoreResult<void>& cleaned) {
        if (!cleaned) Log(LogLevel::kError, cleaned.error().message);
      });
  toolbox->EmptyTrash(Now() + kTimeForTrash);
  // Everything is committed, and what may still be stuck (a name look-up) must not delay the exit.
  _exit(written ? sink.exit_status() : kExitNoReader);
}

}  // namespace refhost
