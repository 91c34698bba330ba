// A refhost process under test, seen as its bridge sees it: three pipes and an exit status. Every
// wait has a deadline; the destructor kills and reaps.
#pragma once

#include <sys/types.h>

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace refhost {

using Json = nlohmann::json;
using Env = std::map<std::string, std::string>;

// A directory of its own under the system's temporary one, removed at the end.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

class HostProcess {
 public:
  // Starts refhost with nothing in its environment but `env`.
  HostProcess(const std::vector<std::string>& args, const Env& env);
  ~HostProcess();

  void Send(const std::string& bytes);  // as it is
  void SendLine(const Json& json) { Send(json.dump() + "\n"); }
  void CloseStdin();
  void CloseStdout();
  void CloseStderr();
  void Signal(int number);

  // The next line of stdout; nothing at its end or after `timeout_ms`.
  std::optional<std::string> ReadLine(int timeout_ms = 10000);
  // The same, parsed; a discarded value if there is none.
  Json Read(int timeout_ms = 10000);
  // Reads until `type` for `request_id`, keeping what comes between in `skipped`.
  Json Await(const std::string& type, const std::string& request_id, int timeout_ms = 10000);
  bool StdoutEnded(int timeout_ms = 10000);  // no further line, and end of file

  // Exit status; 128 + n after signal n; nothing if it does not exit in time.
  std::optional<int> Wait(int timeout_ms = 10000);
  std::string ReadStderr();

  pid_t pid() const { return pid_; }
  int stdin_fd() const { return in_; }
  std::vector<Json> skipped;

 private:
  pid_t pid_ = -1;
  int in_ = -1;
  int out_ = -1;
  int err_ = -1;
  std::string buffer_;
  bool ended_ = false;
  std::optional<int> status_;
};

Env EchoEnv(const TempDir& dir);
Json RunRequest(const std::string& id, const std::string& session, const std::string& prompt,
                const std::string& key);
const std::vector<std::string>& StreamArgs();

struct OneShotResult {
  std::string out;
  Json json;
  int status = -1;
};
// Runs a one-shot to its end.
OneShotResult OneShot(const std::string& input, const Env& env, bool bridge = false);

int64_t NowMs();
// Waits until `condition` holds; false after `timeout_ms`.
template <typename Condition>
bool Eventually(Condition condition, int timeout_ms = 10000);

}  // namespace refhost

#include <unistd.h>

template <typename Condition>
bool refhost::Eventually(Condition condition, int timeout_ms) {
  const int64_t until = NowMs() + timeout_ms;
  while (!condition()) {
    if (NowMs() > until) return false;
    usleep(2000);
  }
  return true;
}
