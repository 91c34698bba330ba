// Only in the preset `coverage`: the linker sends the host's calls of _exit here, so that the
// counters of executed lines are written before it leaves. A host that is killed writes none.
//
// The judge lets some hosts write to no file any more. That is not for the counters: a file whose
// beginning could not be written would be lost for all hosts that come after.
#include <sys/resource.h>

extern "C" {

void __gcov_dump(void);
[[noreturn]] void __real__exit(int status);

[[noreturn]] void __wrap__exit(int status);
void __wrap__exit(int status) {
  rlimit limit{};
  if (getrlimit(RLIMIT_FSIZE, &limit) == 0) {
    const rlimit all{RLIM_INFINITY, RLIM_INFINITY};
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_FSIZE, &all) != 0) setrlimit(RLIMIT_FSIZE, &limit);
  }
  __gcov_dump();
  __real__exit(status);
}

}  // extern "C"
