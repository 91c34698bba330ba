#include "reference-host/stdio/inspect_mode.h"

#include <unistd.h>

#include "reference-host/ops/log.h"
#include "reference-host/stdio/exit_status.h"
#include "reference-host/stdio/line_writer.h"
#include "reference-host/store/inspect.h"

namespace refhost {

int RunInspectMode(const Config& config, const CommandLine& line) {
  bool written = true;
  const auto done = Inspect(config.state_dir, line.inspect, line.inspect_session,
                            [&written](const std::string& record) {
                              written = WriteLine(STDOUT_FILENO, record);
                              return written;
                            });
  if (!done) Log(LogLevel::kError, "the state directory cannot be read: " + done.error().message);
  if (!done) return kExitConfiguration;
  return written ? kExitOk : kExitNoReader;
}

}  // namespace refhost
