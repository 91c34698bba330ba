#include "conformance/report/console.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

#include "conformance/observe/framing.h"

namespace touchstone {
namespace {

using std::chrono::steady_clock;

constexpr int kMostTold = 40;

std::size_t Columns(std::FILE* stream) {
  winsize size{};
  if (::ioctl(::fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 20) return size.ws_col;
  return 80;
}

double SecondsSince(steady_clock::time_point from) {
  return std::chrono::duration<double>(steady_clock::now() - from).count();
}

}  // namespace

std::string FormatProgress(const Progress& progress, std::size_t width) {
  auto text = fmt::format("[{}/{}] {} failed", progress.done, progress.total, progress.failures);
  if (!progress.slowest.empty())
    text += fmt::format(", running: {} {:.1f} s", progress.slowest, progress.slowest_s);
  if (text.size() > width) text.resize(width);
  return text;
}

bool IsTerminal(std::FILE* stream) { return ::isatty(::fileno(stream)) == 1; }

Console::Console(std::FILE* stream, bool plain, int total) : stream_(stream), plain_(plain) {
  progress_.total = total;
}

Console::~Console() { ClearLine(); }

void Console::Started(const Job& job) {
  running_[{job.check, job.mode}] = steady_clock::now();
  Show(false);
}

void Console::Finished(const Job& job, const CheckResult& result) {
  running_.erase({job.check, job.mode});
  ++progress_.done;
  const auto verdict = result.judgement.verdict;
  const bool bad =
      verdict == Verdict::kFail || verdict == Verdict::kFlaky || verdict == Verdict::kHarnessBug;
  progress_.failures += bad;
  if ((bad || verdict == Verdict::kInconclusive) && ++told_ <= kMostTold) {
    ClearLine();
    fmt::print(stream_, "{:<12} {} [{}]: {}\n", ToString(verdict), job.check, ToString(job.mode),
               Excerpt(result.judgement.message, 500));
    if (told_ == kMostTold) fmt::print(stream_, "further failures are only counted here\n");
    std::fflush(stream_);
  }
  Show(progress_.done == progress_.total);
}

void Console::Show(bool at_once) {
  // A pipe gets a line every few seconds, a terminal ten a second.
  const auto pause = plain_ ? std::chrono::milliseconds(5000) : std::chrono::milliseconds(100);
  if (!at_once && steady_clock::now() - shown_at_ < pause) return;
  shown_at_ = steady_clock::now();
  progress_.slowest.clear();
  for (const auto& [key, begun] : running_) {
    if (progress_.slowest.empty() || SecondsSince(begun) > progress_.slowest_s) {
      progress_.slowest = fmt::format("{} [{}]", key.first, ToString(key.second));
      progress_.slowest_s = SecondsSince(begun);
    }
  }
  if (plain_) {
    fmt::print(stream_, "{}\n", FormatProgress(progress_, 200));
  } else {
    fmt::print(stream_, "\r\x1b[K{}", FormatProgress(progress_, Columns(stream_) - 1));
    line_open_ = true;
  }
  std::fflush(stream_);
}

void Console::ClearLine() {
  if (!line_open_) return;
  fmt::print(stream_, "\r\x1b[K");
  std::fflush(stream_);
  line_open_ = false;
}

}  // namespace touchstone
