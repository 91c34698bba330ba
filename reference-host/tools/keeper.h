// The process between the host and a command that a tool call runs: `refhost keep-command COMMAND`,
// started by CommandRunner and by nobody else. One keeper per command.
//
// It is a subreaper, so whatever the command starts stays below it, and it does not exit before all
// of that is gone: when the command has ended, when the host says so, and when the host is dead,
// SIGKILL included (LIFE-09). Both ends are told by descriptor kKeeperControl, a socket to the
// host: its end of file is the order to kill, and the keeper writes one KeeperReport to it at the
// end.
#pragma once

#include <cstdint>

namespace refhost {

inline constexpr int kKeeperControl = 3;
inline constexpr char kKeeperCommand[] = "keep-command";

struct KeeperReport {
  int32_t signaled = 0;  // 1: `code` is a signal, 0: an exit status
  int32_t code = 0;
};

// Runs in a process of its own, with the command's environment, working directory and output as its
// own. Exit status 2 if nobody holds the control socket.
int RunKeeper(const char* command);

}  // namespace refhost
