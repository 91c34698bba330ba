// The end of an account: what is missing, what was too much, and by which name the contract calls
// it.
#include <fmt/format.h>

#include <algorithm>

#include "conformance/fuzz/account.h"
#include "conformance/observe/framing.h"

namespace touchstone::fuzz {

// The contract's own name for this silence, where it has one.
std::string Account::RequirementOfMissing(std::size_t index) const {
  const Entry& entry = entries_[index];
  if (entry.accepted) return "LIFE-01";
  const bool good_after_bad = entry.ruling.standing == Standing::kValid && index > 0 &&
                              entries_[index - 1].ruling.standing != Standing::kValid;
  return good_after_bad && mode_ == Mode::kStream ? "FRAME-07" : entry.ruling.requirement;
}

// Of an answer that nobody asked for. A blank line and the rest of a long one are its likely
// causes, where only one of the two was sent.
std::string Account::RequirementOfTooMany() const {
  if (mode_ != Mode::kStream) return mode_ == Mode::kOneShot ? "LIFE-04" : "BRIDGE-01";
  const bool too_long = std::ranges::any_of(
      entries_, [](const Entry& entry) { return entry.ruling.requirement == "FRAME-08"; });
  if (blank_lines_ > 0 && !too_long) return "FRAME-05";
  return blank_lines_ == 0 && too_long ? "FRAME-08" : "LIFE-01";
}

void Account::Settle(std::string_view end) {
  // The good ones first: where these are missing, too, it is not for what was bad with the others.
  for (const bool valid : {true, false}) {
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      const Entry& entry = entries_[i];
      if (entry.done || MayBeUnknown(entry)) continue;
      if ((entry.ruling.standing == Standing::kValid) != valid) continue;
      Blame(entry, RequirementOfMissing(i),
            fmt::format("expected {}; got {}{}", Describe(entry.ruling),
                        entry.accepted ? "its ack and no final"
                        : unknown_ > 0 ? "no answer under this id"
                                       : "no answer",
                        end));
    }
  }
  SettleUnknown(end);
  entries_.clear();
  runs_.clear();
  by_id_.clear();
  waiting_ = unknown_ = blank_lines_ = 0;
}

// Answers under "unknown" and lines that may be answered so are only counted: with several of them
// it is not known which one is meant. A search will tell.
void Account::SettleUnknown(std::string_view end) {
  std::vector<const Entry*> waiting;
  for (const Entry& entry : entries_) {
    if (!entry.done && MayBeUnknown(entry)) waiting.push_back(&entry);
  }
  if (unknown_ == waiting.size()) return;
  const bool missing = unknown_ < waiting.size();
  Fault fault;
  fault.violation.requirement = missing ? "FRAME-07" : RequirementOfTooMany();
  auto& message = fault.violation.message;
  message = fmt::format("{} ({} lines that may be answered under \"unknown\", {} such answers){}",
                        missing ? "no answer" : "an INVALID_REQUEST too many", waiting.size(),
                        unknown_, missing ? end : "");
  if (!missing && blank_lines_ > 0)
    message += fmt::format("; {} blank lines were sent, which are to be ignored", blank_lines_);
  if (!waiting.empty()) {
    message = fmt::format("expected {}; got {}; the line: {}", Describe(waiting[0]->ruling),
                          message, Excerpt(waiting[0]->excerpt));
  }
  if (waiting.size() == 1) {
    fault.input = waiting[0]->input;
    if (missing) fault.violation.requirement = waiting[0]->ruling.requirement;
  }
  Keep(std::move(fault));
}

}  // namespace touchstone::fuzz
