#include "reference-host/ops/log.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <mutex>

#include "reference-host/host/clock.h"
#include "reference-host/protocol/json_text.h"

namespace refhost {
namespace {

std::atomic<LogLevel> g_level{LogLevel::kInfo};

// A descriptor of stderr that does not block. Setting O_NONBLOCK on descriptor 2 itself would
// change the pipe for everyone who shares it, so it is opened once more.
class Stderr {
 public:
  Stderr() {
    struct stat status;
    if (fstat(STDERR_FILENO, &status) != 0) return;
    if (S_ISSOCK(status.st_mode)) {
      is_socket_ = true;
      fd_ = STDERR_FILENO;
      return;
    }
    if (S_ISREG(status.st_mode)) {
      fd_ = STDERR_FILENO;  // never blocks, and has an offset that others share
      return;
    }
    fd_ = open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  }

  void Write(std::string_view line) {
    if (fd_ < 0) return;
    const ssize_t result = is_socket_
                               ? send(fd_, line.data(), line.size(), MSG_DONTWAIT | MSG_NOSIGNAL)
                               : write(fd_, line.data(), line.size());
    (void)result;  // full or closed: there is nobody left to tell
  }

 private:
  int fd_ = -1;
  bool is_socket_ = false;
};

}  // namespace

void SetLogLevel(LogLevel level) { g_level = level; }
bool LogEnabled(LogLevel level) { return level >= g_level.load(std::memory_order_relaxed); }

void Log(LogLevel level, std::string_view message, std::string_view fields) {
  static constexpr std::string_view kNames[] = {"trace", "debug", "info", "warn", "error"};
  if (!LogEnabled(level)) return;
  std::string line = "{";
  AppendField(line, "ts_ms", UnixMs());
  AppendField(line, "level", kNames[static_cast<int>(level)]);
  AppendField(line, "msg", ReplaceBadUtf8(message));
  if (!fields.empty()) (line += ',') += fields;
  line += "}\n";
  static std::mutex mutex;
  std::lock_guard lock(mutex);
  static Stderr sink;
  sink.Write(line);
}

}  // namespace refhost
