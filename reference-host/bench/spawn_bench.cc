// How long a one-shot takes from its spawn to its exit, beside `cat` (issue 3: at most 2.5 x).
//
//   spawn_bench REFHOST [SPAWNS [ROUNDS]]
//
// Each round spawns `cat`, refhost on an existing state directory, and refhost on a fresh one, in
// turn, SPAWNS times each; what is printed per round are the medians in microseconds and their
// ratios to cat's, and at the end the median of the rounds.
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

namespace {

double Median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
  return values[values.size() / 2];
}

// Microseconds from before the spawn to after the wait. Exits on any failure: a number of a run
// that failed is worth nothing.
double Spawn(const std::string& program, const std::vector<std::string>& args,
             const std::string& state_dir, const std::string& line) {
  int in[2];
  int out[2];
  if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) std::exit(3);
  std::vector<std::string> words = {program};
  words.insert(words.end(), args.begin(), args.end());
  std::vector<std::string> env = {"PATH=/usr/bin:/bin", "LLM_PROVIDER=echo", "ZENE_LOG_LEVEL=error",
                                  "ZENE_STATE_DIR=" + state_dir};
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
  const auto start = std::chrono::steady_clock::now();
  pid_t pid = -1;
  if (posix_spawnp(&pid, argv[0], &actions, nullptr, argv.data(), envp.data()) != 0) std::exit(3);
  close(in[0]);
  close(out[1]);
  if (write(in[1], line.data(), line.size()) != static_cast<ssize_t>(line.size())) std::exit(3);
  close(in[1]);
  char bytes[4096];
  ssize_t total = 0;
  for (ssize_t count; (count = read(out[0], bytes, sizeof bytes)) > 0;) total += count;
  int status = -1;
  waitpid(pid, &status, 0);
  const auto end = std::chrono::steady_clock::now();
  close(out[0]);
  posix_spawn_file_actions_destroy(&actions);
  if (status != 0 || total == 0) {
    std::fprintf(stderr, "%s failed: status %d, %zd bytes\n", program.c_str(), status, total);
    std::exit(3);
  }
  return std::chrono::duration<double, std::micro>(end - start).count();
}

std::string Line(int n) {
  return R"({"protocol_version":1,"type":"run","request_id":"r","session_id":"s","prompt":"hi",)"
         R"("idempotency_key":"k)" +
         std::to_string(n) + "\"}\n";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: spawn_bench REFHOST [SPAWNS [ROUNDS]]\n");
    return 2;
  }
  const std::string refhost = argv[1];
  const int spawns = argc > 2 ? std::atoi(argv[2]) : 300;
  const int rounds = argc > 3 ? std::atoi(argv[3]) : 7;
  char name[] = "/tmp/refhost-bench-XXXXXX";
  const std::string dir = mkdtemp(name);
  std::vector<double> existing_ratios;
  std::vector<double> fresh_ratios;
  std::printf("%8s %10s %10s %8s %8s\n", "cat us", "existing", "fresh", "ratio", "ratio");
  int n = 0;
  for (int round = 0; round < rounds; ++round) {
    std::vector<double> cat;
    std::vector<double> existing;
    std::vector<double> fresh;
    for (int i = 0; i < spawns; ++i, ++n) {
      cat.push_back(Spawn("cat", {}, dir, Line(n)));
      existing.push_back(Spawn(refhost, {"host", "--protocol", "v1"}, dir + "/existing", Line(n)));
      const std::string fresh_dir = dir + "/fresh" + std::to_string(n);
      fresh.push_back(Spawn(refhost, {"host", "--protocol", "v1"}, fresh_dir, Line(n)));
      std::filesystem::remove_all(fresh_dir);
    }
    existing_ratios.push_back(Median(existing) / Median(cat));
    fresh_ratios.push_back(Median(fresh) / Median(cat));
    std::printf("%8.0f %10.0f %10.0f %8.2f %8.2f\n", Median(cat), Median(existing), Median(fresh),
                existing_ratios.back(), fresh_ratios.back());
  }
  std::printf("median of %d rounds of %d: existing %.2f x cat, fresh %.2f x cat\n", rounds, spawns,
              Median(existing_ratios), Median(fresh_ratios));
  std::filesystem::remove_all(dir);
  return 0;
}
