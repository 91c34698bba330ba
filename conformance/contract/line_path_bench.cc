// Lines per second of the judge's own path, as each line of a host in mode S takes it: cut from
// what a read gives, UTF-8, strict JSON, shape, life-cycle. items_per_second is what counts.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

#include "conformance/contract/lifecycle.h"
#include "conformance/contract/shape.h"
#include "conformance/observe/framing.h"

namespace touchstone {
namespace {

constexpr int kRequests = 12'000;
constexpr std::size_t kRead = 64 * 1024;  // what a full pipe gives

// What a caller wrote and what a sound host answered: runs (ack and final), pings, refusals.
struct Dialogue {
  std::vector<std::string> sent;
  std::string received;
  std::int64_t lines = 0;

  void Answer(std::string_view type, int id, std::string_view session, std::string_view rest) {
    received +=
        fmt::format(R"({{"protocol_version":1,"type":"{}","request_id":"bench-{}","session_id":{},)"
                    R"("ts_ms":1764250000123,{}}})"
                    "\n",
                    type, id, session, rest);
    ++lines;
  }
};

const Dialogue& SharedDialogue() {
  static const Dialogue dialogue = [] {
    Dialogue made;
    for (int i = 0; i < kRequests; ++i) {
      const auto head = fmt::format(R"({{"protocol_version":1,"request_id":"bench-{}",)", i);
      if (i % 3 == 0) {
        made.sent.push_back(head + R"("type":"ping"})");
        made.Answer("ack", i, "null", R"("status":"PONG")");
      } else if (i % 3 == 1) {
        made.sent.push_back(
            head + fmt::format(R"("type":"run","session_id":"s-{}","idempotency_key":"k-{}",)"
                               R"("prompt":"What is the capital of France?"}})",
                               i % 100, i));
        const auto session = fmt::format(R"("s-{}")", i % 100);
        made.Answer("ack", i, session, R"("status":"ACCEPTED","request_ts_ms":null)");
        made.Answer("final", i, session,
                    R"("status":"OK","text":"The capital of France is Paris. – «Oui.»",)"
                    R"("usage":{"prompt_tokens":12,"completion_tokens":9,"total_tokens":21},)"
                    R"("error":null,"latency_ms":3)");
      } else {
        made.sent.push_back(head + R"("type":"run"})");
        made.Answer("error", i, "null",
                    R"("error":{"code":"INVALID_REQUEST","retryable":false,)"
                    R"("message":"session_id: expected a string that is not blank"})");
      }
    }
    return made;
  }();
  return dialogue;
}

// True when nothing was wrong, as it must be.
bool Judge(const Dialogue& dialogue, Lifecycle& lifecycle) {
  LineSplitter splitter;
  bool sound = true;
  for (std::string_view rest = dialogue.received; !rest.empty();) {
    const auto piece = rest.substr(0, kRead);
    rest.remove_prefix(piece.size());
    for (const auto& line : splitter.Feed(piece)) {
      const JudgedLine judged = JudgeLine(line);
      if (judged.violation) return false;
      const auto& object = judged.json->get_object();
      sound &= JudgeShape(Mode::kStream, object).empty() && lifecycle.Received(object).empty();
    }
  }
  return sound && splitter.pending().empty() && lifecycle.Ended().empty();
}

// With `sends`, reading what the caller wrote is on the clock, too.
void LinePath(benchmark::State& state, bool sends) {
  const Dialogue& dialogue = SharedDialogue();
  for (auto _ : state) {
    if (!sends) state.PauseTiming();
    Lifecycle lifecycle(Mode::kStream);
    for (const auto& line : dialogue.sent) lifecycle.Sent(line);
    if (!sends) state.ResumeTiming();
    if (!Judge(dialogue, lifecycle)) {
      state.SkipWithError("expected no violation");
      break;
    }
  }
  state.SetItemsProcessed(state.iterations() * dialogue.lines);
}
BENCHMARK_CAPTURE(LinePath, received, false);
BENCHMARK_CAPTURE(LinePath, sent_and_received, true);

}  // namespace
}  // namespace touchstone
