#include "conformance/drive/host_process.h"

#include <fmt/format.h>
#include <signal.h>

#include "conformance/contract/shape.h"

namespace touchstone {
namespace {

constexpr std::size_t kKeepText = 256 * 1024;
constexpr std::size_t kKeepViolations = 20;
constexpr auto kPatienceAfterGarbage = std::chrono::seconds(2);
// A host that writes more than this of lines that nobody asked for is not listened to any further.
constexpr std::size_t kFloodLines = 200'000;
constexpr std::size_t kFloodViolations = 2'000;
constexpr std::size_t kFloodBytesOfLine = 64 << 20;

void AppendBounded(std::string& text, std::string_view more) {
  text.append(more);
  if (text.size() > 2 * kKeepText) text.erase(0, text.size() - kKeepText);
}

}  // namespace

std::optional<std::string_view> Line::Text(std::string_view key) const {
  const auto* text = object() ? StringAt(*object(), key) : nullptr;
  if (!text) return std::nullopt;
  return std::string_view(*text);
}

tl::expected<std::unique_ptr<HostProcess>, std::string> HostProcess::Start(
    IoThread& io, LaunchOptions options, Mode mode, std::string name, Journal& journal) {
  std::unique_ptr<HostProcess> host(new HostProcess(mode, std::move(name), journal));
  host->started_at_ = Clock::now();
  journal.Note(fmt::format("start {}: {}", host->name_, fmt::join(options.argv, " ")));
  auto child = ChildProcess::Start(io, std::move(options), *host);
  if (!child) return tl::unexpected(child.error());
  host->child_ = std::move(*child);
  return host;
}

HostProcess::~HostProcess() = default;

WriteTimes HostProcess::Send(std::string_view bytes, TimePoint deadline) {
  {
    std::lock_guard lock(mutex_);
    // The automaton must know of a line before its answer can come.
    for (const auto& line : sent_.Feed(bytes)) lifecycle_.Sent(line);
    if (!sent_.pending().empty()) lifecycle_.SentPart();
  }
  const auto times = child_->Write(std::string(bytes), deadline);
  journal_.Add(times.begun, name_, "in",
               bytes.ends_with('\n') ? bytes.substr(0, bytes.size() - 1) : bytes);
  if (!times.complete)
    journal_.Note(fmt::format("{} did not take all {} bytes of it", name_, bytes.size()));
  return times;
}

void HostProcess::CloseStdin() {
  if (!stdin_open_) return;
  stdin_open_ = false;
  {
    std::lock_guard lock(mutex_);
    if (!sent_.pending().empty()) lifecycle_.Sent(sent_.pending());
  }
  journal_.Note(fmt::format("close stdin of {}", name_));
  child_->CloseStdin();
}

void HostProcess::CloseStdout() {
  {
    std::lock_guard lock(mutex_);
    lifecycle_.AllowSilence();
    out_ended_ = true;
  }
  journal_.Note(fmt::format("close stdout of {}", name_));
  child_->CloseStdout();
}

void HostProcess::CloseStderr() {
  {
    std::lock_guard lock(mutex_);
    err_ended_ = true;
  }
  journal_.Note(fmt::format("close stderr of {}", name_));
  child_->CloseStderr();
}

void HostProcess::Signal(int number) {
  if (number != SIGSTOP && number != SIGCONT) AllowSilence();
  if (number == SIGKILL) killed_by_judge_ = true;
  journal_.Note(fmt::format("signal {} to {}", number, name_));
  child_->Signal(number);
}

void HostProcess::AllowSilence() {
  std::lock_guard lock(mutex_);
  lifecycle_.AllowSilence();
}

void HostProcess::ReplaysAreUnmarked() {
  std::lock_guard lock(mutex_);
  lifecycle_.ReplaysAreUnmarked();
}

void HostProcess::KeepAnswered(std::size_t most) {
  std::lock_guard lock(mutex_);
  lifecycle_.KeepAnswered(most);
}

Line* HostProcess::Await(const std::function<bool(const Line&)>& wanted, TimePoint deadline) {
  const auto begun = Clock::now();
  std::unique_lock lock(mutex_);
  std::size_t next = first_unconsumed_;
  while (true) {
    for (; next < lines_.size(); ++next) {
      if (!lines_[next].consumed && wanted(lines_[next])) {
        lines_[next].consumed = true;
        while (first_unconsumed_ < lines_.size() && lines_[first_unconsumed_].consumed)
          ++first_unconsumed_;
        return &lines_[next];
      }
    }
    if (out_ended_) return nullptr;
    // What is no JSON object may have been the awaited answer: it is blamed already, and not waited
    // for to the end.
    if (garbage_at_) {
      deadline = std::min(deadline, std::max(begun, *garbage_at_) + kPatienceAfterGarbage);
    }
    if (changed_.wait_until(lock, deadline) == std::cv_status::timeout && next == lines_.size())
      return nullptr;
  }
}

void HostProcess::ForgetConsumed() {
  std::lock_guard lock(mutex_);
  for (; first_unconsumed_ > 0; --first_unconsumed_) lines_.pop_front();
}

std::vector<const Line*> HostProcess::Lines() const {
  std::lock_guard lock(mutex_);
  std::vector<const Line*> lines;
  for (const Line& line : lines_) lines.push_back(&line);
  return lines;
}

std::size_t HostProcess::LinesNotConsumed() const {
  std::lock_guard lock(mutex_);
  std::size_t count = 0;
  for (const Line& line : lines_) count += line.consumed ? 0 : 1;
  return count;
}

bool HostProcess::AwaitText(Stream stream, const std::function<bool(const std::string&)>& holds,
                            TimePoint deadline) {
  std::unique_lock lock(mutex_);
  const std::string& text = stream == Stream::kOut ? out_text_ : err_text_;
  const bool& ended = stream == Stream::kOut ? out_ended_ : err_ended_;
  while (!holds(text)) {
    if (ended || changed_.wait_until(lock, deadline) == std::cv_status::timeout) return holds(text);
  }
  return true;
}

std::string HostProcess::TextOf(Stream stream) const {
  std::lock_guard lock(mutex_);
  return stream == Stream::kOut ? out_text_ : err_text_;
}

bool HostProcess::stdout_ended() const {
  std::lock_guard lock(mutex_);
  return out_ended_;
}

std::optional<HostProcess::End> HostProcess::EndLocked() const {
  if (!exit_) return std::nullopt;
  return End{*exit_, exit_at_, out_ended_ && err_ended_, streams_ended_at_};
}

std::optional<HostProcess::End> HostProcess::AwaitEnd(TimePoint deadline) {
  std::unique_lock lock(mutex_);
  changed_.wait_until(lock, deadline, [this] { return exit_ && out_ended_ && err_ended_; });
  return EndLocked();
}

std::optional<HostProcess::End> HostProcess::AwaitExit(TimePoint deadline) {
  std::unique_lock lock(mutex_);
  changed_.wait_until(lock, deadline, [this] { return exit_.has_value(); });
  return EndLocked();
}

std::vector<Violation> HostProcess::Violations() const {
  std::lock_guard lock(mutex_);
  return violations_;
}

std::vector<Violation> HostProcess::Owed() const {
  std::lock_guard lock(mutex_);
  if (!exit_ || !out_ended_) return {};
  auto owed = lifecycle_.Ended();
  if (tail_ && !killed_by_judge_) owed.push_back(*tail_);
  return owed;
}

void HostProcess::OnBytes(Stream stream, std::string_view bytes, TimePoint at) {
  {
    std::lock_guard lock(mutex_);
    const bool out = stream == Stream::kOut;
    if (out && flooded_) return;
    AppendBounded(out ? out_text_ : err_text_, bytes);
    for (auto& line : (out ? out_ : err_).Feed(bytes)) {
      journal_.Add(at, name_, out ? "out" : "err", line);
      if (out) Accept(std::move(line), at);
    }
    if (out) WatchForFlood(at);
  }
  changed_.notify_all();
}

// With mutex_ held.
void HostProcess::Accept(std::string bytes, TimePoint at) {
  if (mode_ == Mode::kNone) {
    lines_.push_back({std::move(bytes), at, std::nullopt, false});
    return;
  }
  auto judged = JudgeLine(bytes);
  std::vector<Violation> found;
  if (judged.violation) found.push_back(*judged.violation);
  if (judged.json && judged.json->is_object()) {
    for (auto& v : JudgeShape(mode_, judged.json->get_object())) found.push_back(std::move(v));
    for (auto& v : lifecycle_.Received(judged.json->get_object())) found.push_back(std::move(v));
  }
  violation_count_ += found.size();
  for (auto& v : found) {
    if (violations_.size() < kKeepViolations) {
      journal_.Add(at, "judge", "FAIL", v.requirement + ": " + v.message);
      violations_.push_back(std::move(v));
    }
  }
  // What is no JSON object has been blamed already, and is no answer to anything.
  const bool consumed = !judged.json || !judged.json->is_object();
  if (consumed) garbage_at_ = at;
  lines_.push_back({std::move(bytes), at, std::move(judged.json), consumed});
}

// With mutex_ held.
void HostProcess::WatchForFlood(TimePoint at) {
  if (violation_count_ < kFloodViolations && lines_.size() - first_unconsumed_ < kFloodLines &&
      out_.pending().size() < kFloodBytesOfLine) {
    return;
  }
  flooded_ = true;
  out_ended_ = true;
  violations_.push_back(
      {"LIFE-01", fmt::format("a flood of output that nobody asked for: {} lines, {} violations, "
                              "{} bytes without an LF; the judge stopped listening",
                              lines_.size(), violation_count_, out_.pending().size())});
  journal_.Add(at, "judge", "FAIL", violations_.back().message);
}

void HostProcess::OnEof(Stream stream, TimePoint at) {
  {
    std::lock_guard lock(mutex_);
    (stream == Stream::kOut ? out_ended_ : err_ended_) = true;
    if (out_ended_ && err_ended_) streams_ended_at_ = at;
    // A process that was killed may stop in the middle of a line; one that exits may not.
    if (stream == Stream::kOut && mode_ != Mode::kNone && !flooded_ && !out_.pending().empty()) {
      journal_.Add(at, name_, "out", out_.pending());
      tail_ = JudgeTail(out_.pending());
    }
  }
  changed_.notify_all();
}

void HostProcess::OnExit(ExitStatus status, TimePoint at) {
  {
    std::lock_guard lock(mutex_);
    exit_ = status;
    exit_at_ = at;
    journal_.Add(at, name_, "exit", status.ToString());
  }
  changed_.notify_all();
}

}  // namespace touchstone
