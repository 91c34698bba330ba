#include "reference-host/stdio/stream_mode.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

#include "reference-host/ops/log.h"
#include "reference-host/protocol/json_text.h"
#include "reference-host/stdio/exit_status.h"
#include "reference-host/stdio/line_reader.h"
#include "reference-host/stdio/line_writer.h"
#include "reference-host/stdio/setup.h"

namespace refhost {
namespace {

// Beyond these the reader of requests waits, and the pipe with it: memory stays bounded (FRAME-12).
constexpr size_t kMaxUnwrittenBytes = 1 << 20;
constexpr size_t kMaxStoreBacklog = 512;
// No answer waits for more lines than this to be handled.
constexpr size_t kMaxRelayedBytes = 2048;

constexpr Milliseconds kTimeForTools{800};
constexpr Milliseconds kTimeToSettle{500};

class StreamSink : public ReplySink {
 public:
  explicit StreamSink(LineWriter& writer) : writer_(writer) {}
  std::string Format(const Response& response) override { return FormatTyped(response, UnixMs()); }
  void Push(std::string line) override { writer_.Push(std::move(line)); }

 private:
  LineWriter& writer_;
};

class StreamMode {
 public:
  StreamMode(const Config& config, std::unique_ptr<SqliteStore> store,
             std::unique_ptr<SqliteStore> lookup)
      : config_(config),
        lookup_(std::move(lookup)),
        store_(std::move(store), StoreQueue::Threading::kOwnThread),
        engine_(MakeEngine(config)),
        toolbox_(MakeToolbox(config)),
        writer_(STDOUT_FILENO, [this] { loop_.Post([this] { OnReaderGone(); }); }),
        sink_(writer_),
        host_(MakeHostSettings(config, Mode::kStream), *engine_, *toolbox_, store_, lookup_.get(),
              loop_, sink_),
        grace_(config.cancel_grace_ms) {}

  int Run() {
    loop_.OnSignal([this] { OnSignal(); });
    ScheduleCleanUp();
    std::jthread reader([this] { ReadRequests(); });
    loop_.Run();
    LeaveNow(all_written_ && !reader_gone_ ? kExitOk : kExitNoReader);
  }

 private:
  // Nothing is left to save here: finished runs are committed, and others may be stuck in a system
  // call.
  [[noreturn]] void LeaveNow(int status) {
    toolbox_->StopAll(kTimeForTools);
    host_.Settle(kTimeToSettle);
    _exit(status);
  }

  void ReadRequests() {
    LineReader reader(STDIN_FILENO, static_cast<size_t>(config_.max_request_bytes), -1);
    writer_.Adopt();
    while (true) {
      if (!reader.HasLine()) writer_.Relay();
      const ReadEvent event = reader.Next(TimePoint::max());
      loop_.SettleSignals();
      if (event == ReadEvent::kLine) {
        if (!IsBlank(reader.line())) host_.Handle(reader.line(), reader.received());
      } else if (event == ReadEvent::kTooLong) {
        host_.Refuse("unknown", std::nullopt,
                     {ErrorCode::kInvalidRequest, "the line is longer than the host accepts"});
      } else {
        break;
      }
      if (writer_.IsFuller(kMaxRelayedBytes)) writer_.Relay();
      writer_.WaitUntilBelow(kMaxUnwrittenBytes);
      if (store_.Backlog() < kMaxStoreBacklog) continue;
      writer_.Relay();
      store_.WaitUntilBelow(kMaxStoreBacklog);
    }
    loop_.Post([this] { StopWhenIdle(); });
  }

  void StopWhenIdle() {
    host_.WhenIdle([this] { loop_.Post([this] { StopWhenWritten(); }); });
  }

  // Whoever has gone away does not come back for the rest; a shutdown has promised when it ends.
  // From the moment at which all was written, a draining host owes nothing to a line that is still
  // read (LIFE-07).
  void StopWhenWritten() {
    all_written_ = writer_.IsEmpty();
    if (all_written_ || reader_gone_ || Now() >= flush_until_) return loop_.Stop();
    loop_.Schedule(Now() + Milliseconds(2), [this] { StopWhenWritten(); });
  }

  void OnSignal() {
    if (draining_) {  // asked twice: at once (LIFE-07), but for what must not be left behind
      toolbox_->StopAll(kTimeForTools);
      _exit(kExitOk);
    }
    draining_ = true;
    Log(LogLevel::kInfo, "shutting down");
    const TimePoint deadline = Now() + Milliseconds(grace_);
    flush_until_ = deadline + Milliseconds(grace_ + 800);
    loop_.Schedule(deadline, [this] {
      host_.AbortAll(FinalStatus::kError, "the host was shut down before the run ended");
    });
    host_.Drain();
    StopWhenIdle();
  }

  void OnReaderGone() {
    if (reader_gone_) return;
    reader_gone_ = true;
    Log(LogLevel::kWarn, "stdout was closed by its reader");
    flush_until_ = Now();
    host_.AbortAll(FinalStatus::kCanceled, "");
    StopWhenIdle();
  }

  void ScheduleCleanUp() {
    const auto interval =
        std::chrono::seconds(std::min<int64_t>(config_.session_cleanup_interval_sec, 365 * 86400));
    loop_.Schedule(Now() + interval, [this] {
      host_.CleanUp();
      ScheduleCleanUp();
    });
  }

  const Config& config_;
  EventLoop loop_;
  std::unique_ptr<SqliteStore> lookup_;
  StoreQueue store_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Toolbox> toolbox_;
  LineWriter writer_;
  StreamSink sink_;
  Host host_;
  const int64_t grace_;
  bool draining_ = false;     // loop's thread
  bool reader_gone_ = false;  // loop's thread
  bool all_written_ = false;  // loop's thread
  TimePoint flush_until_ = TimePoint::max();
};

}  // namespace

// A thousand runs at once need two descriptors each; the usual soft limit is a thousand in all.
static void RaiseDescriptorLimit() {
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = std::max(limit.rlim_cur, std::min<rlim_t>(limit.rlim_max, 8192));
  setrlimit(RLIMIT_NOFILE, &limit);
}

int RunStreamMode(const Config& config) {
  RaiseDescriptorLimit();
  auto store = OpenStore(config, Mode::kStream);
  auto lookup = store ? (*store)->OpenAnother() : tl::unexpected(store.error());
  if (!lookup) {
    Log(LogLevel::kError, "the state directory cannot be used: " + lookup.error().message);
    return kExitConfiguration;
  }
  StreamMode mode(config, std::move(*store), std::move(*lookup));
  return mode.Run();
}

}  // namespace refhost
