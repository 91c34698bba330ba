#include "conformance/bench/measure.h"

#include <fmt/format.h>

#include <vector>

#include "conformance/drive/requests.h"
#include "conformance/observe/framing.h"
#include "soak/stats/percentile.h"

namespace touchstone {
namespace {

constexpr auto kPatience = std::chrono::seconds(10);
constexpr int kFewest = 3;   // requests in a round, however slow
constexpr int kWindow = 64;  // runs under way at once: within the default queue of 200

double MicrosecondsSince(TimePoint from) {
  return std::chrono::duration<double, std::micro>(Clock::now() - from).count();
}

// The n-th request, each of a session of its own: none waits for another or drags a transcript.
struct Request {
  std::string quoted_id, line;
  Request(std::string_view kind, int n) {
    const auto id = fmt::format("{}-{}", kind, n);
    quoted_id = '"' + id + '"';
    line = AsLine(kind == "ping" ? PingRequest(id) : RunRequest(id, "s-" + id, "hi"));
  }
};

// Until the answer came; an error also when it is a wrong one.
tl::expected<void, std::string> AwaitAnswer(PipedProcess& process, const Contender& contender,
                                            std::string_view quoted_id,
                                            const std::stop_token& stop) {
  std::string wrong;
  auto done = process.Pump(
      [&](std::string_view line) {
        const auto reads = contender.Read(line, quoted_id);
        if (reads == Contender::Reads::kWrong) wrong = Excerpt(line, 300);
        return reads != Contender::Reads::kOther;
      },
      kPatience, stop);
  if (done && !wrong.empty())
    return tl::unexpected(fmt::format("{} must be answered PONG or OK, got {}", quoted_id, wrong));
  return done;
}

// S: one process through all rounds, started and asked once before the first.
class StreamGauge : public Gauge {
 public:
  StreamGauge(std::string_view kind, MeasuredWith with) : kind_(kind), with_(std::move(with)) {}

 protected:
  tl::expected<void, std::string> Ready() {
    if (process_) return {};
    auto launch = with_.contender.Next(StateDir::kExisting);
    if (!launch) return tl::unexpected(launch.error());
    auto started = PipedProcess::Start(launch->program, launch->options, with_.cores);
    if (!started) return tl::unexpected(started.error());
    process_ = std::move(*started);
    const Request first(kind_, ++sent_);
    process_->Queue(first.line);
    return AwaitAnswer(*process_, with_.contender, first.quoted_id, with_.stop);
  }

  const std::string_view kind_;
  const MeasuredWith with_;
  std::unique_ptr<PipedProcess> process_;
  int sent_ = 0;
};

class RoundTrips : public StreamGauge {
 public:
  using StreamGauge::StreamGauge;
  tl::expected<double, std::string> Round(std::chrono::milliseconds budget) override {
    if (auto ready = Ready(); !ready) return tl::unexpected(ready.error());
    std::vector<double> times;
    for (const auto until = Clock::now() + budget;
         Clock::now() < until || times.size() < kFewest;) {
      const Request request(kind_, ++sent_);
      const auto begun = Clock::now();
      process_->Queue(request.line);
      if (auto done = AwaitAnswer(*process_, with_.contender, request.quoted_id, with_.stop); !done)
        return tl::unexpected(done.error());
      times.push_back(MicrosecondsSince(begun));
    }
    return soak::Percentile(std::move(times), 0.5);
  }
};

// A window of runs under way; the answers come in any order.
class Pipeline : public StreamGauge {
 public:
  using StreamGauge::StreamGauge;
  tl::expected<double, std::string> Round(std::chrono::milliseconds budget) override {
    if (auto ready = Ready(); !ready) return tl::unexpected(ready.error());
    const auto begun = Clock::now();
    const auto until = begun + budget;
    int under_way = 0, answered = 0;
    const auto send = [&] {
      process_->Queue(Request(kind_, ++sent_).line);
      ++under_way;
    };
    while (under_way < kWindow) send();
    const auto on_line = [&](std::string_view line) {
      // The ids are not told apart here: an answer is a line with the kind's quoted prefix.
      const auto at = line.find(fmt::format("\"{}-", kind_));
      if (at == std::string_view::npos) return false;
      const auto end = line.find('"', at + 1);
      if (end == std::string_view::npos) return false;
      const auto reads = with_.contender.Read(line, line.substr(at, end - at + 1));
      if (reads == Contender::Reads::kOther) return false;
      if (reads == Contender::Reads::kWrong) wrong_ = Excerpt(line, 300);
      ++answered;
      --under_way;
      if (Clock::now() < until) send();
      return under_way == 0 || !wrong_.empty();
    };
    if (auto done = process_->Pump(on_line, kPatience, with_.stop); !done)
      return tl::unexpected(done.error());
    if (!wrong_.empty()) return tl::unexpected("a run must be answered OK, got " + wrong_);
    return answered / (MicrosecondsSince(begun) / 1e6);
  }

 private:
  std::string wrong_;
};

class OneShots : public Gauge {
 public:
  OneShots(StateDir state, MeasuredWith with) : state_(state), with_(std::move(with)) {}

  tl::expected<double, std::string> Round(std::chrono::milliseconds budget) override {
    // The first one makes the existing state directory, and is not counted.
    if (sent_ == 0) {
      if (auto first = SpawnToExit(); !first) return first;
    }
    std::vector<double> times;
    for (const auto until = Clock::now() + budget;
         Clock::now() < until || times.size() < kFewest;) {
      auto time = SpawnToExit();
      if (!time) return time;
      times.push_back(*time);
    }
    return soak::Percentile(std::move(times), 0.5);
  }

 private:
  tl::expected<double, std::string> SpawnToExit() {
    const Request request("run", ++sent_);
    auto launch = with_.contender.Next(state_);
    if (!launch) return tl::unexpected(launch.error());
    const auto begun = Clock::now();
    auto process = PipedProcess::Start(launch->program, launch->options, with_.cores);
    if (!process) return tl::unexpected(process.error());
    (*process)->Queue(request.line);
    (*process)->CloseStdin();
    if (auto done = AwaitAnswer(**process, with_.contender, request.quoted_id, with_.stop); !done)
      return tl::unexpected(done.error());
    if (auto done = (*process)->Finish(kPatience, with_.stop); !done)
      return tl::unexpected(done.error());
    return MicrosecondsSince(begun);
  }

  const StateDir state_;
  const MeasuredWith with_;
  int sent_ = 0;
};

std::unique_ptr<Gauge> Pings(const Measure&, MeasuredWith with) {
  return std::make_unique<RoundTrips>("ping", std::move(with));
}
std::unique_ptr<Gauge> Runs(const Measure&, MeasuredWith with) {
  return std::make_unique<RoundTrips>("run", std::move(with));
}
std::unique_ptr<Gauge> Stream(const Measure&, MeasuredWith with) {
  return std::make_unique<Pipeline>("run", std::move(with));
}
std::unique_ptr<Gauge> Spawns(const Measure& measure, MeasuredWith with) {
  return std::make_unique<OneShots>(measure.state, std::move(with));
}

constexpr Measure kMeasures[] = {
    {"S ping", "us", "from writing a ping to its PONG; the median of a round", Better::kLess,
     Mode::kStream, Answers::kEcho, StateDir::kExisting, &Pings},
    {"S run", "us", "from writing a run to its final, echo provider; the median of a round",
     Better::kLess, Mode::kStream, Answers::kEcho, StateDir::kExisting, &Runs},
    {"S run with a provider", "us",
     "as S run, but the host calls the mock provider over HTTP on loopback", Better::kLess,
     Mode::kStream, Answers::kProvider, StateDir::kExisting, &Runs},
    {"S throughput", "1/s", "runs a second, echo provider, 64 under way at once", Better::kMore,
     Mode::kStream, Answers::kEcho, StateDir::kExisting, &Stream},
    {"O run", "us",
     "from spawn to exit, echo provider, existing state directory; the median of a round",
     Better::kLess, Mode::kOneShot, Answers::kEcho, StateDir::kExisting, &Spawns},
    {"O run, first of a state directory", "us",
     "from spawn to exit, echo provider, a state directory that is not there yet", Better::kLess,
     Mode::kOneShot, Answers::kEcho, StateDir::kFresh, &Spawns},
};

}  // namespace

std::span<const Measure> Measures() { return kMeasures; }

}  // namespace touchstone
