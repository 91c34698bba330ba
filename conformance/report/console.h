// What a person sees while a run goes on: on a terminal one line that refreshes, in a pipe plain
// lines.
//
// Three layers: the scheduler's events, FormatProgress() which makes a string of them, and the
// terminal.
#pragma once

#include <chrono>
#include <cstdio>
#include <map>
#include <string>

#include "conformance/run/scheduler.h"

namespace touchstone {

struct Progress {
  int done = 0, total = 0, failures = 0;
  std::string slowest;  // the running check that began first
  double slowest_s = 0;
};

// "[ 12/345] 1 failed · req/timeout-range/zero [S] 1.2 s", cut to `width` columns.
std::string FormatProgress(const Progress& progress, std::size_t width);

class Console : public RunObserver {
 public:
  // Writes to `stream`. Refreshes a line when it is a terminal and NO_COLOR is not set (`plain`
  // false).
  Console(std::FILE* stream, bool plain, int total);
  ~Console() override;

  void Started(const Job& job) override;
  void Finished(const Job& job, const CheckResult& result) override;

 private:
  void Show(bool at_once);
  void ClearLine();

  std::FILE* stream_;
  const bool plain_;
  Progress progress_;
  std::map<std::pair<std::string, Mode>, std::chrono::steady_clock::time_point> running_;
  std::chrono::steady_clock::time_point shown_at_;
  bool line_open_ = false;
  int told_ = 0;  // failures printed as lines
};

// True when lines may be overwritten on this stream.
bool IsTerminal(std::FILE* stream);

}  // namespace touchstone
