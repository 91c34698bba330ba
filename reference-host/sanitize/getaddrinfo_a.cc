// Only in the preset `tsan`: getaddrinfo_a and its companions, in place of glibc's. Those start
// their thread inside of libc, where ThreadSanitizer does not see it; the thread then dies with
// signal 11 in the sanitizer's allocator, in a program of ten lines, too. These do the same with
// threads that it sees.
#include <netdb.h>

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

namespace {

struct State {
  std::mutex mutex;
  std::condition_variable changed;
  std::map<const gaicb*, int> results;  // EAI_INPROGRESS until there is one
};

State& Global() {
  static State* state = new State;  // outlives every thread, by intent
  return *state;
}

void Look(gaicb* request) {
  addrinfo* list = nullptr;
  const int result = getaddrinfo(request->ar_name, request->ar_service, request->ar_request, &list);
  State& state = Global();
  std::lock_guard lock(state.mutex);
  request->ar_result = list;
  state.results[request] = result;
  state.changed.notify_all();
}

}  // namespace

extern "C" {

int getaddrinfo_a(int, gaicb* list[], int count, sigevent*) noexcept {
  State& state = Global();
  for (int i = 0; i < count; ++i) {
    {
      std::lock_guard lock(state.mutex);
      state.results[list[i]] = EAI_INPROGRESS;
    }
    std::thread(Look, list[i]).detach();  // as glibc does it: a look-up cannot be interrupted
  }
  return 0;
}

int gai_error(gaicb* request) noexcept {
  State& state = Global();
  std::lock_guard lock(state.mutex);
  const auto found = state.results.find(request);
  return found == state.results.end() ? 0 : found->second;
}

int gai_suspend(const gaicb* const list[], int count, const timespec* timeout) {
  State& state = Global();
  const auto limit =
      std::chrono::seconds(timeout->tv_sec) + std::chrono::nanoseconds(timeout->tv_nsec);
  const auto one_done = [&] {
    for (int i = 0; i < count; ++i) {
      if (state.results[list[i]] != EAI_INPROGRESS) return true;
    }
    return false;
  };
  std::unique_lock lock(state.mutex);
  return state.changed.wait_for(lock, limit, one_done) ? 0 : EAI_AGAIN;
}

}  // extern "C"
