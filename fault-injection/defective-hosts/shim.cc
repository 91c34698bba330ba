#include "fault-injection/defective-hosts/shim.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <memory>
#include <utility>

#include "fault-injection/defective-hosts/inside.h"
#include "fault-injection/defective-hosts/provider_proxy.h"

namespace touchstone::defective {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kCannotStart = 126;
constexpr int kPatienceMs = 50;  // for the rest of a line

[[noreturn]] void Replace(const Launch& launch) {
  std::vector<char*> argv, environment;
  std::vector<std::string> settings;
  for (const auto& word : launch.argv) argv.push_back(const_cast<char*>(word.c_str()));
  for (const auto& [name, value] : launch.environment) settings.push_back(name + "=" + value);
  for (auto& setting : settings) environment.push_back(setting.data());
  argv.push_back(nullptr);
  environment.push_back(nullptr);
  ::execvpe(argv[0], argv.data(), environment.data());
  std::fprintf(stderr, "defective-host: cannot start %s: %s\n", argv[0], std::strerror(errno));
  ::_exit(kCannotStart);
}

// Bytes on their way into a pipe. Never blocks: a pipe that poll(2) calls writable takes PIPE_BUF.
class Outlet {
 public:
  explicit Outlet(int fd) : fd_(fd) {}

  void Add(std::string_view bytes) {
    if (open()) waiting_.append(bytes);
  }
  // Closed when what waits has been written.
  void CloseSoon() { closing_ = true; }
  void Close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
    waiting_.clear();
    sent_ = 0;
  }
  bool open() const { return fd_ >= 0; }
  bool full() const { return waiting_.size() - sent_ > (1 << 20); }
  bool wants() const { return open() && (sent_ < waiting_.size() || closing_); }
  int fd() const { return fd_; }

  void Write() {
    const auto size = std::min<std::size_t>(waiting_.size() - sent_, PIPE_BUF);
    const auto n = size == 0 ? 0 : ::write(fd_, waiting_.data() + sent_, size);
    if (n < 0 && errno != EINTR && errno != EAGAIN) return Close();  // nobody reads any more
    sent_ += n > 0 ? static_cast<std::size_t>(n) : 0;
    if (sent_ > waiting_.size() / 2) waiting_.erase(0, std::exchange(sent_, 0));
    if (!waiting_.empty()) return;
    if (closing_) Close();
  }

 private:
  int fd_;
  bool closing_ = false;
  std::string waiting_;
  std::size_t sent_ = 0;
};

// Lines out of a pipe. What is no line yet after a while is not held back: how a host takes an
// endless line, or half of one, stays visible.
class Inlet {
 public:
  using Taker = std::function<void(std::string)>;
  explicit Inlet(int fd) : fd_(fd) {}

  bool open() const { return fd_ >= 0; }
  int fd() const { return fd_; }
  void Close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  // Gives each whole line to `line`, and the rest of a line whose beginning was given to `raw`
  // there, too. False at EOF.
  bool Read(const Taker& line, const Taker& raw) {
    char chunk[65536];
    const auto n = ::read(fd_, chunk, sizeof chunk);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) return true;
    if (n <= 0) return false;
    rest_.append(chunk, static_cast<std::size_t>(n));
    std::size_t begin = 0;
    for (auto lf = rest_.find('\n'); lf != rest_.npos; lf = rest_.find('\n', begin)) {
      if (std::exchange(begun_, false)) {
        raw(rest_.substr(begin, lf + 1 - begin));
      } else {
        line(rest_.substr(begin, lf - begin));
      }
      begin = lf + 1;
    }
    rest_.erase(0, begin);
    if (begun_ || rest_.size() > kLongLine) GiveUpWaiting(raw);
    return true;
  }
  // As they come. False at EOF.
  bool ReadBytes(const std::function<void(std::string_view)>& take) {
    char chunk[65536];
    const auto n = ::read(fd_, chunk, sizeof chunk);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) return true;
    take({chunk, n > 0 ? static_cast<std::size_t>(n) : 0});
    return n > 0;
  }
  bool waits_for_lf() const { return !rest_.empty(); }
  void GiveUpWaiting(const Taker& raw) {
    begun_ = true;
    if (!rest_.empty()) raw(TakeRest());
  }
  std::string TakeRest() { return std::exchange(rest_, {}); }

 private:
  static constexpr std::size_t kLongLine = 256 << 10;
  int fd_;
  bool begun_ = false;  // the beginning of this line was given away
  std::string rest_;
};

class Shim : public Wire {
 public:
  Shim(Launch launch, Tampering tampering)
      : launch_(std::move(launch)), tampering_(std::move(tampering)) {}

  int Run() {
    BlockSignals();
    Start();
    while (!Done()) Turn();
    return status_;
  }

  void ToHost(std::string_view bytes) override { to_host_.Add(bytes); }
  void ToCaller(std::string_view bytes) override { to_caller_.Add(bytes); }
  void After(int ms, std::function<void()> action) override {
    timers_.emplace(Clock::now() + std::chrono::milliseconds(ms), std::move(action));
  }
  void CloseHostStdin() override { to_host_.CloseSoon(); }
  void CloseCallerStdout() override { to_caller_.CloseSoon(); }
  void KillHost(int signal_number) override {
    if (!ended_) ::kill(host_, signal_number);
  }

 private:
  void BlockSignals() {
    sigset_t set;
    sigemptyset(&set);
    for (int number : {SIGTERM, SIGINT, SIGCHLD}) sigaddset(&set, number);
    sigprocmask(SIG_BLOCK, &set, &unblocked_);
    signals_ = ::signalfd(-1, &set, SFD_CLOEXEC);
    ::signal(SIGPIPE, SIG_IGN);
  }

  void Start() {
    int in[2] = {-1, -1}, out[2] = {-1, -1};
    if (takes_stdin() && ::pipe2(in, O_CLOEXEC) != 0) std::abort();
    if (tampering_.response && ::pipe2(out, O_CLOEXEC) != 0) std::abort();
    host_ = ::fork();
    if (host_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      ::setpgid(0, 0);  // a signal to the shim's group reaches the host once, through the shim
      if (in[0] >= 0) ::dup2(in[0], 0);
      if (out[1] >= 0) ::dup2(out[1], 1);
      ::signal(SIGPIPE, SIG_DFL);
      ::sigprocmask(SIG_SETMASK, &unblocked_, nullptr);
      Replace(launch_);
    }
    if (takes_stdin()) {
      ::close(in[0]);
      to_host_ = Outlet(in[1]);
      from_caller_ = Inlet(::fcntl(0, F_DUPFD_CLOEXEC, 3));
    }
    if (tampering_.response) {
      ::close(out[1]);
      from_host_ = Inlet(out[0]);
    }
    // Also without a response hook: other hooks may write. Whoever holds no pipe delays no EOF.
    to_caller_ = Outlet(::fcntl(1, F_DUPFD_CLOEXEC, 3));
    const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    ::dup2(null, 0);
    ::dup2(null, 1);
  }

  bool takes_stdin() const { return tampering_.request || tampering_.bytes; }
  bool Done() const { return finished_ && timers_.empty() && !to_caller_.wants(); }

  void Turn() {
    std::vector<pollfd> polled{{signals_, POLLIN, 0}};
    const auto watch = [&](int fd, short events) {
      if (fd >= 0) polled.push_back({fd, events, 0});
    };
    // Whoever reads slowly slows the other down, as a pipe does.
    if (!to_host_.full()) watch(from_caller_.fd(), POLLIN);
    if (!to_caller_.full()) watch(from_host_.fd(), POLLIN);
    watch(to_host_.wants() ? to_host_.fd() : -1, POLLOUT);
    // A reader that has gone away shows as POLLERR, asked for or not.
    watch(to_caller_.fd(), static_cast<short>(to_caller_.wants() ? POLLOUT : 0));
    if (::poll(polled.data(), polled.size(), UntilNextTimer()) < 0) return;
    for (const auto& [fd, events, ready] : polled) {
      if (ready == 0) continue;
      if (fd == signals_) TakeSignal();
      if (fd == from_caller_.fd()) FromCaller();
      if (fd == from_host_.fd()) FromHost();
      if (fd == to_host_.fd()) to_host_.Write();
      if (fd == to_caller_.fd()) ToCallerReady(ready);
    }
    RunTimers();
  }

  void ToCallerReady(short ready) {
    if (to_caller_.wants()) {
      to_caller_.Write();
    } else if ((ready & POLLERR) != 0) {
      to_caller_.Close();
    }
    if (!to_caller_.open() && !ended_) from_host_.Close();  // so that the host notices
  }

  int UntilNextTimer() const {
    if (timers_.empty()) return -1;
    const auto left = timers_.begin()->first - Clock::now();
    return std::max(0,
                    static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(left).count()));
  }

  void RunTimers() {
    while (!timers_.empty() && timers_.begin()->first <= Clock::now()) {
      auto action = std::move(timers_.begin()->second);
      timers_.erase(timers_.begin());
      action();
    }
  }

  void TakeSignal() {
    signalfd_siginfo info;
    if (::read(signals_, &info, sizeof info) != sizeof info) return;
    const int number = static_cast<int>(info.ssi_signo);
    if (number != SIGCHLD) {
      if (tampering_.signal) return tampering_.signal(number, *this);
      return KillHost(number);
    }
    int status = 0;
    if (ended_ || ::waitpid(host_, &status, WNOHANG) != host_) return;
    ended_ = true;
    status_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    HostEnded();
  }

  void BytesFromCaller() {
    if (from_caller_.ReadBytes([this](std::string_view chunk) { tampering_.bytes(chunk, *this); }))
      return;
    from_caller_.Close();
    to_host_.CloseSoon();
  }

  void FromCaller() {
    if (tampering_.bytes) return BytesFromCaller();
    const auto raw = [this](const std::string& bytes) { to_host_.Add(bytes); };
    if (from_caller_.Read([&](std::string line) { tampering_.request(std::move(line), *this); },
                          raw)) {
      if (!from_caller_.waits_for_lf()) return;
      const int turn = ++partial_turn_;
      After(kPatienceMs, [this, raw, turn] {
        if (turn == partial_turn_ && from_caller_.open()) from_caller_.GiveUpWaiting(raw);
      });
      return;
    }
    from_caller_.Close();
    if (auto rest = from_caller_.TakeRest(); !rest.empty()) {
      tampering_.request(std::move(rest), *this);
    }
    to_host_.CloseSoon();
  }

  void FromHost() {
    if (from_host_.Read([&](std::string line) { tampering_.response(std::move(line), *this); },
                        [this](const std::string& bytes) { to_caller_.Add(bytes); })) {
      return;
    }
    from_host_.Close();
    to_caller_.Add(from_host_.TakeRest());
    if (!ended_) to_caller_.CloseSoon();  // the host closed its stdout before its end
  }

  // What is left in the pipe, and no more: a descendant of the host may hold its other end.
  void HostEnded() {
    for (pollfd polled{from_host_.fd(), POLLIN, 0};
         from_host_.open() && ::poll(&polled, 1, 0) == 1;) {
      FromHost();
    }
    to_caller_.Add(from_host_.TakeRest());
    from_host_.Close();
    from_caller_.Close();
    to_host_.Close();
    if (tampering_.exit) status_ = tampering_.exit(status_, *this);
    finished_ = true;
  }

  Launch launch_;
  Tampering tampering_;
  sigset_t unblocked_;
  int signals_ = -1;
  pid_t host_ = -1;
  bool ended_ = false, finished_ = false;
  int status_ = 0;
  int partial_turn_ = 0;  // counts reads that ended inside a line
  Inlet from_caller_{-1}, from_host_{-1};
  Outlet to_host_{-1}, to_caller_{-1};
  std::multimap<Clock::time_point, std::function<void()>> timers_;
};

}  // namespace

int RunShim(Launch launch, Tampering tampering) {
  if (tampering.launch) tampering.launch(launch);
  if (!tampering.inside.empty()) Preload(launch, tampering.inside);
  if (tampering.replaces_shim()) Replace(launch);
  std::unique_ptr<ProviderProxy> proxy;
  if (tampering.provider) proxy = std::make_unique<ProviderProxy>(launch, tampering.provider);
  return Shim(std::move(launch), std::move(tampering)).Run();
}

}  // namespace touchstone::defective
