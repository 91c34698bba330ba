#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>

#include "reference-host/ops/log.h"
#include "reference-host/options.h"
#include "reference-host/stdio/exit_status.h"
#include "reference-host/stdio/inspect_mode.h"
#include "reference-host/stdio/line_writer.h"
#include "reference-host/stdio/one_shot_mode.h"
#include "reference-host/stdio/self_test_mode.h"
#include "reference-host/stdio/stream_mode.h"
#include "reference-host/tools/keeper.h"

using namespace refhost;

// A file that the host opens must never get the number of a closed standard stream. Writing to the
// replacement fails, as writing to a closed stdout does.
static void HoldStandardStreams() {
  for (int fd = 0; fd <= 2; ++fd) {
    if (fcntl(fd, F_GETFD) < 0) (void)open("/dev/null", O_RDONLY);
  }
}

// The tools run as the same user and can read /proc/PID/environ of the host: once read, the keys
// are wiped from the memory that it shows (SEC-01).
static void WipeKeys() {
  for (const char* name : KeyVariables()) {
    if (char* value = std::getenv(name)) std::memset(value, '*', std::strlen(value));
  }
}

int main(int argc, char** argv) {
  if (argc == 3 && std::strcmp(argv[1], kKeeperCommand) == 0) return RunKeeper(argv[2]);
  HoldStandardStreams();
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);  // a file size limit is a failed write, not a death
  umask(077);                // whatever the host creates is its user's alone (SEC-04)
  const auto line = ParseCommandLine({argv + 1, argv + argc});
  if (!line) {
    WriteText(STDERR_FILENO, "refhost: " + line.error() + "\n" + UsageText());
    return kExitInvalid;
  }
  if (line->command == Command::kHelp)
    return WriteText(STDOUT_FILENO, UsageText()) ? kExitOk : kExitNoReader;
  if (line->command == Command::kVersion)
    return WriteText(STDOUT_FILENO, VersionText()) ? kExitOk : kExitNoReader;

  Config config = ReadConfig(std::getenv);
  WipeKeys();
  if (line->stdin_timeout_ms) config.stdin_timeout_ms = *line->stdin_timeout_ms;
  SetLogLevel(config.log_level);
  if (!config.problems.empty()) Log(LogLevel::kError, config.problems.front());
  if (line->command == Command::kSelfTest) return RunSelfTestMode(config);
  if (line->command == Command::kInspect) {
    return config.problems.empty() ? RunInspectMode(config, *line) : kExitConfiguration;
  }
  if (line->mode != Mode::kStream) return RunOneShotMode(config, line->mode);
  return config.problems.empty() ? RunStreamMode(config) : kExitConfiguration;
}
