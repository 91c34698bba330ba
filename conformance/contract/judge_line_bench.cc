// Lines a second through all that the judge does with each line of a host's stdout: splitting,
// UTF-8, strict JSON, shape, life cycle. items_per_second is what counts (wanted: 200 000).
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <string>
#include <vector>

#include "conformance/contract/lifecycle.h"
#include "conformance/contract/shape.h"
#include "conformance/observe/framing.h"

namespace touchstone {
namespace {

constexpr int kRuns = 500;

struct Stream {
  std::vector<std::string> requests;
  std::string answers;  // an ack, two events and a final for each run, as a host writes them
  int lines = 0;
};

Stream MakeStream(std::size_t text_bytes) {
  Stream stream;
  const std::string text(text_bytes, 'x');
  for (int i = 0; i < kRuns; ++i) {
    const auto head = fmt::format(
        R"("protocol_version":1,"request_id":"r{0}","session_id":"s{0}","ts_ms":1764000000000)", i);
    stream.requests.push_back(fmt::format(
        R"({{"protocol_version":1,"type":"run","request_id":"r{0}","session_id":"s{0}",)"
        R"("prompt":"hi","idempotency_key":"k{0}","stream":true}})",
        i));
    stream.answers += fmt::format(
        "{{\"type\":\"ack\",{0},\"status\":\"ACCEPTED\",\"request_ts_ms\":null}}\n"
        "{{\"type\":\"event\",{0},\"event_type\":\"RUN_STARTED\",\"seq\":1,\"payload\":{{"
        "\"metadata\":{{}}}}}}\n"
        "{{\"type\":\"event\",{0},\"event_type\":\"RUN_FINISHED\",\"seq\":2,\"payload\":{{"
        "\"metadata\":{{}}}}}}\n"
        "{{\"type\":\"final\",{0},\"status\":\"OK\",\"text\":\"{1}\",\"usage\":{{\"prompt_tokens\":"
        "9,\"completion_tokens\":1,\"total_tokens\":10}},\"error\":null,\"latency_ms\":3}}\n",
        head, text);
    stream.lines += 4;
  }
  return stream;
}

void JudgeLines(benchmark::State& state) {
  const auto stream = MakeStream(static_cast<std::size_t>(state.range(0)));
  constexpr std::size_t kPiece = 4096;  // what a read of a pipe may give
  for (auto _ : state) {
    LineSplitter splitter;
    Lifecycle lifecycle(Mode::kStream);
    for (const auto& request : stream.requests) lifecycle.Sent(request);
    int judged = 0;
    const std::string_view all = stream.answers;
    for (std::size_t at = 0; at < all.size(); at += kPiece) {
      for (const auto& line : splitter.Feed(all.substr(at, kPiece))) {
        const auto read = JudgeLine(line);
        const bool right = read.json && read.json->is_object() && !read.violation &&
                           JudgeShape(Mode::kStream, read.json->get_object()).empty() &&
                           lifecycle.Received(read.json->get_object()).empty();
        judged += right;
      }
    }
    if (judged != stream.lines) {
      state.SkipWithError(
          fmt::format("{} of {} lines were found right", judged, stream.lines).c_str());
      break;
    }
  }
  state.SetItemsProcessed(state.iterations() * stream.lines);
}
BENCHMARK(JudgeLines)->Arg(20)->Arg(2000);

}  // namespace
}  // namespace touchstone
