#include "conformance/contract/lifecycle.h"

#include <fmt/format.h>

#include <utility>

#include "conformance/contract/shape.h"
#include "conformance/contract/text.h"
#include "conformance/observe/framing.h"
#include "conformance/observe/strict_json.h"

namespace touchstone {
namespace {

Violation Blame(std::string_view requirement, std::string message) {
  return {std::string(requirement), std::move(message)};
}

// Counts down the first of the counters that is not zero.
bool TakeWaiting(std::initializer_list<int*> counters) {
  for (int* counter : counters) {
    if (*counter > 0) {
      --*counter;
      return true;
    }
  }
  return false;
}

bool IsTrue(const boost::json::object& line, std::string_view key) {
  const auto* found = line.if_contains(key);
  return found && found->is_bool() && found->get_bool();
}

}  // namespace

void Lifecycle::Sent(std::string_view line) {
  if (mode_ == Mode::kNone) return;
  part_sent_ = false;
  if (std::exchange(part_refused_, false)) return;
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (IsBlank(line) && mode_ == Mode::kStream) return;
  auto json = ParseStrict(line);
  const auto* object = json ? json->if_object() : nullptr;
  const auto* id = object ? StringAt(*object, "request_id") : nullptr;
  if (!id || IsBlank(*id)) {
    ++nameless_;
    return;
  }
  Request& request = requests_[std::string(*id)];
  const auto* type = StringAt(*object, "type");
  if (type && *type == "run") {
    ++request.waiting_runs;
    request.stream |= IsTrue(*object, "stream");
  } else {
    ++request.waiting_others;
  }
}

std::vector<Violation> Lifecycle::Received(const boost::json::object& line) {
  ++lines_received_;
  if (mode_ == Mode::kNone) return {};
  if (mode_ != Mode::kStream) return ReceivedOneShot(line);
  const auto* id_text = StringAt(line, "request_id");
  const auto* type = StringAt(line, "type");
  if (!id_text || !type) return {};  // RESP-01 has spoken
  const std::string id(*id_text);
  auto violations = ReceivedStream(id, *type, line);
  if (most_answered_ && requests_[id].Rests()) {
    answered_.push_back(id);
    ForgetOldest();
  }
  return violations;
}

std::vector<Violation> Lifecycle::ReceivedStream(const std::string& id, std::string_view type,
                                                 const boost::json::object& line) {
  Request& request = requests_[id];
  if (type == "event") return Event(id, request);
  if (type == "final") return Final(id, request, IsTrue(line, "replayed"));
  const auto* status = StringAt(line, "status");
  if (type == "ack" && status) return Ack(id, request, *status);
  if (type == "error") return Answer(id, request, "error");
  return {};
}

void Lifecycle::ForgetOldest() {
  while (answered_.size() > *most_answered_) {
    // Its id may be in use again; then it rests, and is listed, once more.
    const auto found = requests_.find(answered_.front());
    if (found != requests_.end() && found->second.Rests()) requests_.erase(found);
    answered_.pop_front();
  }
}

std::vector<Violation> Lifecycle::ReceivedOneShot(const boost::json::object& line) {
  const std::string_view requirement = mode_ == Mode::kBridge ? "BRIDGE-01" : "LIFE-04";
  if (lines_received_ > 1) {
    return {
        Blame(requirement, fmt::format("a one-shot writes exactly one line; this is number {}: {}",
                                       lines_received_, Excerpt(ToJson(line))))};
  }
  const auto* type = StringAt(line, "type");
  if (mode_ == Mode::kOneShot && type &&
      (*type == "event" ||
       (*type == "ack" && StringAt(line, "status") && *StringAt(line, "status") == "ACCEPTED"))) {
    return {
        Blame("LIFE-04", fmt::format("a one-shot answers with its final or error alone, got: {}",
                                     Excerpt(ToJson(line))))};
  }
  return {};
}

std::vector<Violation> Lifecycle::Ack(const std::string& id, Request& request,
                                      std::string_view status) {
  if (status == "ACCEPTED") {
    if (request.active)
      return {Blame("LIFE-02", fmt::format("run \"{}\" was accepted twice", Excerpt(id)))};
    request.active = TakeWaiting({&request.waiting_runs, &nameless_});
    if (request.active) return {};
    return {
        Blame("LIFE-02",
              fmt::format("ack ACCEPTED for \"{}\", but no run under this id waits for an answer",
                          Excerpt(id)))};
  }
  if (status == "DUPLICATE_IN_PROGRESS") {
    if (TakeWaiting({&request.waiting_runs, &nameless_})) return {};
    return {
        Blame("LIFE-02",
              fmt::format(
                  "DUPLICATE_IN_PROGRESS for \"{}\", but no run under this id waits for an answer",
                  Excerpt(id)))};
  }
  if (TakeWaiting({&request.waiting_others, &nameless_})) return {};
  return {
      Blame("LIFE-01", fmt::format("ack {} for \"{}\" answers no request", status, Excerpt(id)))};
}

std::vector<Violation> Lifecycle::Event(const std::string& id, Request& request) {
  std::vector<Violation> violations;
  if (!request.active) {
    violations.push_back(Blame(
        "LIFE-02",
        fmt::format("an event for \"{}\" outside its run (before the ack or after the terminal)",
                    Excerpt(id))));
  }
  if (!request.stream) {
    violations.push_back(
        Blame("LIFE-03",
              fmt::format("an event for \"{}\", whose run did not ask for a stream", Excerpt(id))));
  }
  return violations;
}

std::vector<Violation> Lifecycle::Final(const std::string& id, Request& request, bool replayed) {
  ++request.terminals;
  if (request.active && !replayed) {
    request.active = false;
    return {};
  }
  if (TakeWaiting({&request.waiting_runs, &nameless_})) {
    if (replayed || replays_unmarked_) return {};
    return {Blame(
        "LIFE-02",
        fmt::format(
            "the final of \"{}\" came without its ack ACCEPTED, and is not marked as a replay",
            Excerpt(id)))};
  }
  return {
      Blame("LIFE-01",
            request.terminals > 1
                ? fmt::format("run \"{}\" got terminal number {}", Excerpt(id), request.terminals)
                : fmt::format("a final for \"{}\", which no run waits for", Excerpt(id)))};
}

std::vector<Violation> Lifecycle::Answer(const std::string& id, Request& request,
                                         std::string_view what) {
  if (TakeWaiting({&request.waiting_others, &request.waiting_runs, &nameless_})) return {};
  if (id == "unknown") {
    // A line that the judge can read may still be refused as unreadable where either answer is
    // right (RESP-08).
    for (auto& [other, waiting] : requests_) {
      if (TakeWaiting({&waiting.waiting_others, &waiting.waiting_runs})) return {};
    }
  }
  if (part_sent_ && !part_refused_) {
    part_refused_ = true;
    return {};
  }
  if (request.active) {
    return {Blame("LIFE-02",
                  fmt::format("run \"{}\" was accepted, so it must end with a final, not an {}",
                              Excerpt(id), what))};
  }
  return {Blame("LIFE-01", fmt::format("an {} for \"{}\" answers no request", what, Excerpt(id)))};
}

std::vector<Violation> Lifecycle::Ended() const {
  if (silence_allowed_ || mode_ == Mode::kNone) return {};
  if (mode_ != Mode::kStream) {
    if (lines_received_ > 0) return {};
    return {Blame(mode_ == Mode::kBridge ? "BRIDGE-01" : "LIFE-04",
                  "a one-shot writes exactly one line; none came")};
  }
  std::vector<Violation> violations;
  for (const auto& [id, request] : requests_) {
    if (request.active) {
      violations.push_back(
          Blame("LIFE-01",
                fmt::format("run \"{}\" was accepted and never got its terminal", Excerpt(id))));
    } else if (request.waiting_runs > 0) {
      violations.push_back(
          Blame("LIFE-01", fmt::format("run \"{}\" was never answered", Excerpt(id))));
    } else if (request.waiting_others > 0) {
      violations.push_back(
          Blame("LIFE-01", fmt::format("request \"{}\" was never answered", Excerpt(id))));
    }
  }
  if (nameless_ > 0) {
    violations.push_back(
        Blame("RESP-08", fmt::format("{} bad line(s) were never answered", nameless_)));
  }
  return violations;
}

}  // namespace touchstone
