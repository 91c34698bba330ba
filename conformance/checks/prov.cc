// PROV: what a provider can do to a host's memory, and where it can send a host.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "conformance/checks/ask.h"
#include "conformance/checks/check.h"
#include "conformance/process/proc_stats.h"

namespace touchstone {
namespace {

constexpr std::int64_t kMiB = 1 << 20;

// The highest RSS of the process until it has answered.
std::int64_t PeakUntilAnswered(Scene& scene, HostProcess& host, std::string_view id,
                               const Line*& answer) {
  std::int64_t peak = 0;
  const auto deadline = scene.Deadline();
  while (!answer && Clock::now() < deadline) {
    if (const auto now = ReadProcStats(host.child().pid())) peak = now->peak_rss_bytes;
    answer = host.Await([&](const Line& l) { return IsAnswerTo(l, id); },
                        Clock::now() + std::chrono::milliseconds(5));
    if (!answer && host.AwaitExit(Clock::now())) break;
  }
  if (const auto now = ReadProcStats(host.child().pid()))
    peak = std::max(peak, now->peak_rss_bytes);
  return peak;
}

// PROV-12: the call is held until the memory before it is known; then the body never ends.
Judgement EndlessBody(Rig& rig, Mode mode) {
  Scene scene(rig, mode);
  scene.Rules(R"([{"match":{"text":"warm"},"respond":{"text":"fine"}},
                  {"respond":{"hold":"gate","text":"x","endless":true}}])");
  std::size_t calls = 1;
  if (mode == Mode::kStream) {
    if (!Ask(scene, RunRequest("warm", "s", "warm"), "LIFE-01")) return scene.Judge();
    ++calls;
  }
  HostProcess* host = scene.Host();
  if (!host) return scene.Judge();
  auto request = RunRequest("a", "s", "hi");
  request["timeout_ms"] = 60'000;
  scene.Send(*host, request);
  if (!scene.AwaitCalls(calls, "WIRE-01")) return scene.Judge();
  const auto before = ReadProcStats(host->child().pid());
  scene.lane().Release("gate");
  const Line* answer = nullptr;
  const auto peak = PeakUntilAnswered(scene, *host, "a", answer);
  if (!scene.Require(answer, "PROV-12", "a run whose provider never ends its body must end"))
    return scene.Judge();
  scene.Require(CodeOf(*answer) == "PROVIDER_DOWN", "PROV-12",
                fmt::format("an endless body is PROVIDER_DOWN, got {}", answer->bytes));
  const auto growth = before ? peak - before->rss_bytes : 0;
  scene.Require(growth < 64 * kMiB, "PROV-12",
                fmt::format("RSS grew by {} MiB under an endless body, allowed are less than 64",
                            growth / kMiB));
  return scene.Judge();
}

// A place that nobody may come to.
class Elsewhere {
 public:
  Elsewhere() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* any = reinterpret_cast<sockaddr*>(&address);
    listens_ = ::bind(fd_, any, size) == 0 && ::listen(fd_, 16) == 0 &&
               ::getsockname(fd_, any, &size) == 0;
    port_ = ntohs(address.sin_port);
  }
  ~Elsewhere() { ::close(fd_); }
  Elsewhere(const Elsewhere&) = delete;
  Elsewhere& operator=(const Elsewhere&) = delete;

  bool listens() const { return listens_; }
  std::string url() const { return fmt::format("http://127.0.0.1:{}/v1", port_); }
  // A caller is in the queue as soon as it has connected; no accept is needed.
  bool WasContacted() const {
    pollfd polled{fd_, POLLIN, 0};
    return ::poll(&polled, 1, 0) == 1;
  }

 private:
  const int fd_;
  bool listens_ = false;
  int port_ = 0;
};

// PROV-11: whatever the host makes of the answer there, and by whatever method it would ask.
Judgement RedirectedElsewhere(Rig& rig, Mode mode) {
  for (const int status : {300, 301, 302, 303, 307, 308}) {
    Scene scene(rig, mode);
    const Elsewhere elsewhere;
    if (!elsewhere.listens()) return Judgement::Inconclusive("no port to listen on");
    scene.Rules(fmt::format(
        R"([{{"respond":{{"status":{},"headers":{{"location":"{}"}},"body":"moved"}}}}])", status,
        elsewhere.url()));
    const auto line = Ask(scene, RunRequest("a", "s", "hi"), "LIFE-01");
    if (!line) return scene.Judge();
    scene.Require(CodeOf(*line) == "PROVIDER_DOWN", "PROV-11",
                  fmt::format("{} is PROVIDER_DOWN, got {}", status, line->bytes));
    scene.Require(
        !elsewhere.WasContacted(), "PROV-11",
        fmt::format("{} to {}: the other address was contacted", status, elsewhere.url()));
    auto judgement = scene.Judge();
    if (judgement.verdict != Verdict::kPass) return judgement;
  }
  return Judgement::Pass();
}

const CheckRegistration kElsewhere(
    {.name = "prov/redirected-elsewhere",
     .requirements = {"PROV-11"},
     .modes = {Mode::kStream, Mode::kOneShot, Mode::kBridge},
     .about = "A redirect to another port: PROVIDER_DOWN, and nobody connects there.",
     .play = RedirectedElsewhere});
const CheckRegistration kEndless(
    {.name = "prov/endless-body-in-bounded-memory",
     .requirements = {"PROV-12"},
     .modes = {Mode::kStream, Mode::kOneShot, Mode::kBridge},
     .about = "A body without end: PROVIDER_DOWN, and RSS grows by less than 64 MiB.",
     .play = EndlessBody});

}  // namespace
}  // namespace touchstone
