#include "reference-host/stdio/one_shot_mode.h"

#include <unistd.h>

#include "reference-host/ops/log.h"
#include "reference-host/protocol/json_text.h"
#include "reference-host/stdio/exit_status.h"
#include "reference-host/stdio/line_reader.h"
#include "reference-host/stdio/line_writer.h"
#include "reference-host/stdio/setup.h"

namespace refhost {
namespace {

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

Input ReadInput(const Config& config) {
  LineReader reader(STDIN_FILENO, static_cast<size_t>(config.max_request_bytes), -1);
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
    case ReadEvent::kTooLong: return refuse("the line is longer than the host accepts");
    case ReadEvent::kTimedOut: return refuse("no request line came in time");
    case ReadEvent::kEnd:
    case ReadEvent::kStopped: return refuse("stdin ended before a request line");
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

}  // namespace

int RunOneShotMode(const Config& config, Mode mode) {
  EventLoop loop;
  OneShotSink sink(mode, loop);
  const Input input = ReadInput(config);
  if (!config.problems.empty()) return AnswerUnusable(mode, input, "the configuration is wrong");

  auto store = OpenStore(config, mode);
  if (!store) {
    Log(LogLevel::kError, "the state directory cannot be used: " + store.error().message);
    return AnswerUnusable(mode, input, "the state directory cannot be used");
  }
  StoreQueue queue(std::move(*store), StoreQueue::Threading::kCallersThread);
  const auto engine = MakeEngine(config);
  Host host(MakeHostSettings(config, mode), *engine, queue, nullptr, loop, sink);
  loop.OnSignal([&] {
    host.Drain();
    loop.Schedule(Now() + Milliseconds(config.cancel_grace_ms), [&] {
      host.AbortAll(FinalStatus::kError, "the host was shut down before the run ended");
    });
  });
  HandleInput(host, input);
  loop.Run();
  const bool written = WriteLine(STDOUT_FILENO, sink.line());
  // Everything is committed, and what may still be stuck (a name look-up) must not delay the exit.
  _exit(written ? sink.exit_status() : kExitNoReader);
}

}  // namespace refhost
