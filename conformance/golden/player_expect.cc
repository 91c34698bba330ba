#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <thread>

#include "conformance/golden/outcome.h"
#include "conformance/golden/player.h"
#include "conformance/golden/provider_view.h"
#include "conformance/observe/framing.h"
#include "conformance/observe/strict_json.h"

namespace touchstone {

using boost::json::object;
using boost::json::value;
using std::chrono::milliseconds;

StepResult Player::CheckTime(const Step& step, TimePoint at) {
  const auto within = step.Number("within_ms"), not_before = step.Number("not_before_ms");
  if (!within && !not_before) return std::nullopt;
  const auto since = step.Text("since");
  const auto found = marks_.find(since);
  if (!since.empty() && found == marks_.end())
    return Bug(fmt::format("the mark \"{}\" was not set in this mode", since));
  const Anchor& anchor = since.empty() ? anchor_ : found->second;
  const auto ms = [](auto duration) {
    return std::chrono::duration<double, std::milli>(duration).count();
  };
  const double start_up =
      anchor.started_process ? static_cast<double>(talk_.rig().startup.count()) : 0;
  if (within && ms(at - anchor.ended) > static_cast<double>(*within) + start_up) {
    return Late(fmt::format("came {:.1f} ms after, must come within {} ms{}", ms(at - anchor.ended),
                            *within,
                            start_up > 0 ? fmt::format(" + {:.0f} ms of start-up", start_up) : ""));
  }
  // The contract's tolerance for lower bounds is 5 ms.
  if (not_before && ms(at - anchor.begun) < static_cast<double>(*not_before) - 5) {
    return Late(fmt::format("came {:.1f} ms after, must not come before {} ms",
                            ms(at - anchor.begun), *not_before));
  }
  return std::nullopt;
}

StepResult Player::MatchLine(const value& pattern, const Line& line) {
  if (!line.json)
    return Broken(fmt::format("expected {}, got a line that is not JSON: {}", ToJson(pattern),
                              Excerpt(line.bytes)));
  if (auto mismatch = Match(pattern, &*line.json, captures_)) {
    return Broken(fmt::format("{}; the line: {}", mismatch->ToString(), Excerpt(line.bytes, 400)));
  }
  return std::nullopt;
}

StepResult Player::Missing(HostProcess& host, const std::string& what) {
  std::string instead;
  for (const Line* line : host.Lines()) {
    if (!line->consumed) instead += "\n    not consumed: " + Excerpt(line->bytes, 300);
  }
  // Of a process that ends, its pipes are seen to close before its exit is.
  constexpr auto kFromEofToExit = std::chrono::seconds(1);
  const bool closed = host.stdout_ended();
  const auto end = host.AwaitExit(Clock::now() + (closed ? kFromEofToExit : milliseconds(0)));
  if (!end && !closed) talk_.rig().patience.RanOut();
  std::string why = "nothing such came in time";
  if (closed) why = "but the stdout of the host is closed";
  if (end) why = "but the host has ended with " + end->status.ToString();
  return Broken(fmt::format("expected {}, {}{}", what, why, instead));
}

Line* Player::AwaitPattern(HostProcess& host, const object& pattern, TimePoint deadline) {
  const value* id = pattern.if_contains("request_id");
  return host.Await(
      [&](const Line& line) {
        if (!id) return true;
        if (!line.object()) return false;
        Captures scratch = captures_;
        return !Match(*id, line.object()->if_contains("request_id"), scratch);
      },
      deadline);
}

StepResult Player::Expect(const Step& step) {
  StepResult failure;
  HostProcess* host = Host(step, failure);
  const value pattern = Resolve(step.argument, failure);
  if (failure) return failure;
  const Line* line = AwaitPattern(*host, pattern.get_object(), Deadline(step));
  if (!line) return Missing(*host, "a line " + ToJson(pattern));
  failure = MatchLine(pattern, *line);
  return failure ? failure : CheckTime(step, line->at);
}

StepResult Player::ExpectAnyOrder(const Step& step) {
  StepResult failure;
  HostProcess* host = Host(step, failure);
  boost::json::array patterns = Resolve(step.argument, failure).get_array();
  if (failure) return failure;
  const auto deadline = Deadline(step);
  while (!patterns.empty()) {
    const auto matching = [&](const Line& line) {
      return std::find_if(patterns.begin(), patterns.end(), [&](const value& pattern) {
        Captures scratch = captures_;
        return line.json && !Match(pattern, &*line.json, scratch);
      });
    };
    const Line* line = host->Await([](const Line&) { return true; }, deadline);
    if (!line) return Missing(*host, "lines " + ToJson(patterns));
    const auto found = matching(*line);
    if (found == patterns.end()) {
      return Broken(
          fmt::format("expected one of {}, got {}", ToJson(patterns), Excerpt(line->bytes, 400)));
    }
    Match(*found, &*line->json, captures_);
    patterns.erase(found);
    if (auto late = CheckTime(step, line->at)) return late;
  }
  return std::nullopt;
}

StepResult Player::Outcome(const Step& step) {
  StepResult failure;
  HostProcess* host = Host(step, failure);
  object pattern = Resolve(step.argument, failure).get_object();
  if (failure) return failure;
  if (mode_ == Mode::kBridge) {
    pattern.erase("refused");
    pattern.erase("retryable");
  }
  const auto deadline = Deadline(step);
  while (true) {
    const Line* line = AwaitPattern(*host, pattern, deadline);
    if (!line) return Missing(*host, "an answer " + ToJson(pattern));
    if (!line->object()) return MatchLine(pattern, *line);
    const auto outcome = NormaliseOutcome(mode_, *line->object());
    if (!outcome) continue;
    const value actual(*outcome);
    if (auto mismatch = Match(pattern, &actual, captures_)) {
      return Broken(
          fmt::format("{}; the line: {}", mismatch->ToString(), Excerpt(line->bytes, 400)));
    }
    return CheckTime(step, line->at);
  }
}

StepResult Player::ExpectSilence(const Step& step) {
  StepResult failure;
  HostProcess* host = Host(step, failure);
  if (!host) return failure;
  const auto until = Clock::now() + milliseconds(step.argument.get_int64());
  const Line* line = host->Await([](const Line&) { return true; }, until);
  if (line) return Broken(fmt::format("expected silence, got {}", Excerpt(line->bytes, 400)));
  // The host ended its stdout: silent for good, yet the time must pass for what may follow.
  std::this_thread::sleep_until(until);
  return std::nullopt;
}

// "<any>" is any end, by a signal too; a number is a status.
static bool AnyExit(const value& wanted) {
  return wanted.is_string() && wanted.get_string() == "<any>";
}

StepResult Player::ExpectExit(const Step& step) {
  StepResult failure;
  HostProcess* host = Host(step, failure);
  if (!host) return failure;
  const auto end = host->AwaitEnd(Deadline(step));
  if (!end) return Missing(*host, "the host to exit");
  talk_.EndedByPlay(*host);
  const bool wants_signal = step.argument.is_object();
  const value status(end->status.value);
  const bool fits =
      wants_signal ? end->status.signalled &&
                         end->status.value == SignalNumber(step.argument.at("signal").get_string())
                   : AnyExit(step.argument) ||
                         (!end->status.signalled && !Match(step.argument, &status, captures_));
  if (!fits)
    return Broken(
        fmt::format("expected exit {}, got {}", ToJson(step.argument), end->status.ToString()));
  return CheckTime(step, end->at);
}

StepResult Player::ExpectText(const Step& step, Stream stream) {
  StepResult failure;
  HostProcess* host = Host(step, failure);
  const value pattern = Resolve(step.argument, failure);
  if (failure) return failure;
  // "<not:…>" and an exact text can only be judged when all of it is there.
  const bool whole = !std::string_view(pattern.get_string()).starts_with("<") ||
                     std::string_view(pattern.get_string()).starts_with("<not:");
  if (whole) host->AwaitEnd(Deadline(step));
  const bool holds = host->AwaitText(
      stream,
      [&](const std::string& text) {
        const value actual(boost::json::string{text});
        return !Match(pattern, &actual, captures_);
      },
      Deadline(step));
  if (host->mode() == Mode::kNone && stream == Stream::kOut) {
    while (host->Await([](const Line&) { return true; }, Clock::now())) {
    }
  }
  if (holds) return std::nullopt;
  return Broken(
      fmt::format("expected {}, got \"{}\"", ToJson(pattern), Excerpt(host->TextOf(stream), 600)));
}

StepResult Player::ProviderSaw(const Step& step) {
  StepResult failure;
  const object pattern = Resolve(step.argument, failure).get_object();
  if (failure) return failure;
  std::string difference;
  std::optional<TimePoint> moment;
  Captures captures;
  bool too_late = false;
  const bool holds = talk_.lane().WaitUntil(
      [&](const provider::Snapshot& journal) {
        captures = captures_;
        const auto mismatch = ProviderMismatch(pattern, journal, captures);
        difference = mismatch.value_or("");
        moment = MomentOf(pattern, journal);
        too_late = mismatch && CanNoLongerHold(pattern, journal, captures_);
        return !mismatch || too_late;
      },
      Deadline(step));
  if (!holds || too_late) {
    if (!too_late) talk_.rig().patience.RanOut();
    return Broken(difference);
  }
  captures_ = captures;
  if (const auto* calls = pattern.if_contains("calls")) seen_last_ = object{{"calls", *calls}};
  return moment ? CheckTime(step, *moment) : std::nullopt;
}

StepResult Player::StateDir(const Step& step, bool wanted) {
  StepResult failure;
  const value text = Resolve(step.argument, failure);
  if (failure) return failure;
  const std::string_view needle = text.get_string();
  std::error_code ec;
  for (std::filesystem::recursive_directory_iterator it(talk_.state_dir(), ec), end;
       !ec && it != end; it.increment(ec)) {
    std::ifstream stream(it->path(), std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(stream)), {});
    if (bytes.find(needle) == std::string::npos) continue;
    if (wanted) return std::nullopt;
    return Broken(
        fmt::format("{} contains \"{}\"", it->path().filename().string(), Excerpt(needle)));
  }
  if (!wanted) return std::nullopt;
  return Broken(fmt::format("no file of the state directory contains \"{}\"", Excerpt(needle)));
}

}  // namespace touchstone
