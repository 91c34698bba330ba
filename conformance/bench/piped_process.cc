#include "conformance/bench/piped_process.h"

#include <errno.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "conformance/observe/framing.h"

namespace touchstone {
namespace {

constexpr auto kSlice = std::chrono::milliseconds(100);  // how soon a stop is noticed
constexpr std::size_t kStderrKept = 4096;

}  // namespace

tl::expected<std::unique_ptr<PipedProcess>, std::string> PipedProcess::Start(
    const std::string& program, const LaunchOptions& options, const Cores& cores) {
  const Cores::ForPrograms here(cores);
  auto child = Spawn(program, options.argv, options.environment, options.working_directory);
  if (!child) return tl::unexpected(child.error());
  return std::unique_ptr<PipedProcess>(new PipedProcess(*child));
}

PipedProcess::~PipedProcess() {
  for (int* descriptor : {&child_.in, &child_.out, &child_.err}) Close(*descriptor);
  if (child_.pid > 0) {
    ::kill(-child_.pid, SIGKILL);
    ::waitpid(child_.pid, nullptr, 0);
  }
  Close(child_.pidfd);
}

void PipedProcess::Close(int& descriptor) {
  if (descriptor >= 0) ::close(std::exchange(descriptor, -1));
}

void PipedProcess::WriteQueued() {
  while (child_.in >= 0 && written_ < queued_.size()) {
    const auto count = ::write(child_.in, queued_.data() + written_, queued_.size() - written_);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno != EAGAIN) Close(child_.in);  // the reader is gone: its end says why
    if (count <= 0) return;
    written_ += static_cast<std::size_t>(count);
  }
  queued_.clear();
  written_ = 0;
  if (close_when_written_) Close(child_.in);
}

bool PipedProcess::Read(int& descriptor, std::string& into) {
  char piece[1 << 16];
  const auto count = ::read(descriptor, piece, sizeof piece);
  if (count > 0) into.append(piece, static_cast<std::size_t>(count));
  if (count == 0) Close(descriptor);
  return count > 0;
}

void PipedProcess::ReadStderr() {
  if (Read(child_.err, err_) && err_.size() > kStderrKept) err_.erase(0, err_.size() - kStderrKept);
}

bool PipedProcess::TellLines(const OnLine& on_line) {
  for (std::size_t end; (end = out_.find('\n', told_)) != std::string::npos;) {
    const std::string_view line(out_.data() + told_, end - told_);
    told_ = end + 1;
    if (on_line(line)) return true;
  }
  out_.erase(0, std::exchange(told_, 0));
  return false;
}

tl::expected<void, std::string> PipedProcess::Step(TimePoint deadline,
                                                   const std::stop_token& stop) {
  WriteQueued();
  for (;;) {
    const bool writing = written_ < queued_.size();
    pollfd waits[] = {
        {child_.out, POLLIN, 0}, {child_.err, POLLIN, 0}, {writing ? child_.in : -1, POLLOUT, 0}};
    const int ready = ::poll(waits, 3, static_cast<int>(kSlice.count()));
    if (ready > 0) {
      if (waits[0].revents) Read(child_.out, out_);
      if (waits[1].revents) ReadStderr();
      if (waits[2].revents) WriteQueued();
      if (waits[0].revents || waits[2].revents) return {};
    }
    if (stop.stop_requested()) return tl::unexpected(std::string("interrupted"));
    if (Clock::now() > deadline) return tl::unexpected(Wrong("no answer in time"));
  }
}

tl::expected<void, std::string> PipedProcess::Pump(const OnLine& on_line,
                                                   std::chrono::milliseconds patience,
                                                   const std::stop_token& stop) {
  WriteQueued();
  while (!TellLines(on_line)) {
    if (child_.out < 0) return tl::unexpected(Wrong("its stdout ended before the answer"));
    if (auto step = Step(Clock::now() + patience, stop); !step) return step;
  }
  return {};
}

tl::expected<void, std::string> PipedProcess::Finish(std::chrono::milliseconds patience,
                                                     const std::stop_token& stop) {
  CloseStdin();
  WriteQueued();
  const auto deadline = Clock::now() + patience;
  while (child_.out >= 0)
    if (auto step = Step(deadline, stop); !step) return step;
  return AwaitExit(deadline);
}

tl::expected<void, std::string> PipedProcess::AwaitExit(TimePoint deadline) {
  for (bool exited = false; !exited;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    pollfd waits[] = {{child_.pidfd, POLLIN, 0}, {child_.err, POLLIN, 0}};
    if (::poll(waits, 2, static_cast<int>(std::max<long>(left.count(), 0))) <= 0)
      return tl::unexpected(Wrong("it did not exit after the end of its stdout"));
    if (waits[1].revents) ReadStderr();
    exited = waits[0].revents != 0;
  }
  int status = 0;
  ::waitpid(std::exchange(child_.pid, -1), &status, 0);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    return tl::unexpected(Wrong(WIFSIGNALED(status)
                                    ? fmt::format("it ended with signal {}", WTERMSIG(status))
                                    : fmt::format("it ended with {}", WEXITSTATUS(status))));
  }
  return {};
}

std::string PipedProcess::Wrong(std::string_view what) const {
  const std::string_view err = err_;
  return fmt::format("{}; the last of its stdout: {}; of its stderr: {}", what, Excerpt(out_, 200),
                     Excerpt(err.substr(err.size() > 200 ? err.size() - 200 : 0), 200));
}

}  // namespace touchstone
