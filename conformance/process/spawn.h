// Starts a program with three pipes, in a process group of its own, so that it dies with the judge.
//
// By vfork(2), since the judge starts thousands: the cost does not grow with the judge's memory. No
// descriptor of the judge but the three reaches the child, whether it was opened close-on-exec or
// not; a leaked socket would keep the provider's connections open.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include <tl/expected.hpp>

namespace touchstone {

// The judge's ends. The caller owns the descriptors.
struct Spawned {
  pid_t pid = -1;
  int pidfd = -1;  // readable when the process has ended
  int in = -1;     // write end of its stdin
  int out = -1, err = -1;
};

// The path of a program: `name` itself when it holds a slash, else looked up in PATH. Says why
// there is none.
tl::expected<std::string, std::string> FindProgram(const std::string& name);

// `program` is a path. The child gets default signal handlers, an empty signal mask, and SIGKILL
// when the calling *thread* ends.
tl::expected<Spawned, std::string> Spawn(const std::string& program,
                                         const std::vector<std::string>& argv,
                                         const std::vector<std::string>& environment,
                                         const std::string& working_directory);

}  // namespace touchstone
