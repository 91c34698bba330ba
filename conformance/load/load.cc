#include "conformance/load/load.h"

#include <fmt/format.h>

#include <atomic>
#include <deque>
#include <mutex>
#include <thread>

#include "conformance/drive/conversation.h"
#include "conformance/drive/requests.h"
#include "conformance/observe/framing.h"
#include "soak/stats/percentile.h"
#include "soak/workload/workload.h"

namespace touchstone {
namespace {

using soak::WorkItem;

// In the flat shape a PONG is just ok.
std::string ExpectedIn(Mode mode, const WorkItem& item) {
  return mode == Mode::kBridge && item.expected == "PONG" ? "OK" : item.expected;
}

// What all workers of one load add up.
class Tally {
 public:
  Tally(Mode mode, const std::function<void(int)>& progress) : mode_(mode), progress_(progress) {}

  void Sent() {
    std::lock_guard lock(mutex_);
    ++result_.sent;
  }

  void Answered(const WorkItem& item, const Line& line, double ms) {
    const auto outcome = OutcomeOf(line);
    const auto expected = ExpectedIn(mode_, item);
    std::lock_guard lock(mutex_);
    ++result_.answered;
    ++result_.outcomes[outcome];
    executed_ += outcome == "OK" && item.expected == "OK";
    latencies_.push_back(ms);
    const bool text_fits = item.text.empty() || line.Text("text") == item.text;
    if (outcome == expected && text_fits) {
      ++result_.as_expected;
    } else {
      AddLocked(
          {"LOAD-01", fmt::format("request {} must be answered {}{}, got {}", item.request_id,
                                  expected, item.text.empty() ? "" : " with \"" + item.text + "\"",
                                  Excerpt(line.bytes, 300))});
    }
    const auto now = Clock::now();
    if (progress_ && now - told_ > std::chrono::milliseconds(200)) {
      told_ = now;
      progress_(result_.answered);
    }
  }

  // What the provider saw of one conversation.
  void Asked(const provider::Lane& lane) {
    std::lock_guard lock(mutex_);
    lane.WaitUntil(
        [this](const provider::Snapshot& journal) {
          calls_ += static_cast<int>(journal.calls.size());
          return true;
        },
        Clock::now());
  }

  // Each run that was executed made one call, in all of the load.
  void JudgeCalls() {
    std::lock_guard lock(mutex_);
    if (calls_ == executed_) return;
    AddLocked({"WIRE-01", fmt::format("{} runs were executed, and the provider was asked {} times",
                                      executed_, calls_)});
  }

  void Add(std::vector<Violation> violations, const std::string& transcript) {
    std::lock_guard lock(mutex_);
    if (!violations.empty() && result_.transcript.empty()) result_.transcript = transcript;
    for (auto& violation : violations) AddLocked(std::move(violation));
  }

  LoadResult Result() {
    std::lock_guard lock(mutex_);
    result_.p50_ms = soak::Percentile(latencies_, 0.5);
    result_.p99_ms = soak::Percentile(latencies_, 0.99);
    result_.max_ms = soak::Percentile(latencies_, 1);
    return result_;
  }

 private:
  void AddLocked(Violation violation) {
    if (result_.violations.size() < 50) result_.violations.push_back(std::move(violation));
  }

  const Mode mode_;
  const std::function<void(int)>& progress_;
  std::mutex mutex_;  // guards all below
  LoadResult result_;
  int executed_ = 0, calls_ = 0;
  std::vector<double> latencies_;
  TimePoint told_ = Clock::now();
};

double MsBetween(TimePoint from, TimePoint to) {
  return std::chrono::duration<double, std::milli>(to - from).count();
}

void SetAnswers(Conversation& talk) {
  std::vector<provider::Rule> rules;
  for (const auto& [word, text] : soak::WorkAnswers()) {
    provider::Rule rule;
    rule.match.text = word;
    rule.respond.text = text;
    rules.push_back(std::move(rule));
  }
  talk.lane().SetRules(std::move(rules));
}

// S: one process; a window of requests under way, answered in any order.
void LoadStream(Rig& rig, const LoadOptions& options, Tally& tally, std::stop_token stop) {
  Conversation talk(rig, Mode::kStream);
  SetAnswers(talk);
  auto host = talk.ForRequest();
  if (!host) return tally.Add({{"LOAD-01", host.error()}}, {});
  soak::Workload work(options.seed, "s");
  struct UnderWay {
    WorkItem item;
    TimePoint sent;
  };
  std::deque<UnderWay> window;
  const auto await_first = [&] {
    const Line* line = (*host)->Await(
        [&](const Line& l) { return l.Text("type") != "event" && l.Text("status") != "ACCEPTED"; },
        Clock::now() + rig.patience.Now());
    if (!line) return false;
    // Answers come in any order; one that nobody waits for is the life-cycle's to blame.
    for (auto it = window.begin(); it != window.end(); ++it) {
      if (line->Text("request_id") != it->item.request_id) continue;
      tally.Answered(it->item, *line, MsBetween(it->sent, line->at));
      work.Answered(it->item);
      window.erase(it);
      break;
    }
    return true;
  };
  bool alive = true;
  for (int i = 0; i < options.requests && alive && !stop.stop_requested(); ++i) {
    WorkItem item = work.Next();
    const auto times = (*host)->Send(item.line + "\n", Clock::now() + rig.patience.Now());
    tally.Sent();
    window.push_back({std::move(item), times.begun});
    while (alive && static_cast<int>(window.size()) >= options.window) alive = await_first();
    (*host)->ForgetConsumed();
  }
  while (alive && !window.empty() && !stop.stop_requested()) alive = await_first();
  if (!alive) {
    tally.Add(
        {{"LOAD-01", fmt::format("request {} got no answer within {} ms",
                                 window.front().item.request_id, rig.patience.Now().count())}},
        talk.Transcript());
  }
  if (!stop.stop_requested()) talk.Finish();
  tally.Asked(talk.lane());
  tally.Add(talk.Violations(), talk.Transcript());
}

// O and B: a process for each request, a few at a time on state directories of their own.
void LoadOneShots(Rig& rig, const LoadOptions& options, int worker, std::atomic<int>& next,
                  Tally& tally, std::stop_token stop) {
  Conversation talk(rig, options.mode);
  SetAnswers(talk);
  soak::Workload work(options.seed + static_cast<std::uint64_t>(worker),
                      fmt::format("w{}", worker));
  while (next++ < options.requests && !stop.stop_requested()) {
    auto host = talk.Start();
    if (!host) return tally.Add({{"LOAD-01", host.error()}}, {});
    const WorkItem item = work.Next();
    (*host)->Send(item.line + "\n", Clock::now() + rig.patience.Now());
    (*host)->CloseStdin();
    tally.Sent();
    const Line* line =
        (*host)->Await([](const Line&) { return true; }, Clock::now() + rig.patience.Now());
    if (line) {
      tally.Answered(item, *line, MsBetween((*host)->started_at(), line->at));
      work.Answered(item);
    }
    talk.Retire(**host);
  }
  tally.Asked(talk.lane());
  tally.Add(talk.Violations(), talk.Transcript());
}

}  // namespace

LoadResult RunLoad(Rig& rig, const LoadOptions& options, const std::function<void(int)>& progress,
                   std::stop_token stop) {
  Tally tally(options.mode, progress);
  const auto begun = Clock::now();
  if (options.mode == Mode::kStream) {
    LoadStream(rig, options, tally, stop);
  } else {
    std::atomic<int> next{0};
    std::vector<std::jthread> workers;
    for (int i = 0; i < options.workers; ++i) {
      workers.emplace_back([&, i] { LoadOneShots(rig, options, i, next, tally, stop); });
    }
  }
  LoadResult result = tally.Result();
  if (result.violations.empty() && !stop.stop_requested()) {
    tally.JudgeCalls();
    result = tally.Result();
  }
  result.seconds = std::chrono::duration<double>(Clock::now() - begun).count();
  result.interrupted = stop.stop_requested();
  if (result.violations.empty() && !result.interrupted && result.answered != options.requests) {
    result.violations.push_back(
        {"LOAD-01", fmt::format("{} requests, {} answers", options.requests, result.answered)});
  }
  return result;
}

std::string FormatLoad(const LoadOptions& options, const LoadResult& result) {
  std::string outcomes;
  for (const auto& [outcome, count] : result.outcomes)
    outcomes += fmt::format("{}{} {}", outcomes.empty() ? "" : ", ", count, outcome);
  return fmt::format(
      "{} [{}]: {} sent, {} answered, {} as expected ({}); {:.1f} s, {:.0f}/s, p50 {:.1f} ms, p99 "
      "{:.1f} ms, max {:.1f} ms",
      result.violations.empty() ? "pass" : "fail", ToString(options.mode), result.sent,
      result.answered, result.as_expected, outcomes, result.seconds,
      result.answered / std::max(result.seconds, 1e-9), result.p50_ms, result.p99_ms,
      result.max_ms);
}

}  // namespace touchstone
