#include "conformance/fuzz/account.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "conformance/contract/shape.h"
#include "conformance/contract/text.h"
#include "conformance/observe/framing.h"
#include "conformance/observe/strict_json.h"

namespace touchstone::fuzz {
namespace {

constexpr std::size_t kKeepFaults = 20, kKeepLapses = 2;
constexpr std::string_view kUnknown = "unknown";

std::string Pair(const Ruling& ruling) {
  return fmt::format("{}:{}{}", ruling.session_id.size(), ruling.session_id,
                     ruling.idempotency_key);
}

std::string_view TextAt(const boost::json::object& line, std::string_view key) {
  const auto* text = StringAt(line, key);
  return text ? std::string_view(*text) : std::string_view();
}

bool IsTrue(const boost::json::object& line, std::string_view key) {
  const auto* found = line.if_contains(key);
  return found && found->is_bool() && found->get_bool();
}

}  // namespace

struct Account::Answer {
  enum Kind { kEvent, kPong, kClosed, kAccepted, kDuplicate, kFinal, kFlatOk, kRefused, kOther };
  Kind kind = kOther;
  std::string id, session;
  std::string_view text, status, code;
  bool replayed = false;
};

std::string Describe(const Ruling& ruling) {
  std::string id = fmt::format("\"{}\"", Excerpt(ruling.request_id, 60));
  if (ruling.id_is_free) id = "the line's request_id or \"unknown\"";
  switch (ruling.standing) {
    case Standing::kBlank:
      return "no answer: the line is blank";
    case Standing::kValid:
      return fmt::format("a normal answer under {}: {}", id, ruling.reason);
    case Standing::kInvalid:
    case Standing::kShould:
      return fmt::format("one INVALID_REQUEST under {}: {}", id, ruling.reason);
    case Standing::kFree:
      return fmt::format("one answer under {}, normal or INVALID_REQUEST: {}", id, ruling.reason);
  }
  return "?";
}

void Account::Sent(std::string_view bytes, std::size_t input) {
  // EOF before a line is answered, too, in a one-shot (FRAME-15).
  if (bytes.empty() && mode_ != Mode::kStream && !std::exchange(lines_counted_, true))
    SentLine({}, input, true);
  while (true) {
    const auto lf = bytes.find('\n');
    if (lf == bytes.npos && bytes.empty()) return;
    if (mode_ == Mode::kStream || !std::exchange(lines_counted_, true))
      SentLine(bytes.substr(0, lf), input, lf == bytes.npos);
    if (lf == bytes.npos) return;
    bytes.remove_prefix(lf + 1);
  }
}

void Account::SentLine(std::string_view line, std::size_t input, bool unterminated) {
  Entry entry;
  entry.ruling = JudgeRequest(line, mode_, limits_);
  if (entry.ruling.standing == Standing::kBlank) {
    ++blank_lines_;
    return;
  }
  entry.input = input;
  entry.unterminated = unterminated;
  entry.excerpt = std::string(line.substr(0, 300));
  NoteCollisions(entry);
  const auto index = entries_.size();
  // Under "unknown" alone it is only counted.
  if (entry.ruling.request_id != kUnknown) by_id_[entry.ruling.request_id].push_back(index);
  for (const auto& id : entry.ruling.readable_ids) {
    auto& list = by_id_[id];
    if (list.empty() || list.back() != index) list.push_back(index);
  }
  entries_.push_back(std::move(entry));
  ++waiting_;
}

void Account::NoteCollisions(Entry& entry) {
  const Ruling& ruling = entry.ruling;
  if (ruling.type == RequestType::kSessionClose || ruling.type == RequestType::kCancel) {
    auto& into = ruling.type == RequestType::kCancel ? targets_ : closed_sessions_;
    const auto& what = ruling.type == RequestType::kCancel ? ruling.target : ruling.session_id;
    into.insert(what);
    for (const auto index : runs_) {
      Entry& other = entries_[index];
      if (other.done) continue;
      if (other.ruling.session_id == what || other.ruling.request_id == what)
        other.relaxed = entry.relaxed = true;
    }
    entry.relaxed |= ruling.type == RequestType::kCancel && seen_ids_.contains(what);
    return;
  }
  const bool may_run = ruling.standing == Standing::kShould ||
                       (ruling.type == RequestType::kRun && ruling.standing != Standing::kInvalid);
  if (!may_run) return;
  runs_.push_back(entries_.size());
  entry.relaxed |= !seen_pairs_.insert(Pair(ruling)).second;
  entry.relaxed |= !seen_ids_.insert(ruling.request_id).second;
  for (const auto& id : ruling.readable_ids) seen_ids_.insert(id);
  entry.relaxed |= closed_sessions_.contains(ruling.session_id);
  entry.relaxed |= targets_.contains(ruling.request_id);
}

Account::Answer Account::Classify(const boost::json::object& line) const {
  Answer answer;
  answer.id = TextAt(line, "request_id");
  answer.session = TextAt(line, "session_id");
  answer.text = TextAt(line, "text");
  answer.status = TextAt(line, "status");
  answer.replayed = IsTrue(line, "replayed");
  if (mode_ == Mode::kBridge) {
    answer.code = TextAt(line, "error_code");
    answer.kind = IsTrue(line, "ok")                 ? Answer::kFlatOk
                  : answer.code == "INVALID_REQUEST" ? Answer::kRefused
                                                     : Answer::kOther;
    return answer;
  }
  if (const auto* error = line.if_contains("error"); error && error->is_object())
    answer.code = TextAt(error->get_object(), "code");
  const auto type = TextAt(line, "type");
  if (type == "event") answer.kind = Answer::kEvent;
  if (type == "final") answer.kind = Answer::kFinal;
  if (type == "error" && answer.code == "INVALID_REQUEST") answer.kind = Answer::kRefused;
  if (type != "ack") return answer;
  if (answer.status == "PONG") answer.kind = Answer::kPong;
  if (answer.status == "SESSION_CLOSED") answer.kind = Answer::kClosed;
  if (answer.status == "ACCEPTED") answer.kind = Answer::kAccepted;
  if (answer.status == "DUPLICATE_IN_PROGRESS") answer.kind = Answer::kDuplicate;
  return answer;
}

bool Account::MayBeUnknown(const Entry& entry) {
  return !entry.accepted && (entry.ruling.id_is_free || entry.ruling.request_id == kUnknown);
}

bool Account::Fits(const Entry& entry, const Answer& answer) const {
  const Ruling& ruling = entry.ruling;
  if (entry.accepted) return answer.kind == Answer::kFinal || answer.kind == Answer::kEvent;
  if (answer.kind == Answer::kRefused)
    return ruling.standing != Standing::kValid ||
           (entry.relaxed && ruling.type == RequestType::kRun);
  if (ruling.standing == Standing::kShould) return answer.kind != Answer::kOther;
  if (entry.relaxed && ruling.type == RequestType::kCancel) return true;
  if (ruling.standing == Standing::kInvalid) return false;
  if (answer.kind == Answer::kFlatOk) return true;
  switch (ruling.type) {
    case RequestType::kPing:
      return answer.kind == Answer::kPong;
    case RequestType::kSessionClose:
      return answer.kind == Answer::kClosed;
    case RequestType::kRun:
      if (mode_ != Mode::kStream || entry.relaxed)
        return answer.kind == Answer::kFinal || answer.kind == Answer::kAccepted ||
               answer.kind == Answer::kDuplicate || !answer.code.empty();
      return answer.kind == Answer::kAccepted;
    default:
      return false;
  }
}

// Of the lines that wait under this id the one that the answer fits best: of its session, with an
// id of its own, and last one that should be refused.
Account::Entry* Account::FindEntry(const Answer& answer) {
  const auto found = by_id_.find(answer.id);
  if (found == by_id_.end()) return nullptr;
  const bool normal = answer.kind != Answer::kRefused;
  const auto misfit = [&](const Ruling& ruling) {
    return 4 * (normal && ruling.session_id != answer.session) +
           2 * (ruling.standing == Standing::kShould) + ruling.id_is_free;
  };
  Entry* best = nullptr;
  for (const auto index : found->second) {
    Entry& entry = entries_[index];
    if (entry.done || !Fits(entry, answer)) continue;
    if (!best || misfit(entry.ruling) < misfit(best->ruling)) best = &entry;
  }
  return best;
}

// Lines may share an id, and one may be refused under several: then an answer may have been
// credited to a line when it was another's. To make room for this one, refusals move on to lines
// that they fit as well (an augmenting path of a bipartite matching).
Account::Entry* Account::MakeRoomFor(const Answer& answer) {
  const auto found = by_id_.find(answer.id);
  if (found == by_id_.end()) return nullptr;
  ++search_;
  for (const auto index : found->second) {
    Entry& entry = entries_[index];
    if (entry.refused_under && Fits(entry, answer) && MoveRefusal(entry)) return &entry;
  }
  return nullptr;
}

bool Account::MoveRefusal(Entry& from) {
  Answer refusal;
  refusal.kind = Answer::kRefused;
  from.visited = search_;
  for (const auto index : by_id_.at(*from.refused_under)) {
    Entry& to = entries_[index];
    if (std::exchange(to.visited, search_) == search_ || !Fits(to, refusal)) continue;
    if (to.done && !(to.refused_under && MoveRefusal(to))) continue;
    to.refused_under = std::exchange(from.refused_under, std::nullopt);
    to.done = true;
    from.done = false;
    return true;
  }
  return false;
}

void Account::Received(std::string_view bytes) {
  JudgedLine judged = JudgeLine(bytes);
  if (judged.violation) {
    Keep({*judged.violation, std::nullopt});
    return;
  }
  const auto& line = judged.json->get_object();
  const auto answer = Classify(line);
  Entry* entry = FindEntry(answer);
  for (auto& violation : JudgeShape(mode_, line)) {
    Keep({std::move(violation), entry ? std::optional(entry->input) : std::nullopt});
  }
  // One that should be refused is the last to be taken for the one that was not.
  const bool normal = answer.kind != Answer::kRefused;
  if (!entry || (normal && entry->ruling.standing == Standing::kShould && !entry->accepted)) {
    if (Entry* freed = MakeRoomFor(answer)) entry = freed;
  }
  if (entry) return Credit(*entry, answer, bytes);
  const bool any_id = answer.id == kUnknown || answer.id.find("\xEF\xBF\xBD") != answer.id.npos;
  if (any_id && answer.kind == Answer::kRefused && unknown_ < waiting_) {
    ++unknown_;
    return;
  }
  // It fits nobody. Whoever waits under this id was answered wrongly; else nobody asked.
  if (const auto found = by_id_.find(answer.id); found != by_id_.end()) {
    for (const auto index : found->second) {
      Entry& waiting = entries_[index];
      if (waiting.done) continue;
      Blame(waiting, waiting.ruling.requirement,
            fmt::format("expected {}; got {}", Describe(waiting.ruling), Excerpt(bytes, 300)));
      return Close(waiting);
    }
  }
  // In a one-shot there is but one line that it can be for.
  if (mode_ != Mode::kStream && entries_.size() == 1 && !entries_[0].done) {
    const Ruling& ruling = entries_[0].ruling;
    const bool refused = answer.kind == Answer::kRefused;
    Blame(entries_[0],
          ruling.standing != Standing::kInvalid ? "REQ-09"
          : refused                             ? "RESP-08"
                                                : ruling.requirement,
          fmt::format("expected {}; got {}", Describe(ruling), Excerpt(bytes, 300)));
    return Close(entries_[0]);
  }
  Keep({{RequirementOfTooMany(),
         fmt::format("a line that answers no request: {}", Excerpt(bytes, 300))},
        std::nullopt});
}

void Account::Credit(Entry& entry, const Answer& answer, std::string_view line) {
  const Ruling& ruling = entry.ruling;
  if (answer.kind == Answer::kEvent) return;
  const bool normal = answer.kind != Answer::kRefused;
  if (!normal) entry.refused_under = answer.id;
  if (ruling.standing == Standing::kShould && normal && !entry.accepted &&
      lapses_.size() < kKeepLapses) {
    lapses_.push_back(
        {{ruling.requirement, fmt::format("expected {}; got {}; the line: {}", Describe(ruling),
                                          Excerpt(line, 300), Excerpt(entry.excerpt))},
         entry.input,
         true});
  }
  if (normal && !ruling.session_id.empty() && ruling.standing == Standing::kValid &&
      answer.session != ruling.session_id) {
    Blame(entry, "REQ-09",
          fmt::format("expected session_id \"{}\"; got {}", Excerpt(ruling.session_id),
                      Excerpt(line, 300)));
  }
  if (answer.kind == Answer::kAccepted) {
    entry.accepted = true;
    return;
  }
  const bool run_ended = ruling.type == RequestType::kRun && normal && !entry.relaxed &&
                         ruling.standing != Standing::kShould;
  const bool ok = mode_ == Mode::kBridge ? answer.kind == Answer::kFlatOk : answer.status == "OK";
  if (run_ended && !(ok && answer.text == answer_text_) &&
      !(ruling.may_time_out && answer.code == "TIMEOUT")) {
    Blame(entry, ruling.requirement,
          fmt::format("expected an OK with the provider's answer \"{}\"; got {}", answer_text_,
                      Excerpt(line, 300)));
  }
  Close(entry);
}

void Account::Close(Entry& entry) {
  entry.done = true;
  --waiting_;
}

void Account::Blame(const Entry& entry, std::string requirement, std::string message) {
  // The search tries it with an LF, too.
  if (entry.unterminated) requirement = "FRAME-05";
  Keep({{std::move(requirement), fmt::format("{}; the line: {}", message, Excerpt(entry.excerpt))},
        entry.input});
}

void Account::Keep(Fault fault) {
  if (faults_.size() < kKeepFaults) faults_.push_back(std::move(fault));
}

}  // namespace touchstone::fuzz
