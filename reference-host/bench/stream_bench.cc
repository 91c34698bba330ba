// Mode S with the echo provider: durable runs per second, all sent at once; peak memory after them.
//
//   stream_bench REFHOST [RUNS]
//
// The bench is pinned to one core and the host to another (with two or more cores).
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

double Seconds(Clock::time_point since) {
  return std::chrono::duration<double>(Clock::now() - since).count();
}

void Pin(pid_t pid, int core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core % static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN)), &set);
  sched_setaffinity(pid, sizeof set, &set);
}

class Child {
 public:
  Child(std::vector<std::string> words, const std::string& state_dir) {
    int in[2];
    int out[2];
    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) std::exit(3);
    std::vector<std::string> env = {"PATH=/usr/bin:/bin",        "LLM_PROVIDER=echo",
                                    "ZENE_LOG_LEVEL=error",      "ZENE_QUEUE_MAX=1000000",
                                    "ZENE_MAX_CONCURRENCY=1024", "ZENE_STATE_DIR=" + state_dir};
    std::vector<char*> argv;
    std::vector<char*> envp;
    for (auto& word : words) argv.push_back(word.data());
    for (auto& setting : env) envp.push_back(setting.data());
    argv.push_back(nullptr);
    envp.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], 0);
    posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    // The host starts on its core, threads and all.
    Pin(0, 1);
    const int error = posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), envp.data());
    Pin(0, 0);
    if (error != 0) std::exit(3);
    posix_spawn_file_actions_destroy(&actions);
    close(in[0]);
    close(out[1]);
    in_ = in[1];
    out_ = out[0];
    fcntl(in_, F_SETFL, O_NONBLOCK);
  }
  ~Child() {
    close(in_);
    close(out_);
    waitpid(pid_, nullptr, 0);
  }

  // Sends what the pipe takes of `bytes` from `sent` on, and counts finals (or all lines) that
  // come.
  void Exchange(const std::string& bytes, size_t& sent, const char* counted, size_t& count) {
    pollfd fds[2] = {{out_, POLLIN, 0}, {sent < bytes.size() ? in_ : -1, POLLOUT, 0}};
    if (poll(fds, 2, 10'000) <= 0) std::exit(3);
    if (fds[1].revents) {
      const ssize_t written = write(in_, bytes.data() + sent, bytes.size() - sent);
      if (written > 0) sent += static_cast<size_t>(written);
    }
    if (!fds[0].revents) return;
    char piece[1 << 16];
    const ssize_t size = read(out_, piece, sizeof piece);
    if (size <= 0) std::exit(3);
    pending_.append(piece, static_cast<size_t>(size));
    size_t begin = 0;
    for (size_t end; (end = pending_.find('\n', begin)) != std::string::npos; begin = end + 1) {
      const std::string_view line(pending_.data() + begin, end - begin);
      count += line.find(counted) != std::string_view::npos;
    }
    pending_.erase(0, begin);
  }

  long PeakKiB() const {
    std::FILE* file = std::fopen(("/proc/" + std::to_string(pid_) + "/status").c_str(), "r");
    char line[256];
    long peak = -1;
    while (file && std::fgets(line, sizeof line, file)) std::sscanf(line, "VmHWM: %ld", &peak);
    if (file) std::fclose(file);
    return peak;
  }

 private:
  pid_t pid_ = -1;
  int in_ = -1;
  int out_ = -1;
  std::string pending_;
};

double RunsPerSecond(Child& child, size_t runs) {
  std::string lines;
  for (size_t i = 0; i < runs; ++i) {
    const std::string n = std::to_string(i);
    lines += "{\"protocol_version\":1,\"type\":\"run\",\"request_id\":\"r" + n +
             "\",\"session_id\":\"s" + std::to_string(i % 64) +
             "\",\"prompt\":\"hi\",\"idempotency_key\":\"k" + n + "\"}\n";
  }
  size_t sent = 0;
  size_t finals = 0;
  const auto start = Clock::now();
  while (finals < runs) child.Exchange(lines, sent, "\"status\":\"OK\"", finals);
  return static_cast<double>(runs) / Seconds(start);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: stream_bench REFHOST [RUNS]\n");
    return 2;
  }
  const size_t runs = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 100'000;
  char name[] = "/tmp/refhost-bench-XXXXXX";
  const std::string dir = mkdtemp(name);
  {
    Child host({argv[1], "host", "--protocol", "v1", "--single-request=false"}, dir);
    const double rate = RunsPerSecond(host, runs);
    std::printf("%zu durable runs: %.0f runs/s, peak RSS %.1f MiB\n", runs, rate,
                static_cast<double>(host.PeakKiB()) / 1024);
  }
  std::filesystem::remove_all(dir);
  return 0;
}
