#include "reference-host/e2e/host_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <time.h>

#include <cstdlib>
#include <filesystem>

namespace refhost {

TempDir::TempDir() {
  char name[] = "/tmp/refhost-test-XXXXXX";
  path_ = mkdtemp(name);
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

HostProcess::HostProcess(const std::vector<std::string>& args, const Env& env) {
  signal(SIGPIPE, SIG_IGN);
  int in[2], out[2], err[2];
  if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC)) abort();
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in[0], 0);
  posix_spawn_file_actions_adddup2(&actions, out[1], 1);
  posix_spawn_file_actions_adddup2(&actions, err[1], 2);
  std::vector<std::string> words = {REFHOST_BINARY};
  words.insert(words.end(), args.begin(), args.end());
  std::vector<std::string> settings;
  for (const auto& [name, value] : env) settings.push_back(name + "=" + value);
  std::vector<char*> argv, envp;
  for (auto& word : words) argv.push_back(word.data());
  for (auto& setting : settings) envp.push_back(setting.data());
  argv.push_back(nullptr);
  envp.push_back(nullptr);
  if (posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), envp.data()) != 0) abort();
  posix_spawn_file_actions_destroy(&actions);
  close(in[0]);
  close(out[1]);
  close(err[1]);
  in_ = in[1];
  out_ = out[0];
  err_ = err[0];
}

HostProcess::~HostProcess() {
  if (!status_) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  CloseStdin();
  CloseStdout();
  CloseStderr();
}

void HostProcess::Send(const std::string& bytes) {
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t count = write(in_, bytes.data() + done, bytes.size() - done);
    if (count <= 0) return;
    done += static_cast<size_t>(count);
  }
}

static void CloseFd(int& fd) {
  if (fd >= 0) close(fd);
  fd = -1;
}
void HostProcess::CloseStdin() { CloseFd(in_); }
void HostProcess::CloseStdout() { CloseFd(out_); }
void HostProcess::CloseStderr() { CloseFd(err_); }
void HostProcess::Signal(int number) { kill(pid_, number); }

std::optional<std::string> HostProcess::ReadLine(int timeout_ms) {
  const int64_t until = NowMs() + timeout_ms;
  while (true) {
    const size_t end = buffer_.find('\n');
    if (end != std::string::npos) {
      std::string line = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      return line;
    }
    pollfd fd{out_, POLLIN, 0};
    const int64_t left = until - NowMs();
    if (ended_ || left <= 0 || poll(&fd, 1, static_cast<int>(left)) <= 0) return std::nullopt;
    char bytes[65536];
    const ssize_t count = read(out_, bytes, sizeof bytes);
    if (count <= 0) {
      ended_ = true;
      return std::nullopt;
    }
    buffer_.append(bytes, static_cast<size_t>(count));
  }
}

Json HostProcess::Read(int timeout_ms) {
  const auto line = ReadLine(timeout_ms);
  return line ? Json::parse(*line, nullptr, false) : Json(Json::value_t::discarded);
}

Json HostProcess::Await(const std::string& type, const std::string& request_id, int timeout_ms) {
  const int64_t until = NowMs() + timeout_ms;
  while (true) {
    Json line = Read(static_cast<int>(std::max<int64_t>(until - NowMs(), 1)));
    if (line.is_discarded()) return line;
    if (line.value("type", "") == type && line.value("request_id", "") == request_id) return line;
    skipped.push_back(line);
  }
}

bool HostProcess::StdoutEnded(int timeout_ms) { return !ReadLine(timeout_ms) && ended_; }

std::optional<int> HostProcess::Wait(int timeout_ms) {
  const int64_t until = NowMs() + timeout_ms;
  while (!status_) {
    int status = 0;
    if (waitpid(pid_, &status, WNOHANG) == pid_) {
      status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    } else if (NowMs() > until) {
      return std::nullopt;
    } else {
      usleep(1000);
    }
  }
  return status_;
}

std::string HostProcess::ReadStderr() {
  std::string out;
  char bytes[65536];
  ssize_t count;
  while ((count = read(err_, bytes, sizeof bytes)) > 0)
    out.append(bytes, static_cast<size_t>(count));
  return out;
}

Env EchoEnv(const TempDir& dir) {
  return {{"LLM_PROVIDER", "echo"}, {"ZENE_STATE_DIR", dir.path() + "/state"}};
}

Json RunRequest(const std::string& id, const std::string& session, const std::string& prompt,
                const std::string& key) {
  return {{"protocol_version", 1}, {"type", "run"},    {"request_id", id},
          {"session_id", session}, {"prompt", prompt}, {"idempotency_key", key}};
}

const std::vector<std::string>& StreamArgs() {
  static const std::vector<std::string> args = {"host", "--protocol", "v1",
                                                "--single-request=false"};
  return args;
}

OneShotResult OneShot(const std::string& input, const Env& env, bool bridge) {
  std::vector<std::string> args = {"host", "--protocol", "v1"};
  if (bridge) args.insert(args.end(), {"--bridge-compat", "--single-request"});
  HostProcess host(args, env);
  host.Send(input);
  host.CloseStdin();
  OneShotResult result;
  while (auto line = host.ReadLine(20000)) result.out += *line + "\n";
  result.json = Json::parse(result.out, nullptr, false);
  result.status = host.Wait().value_or(-1);
  return result;
}

int64_t NowMs() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1'000'000;
}

}  // namespace refhost
