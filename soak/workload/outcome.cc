#include "soak/workload/outcome.h"

#include <fmt/format.h>

#include <algorithm>

#include "soak/workload/make_work.h"

namespace touchstone::soak {
namespace {

using Outage = Circumstances::Outage;

bool Has(const std::vector<std::string>& outcomes, std::string_view outcome) {
  return std::find(outcomes.begin(), outcomes.end(), outcome) != outcomes.end();
}

std::vector<std::string> RightFor(const WorkLine& line, const Circumstances& during) {
  auto right = line.right;
  const bool disturbed =
      during.outage != Outage::kNone || during.draining || during.killed || during.crowded;
  // The run was over sooner than it should have been.
  if (line.role == LineRole::kCancel && disturbed) right.emplace_back("INVALID_REQUEST");
  if (line.role != LineRole::kRun) return right;
  if (during.outage != Outage::kNone) right.emplace_back("PROVIDER_DOWN");
  if (during.outage == Outage::kThroughout) std::erase(right, "OK");  // whose answer would it be?
  if (during.draining) right.insert(right.end(), {"BUSY", "INTERNAL"});
  if (during.killed)
    right.emplace_back("DUPLICATE_IN_PROGRESS");  // until it is taken over: IDEM-11
  if (during.crowded) right.emplace_back("BUSY");
  // The run that it doubles may have been refused, or over at once: then it is the one that runs.
  const bool doubles = Has(line.right, "DUPLICATE_IN_PROGRESS");
  if (doubles && disturbed && during.outage != Outage::kThroughout) right.emplace_back("OK");
  return right;
}

std::string OneOf(const std::vector<std::string>& outcomes) {
  std::string list;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (i > 0) list += i + 1 == outcomes.size() ? " or " : ", ";
    list += outcomes[i];
  }
  return list;
}

std::string DescribeTimes(const Circumstances& during) {
  std::string times;
  if (during.outage == Outage::kPartly) times += ", a provider outage began or ended meanwhile";
  if (during.outage == Outage::kThroughout) times += ", during a provider outage";
  if (during.draining) times += ", while the host shut down";
  if (during.killed) times += ", after SIGKILL";
  if (during.crowded) times += ", while the host was full";
  return times;
}

std::string Cut(const std::string& text) {
  constexpr std::size_t kMost = 120;
  if (text.size() <= kMost) return text;
  std::size_t end = kMost;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end) + "…";
}

}  // namespace

std::optional<Wrong> Judge(const WorkLine& line, const Answer& answer,
                           const Circumstances& during) {
  const auto right = RightFor(line, during);
  if (!Has(right, answer.outcome)) {
    return Wrong{
        line.requirement,
        fmt::format("request {} must be answered {}{}, got {}; sent was {}", line.request_id,
                    OneOf(right), DescribeTimes(during), answer.outcome, Cut(line.bytes))};
  }
  const bool replayed = answer.outcome == kReplayed;
  if ((answer.outcome == "OK" || replayed) && !line.text.empty() && answer.text != line.text) {
    return Wrong{replayed ? "IDEM-01" : "RESP-06",
                 fmt::format("request {} must be answered with the text \"{}\", got \"{}\"",
                             line.request_id, Cut(line.text), Cut(answer.text))};
  }
  return std::nullopt;
}

std::optional<Wrong> JudgeTogether(const Work& work, const std::vector<std::string>& outcomes,
                                   const Circumstances& during) {
  if (work.lines.size() < 2 || outcomes.size() < 2 || outcomes[0].empty() || outcomes[1].empty())
    return std::nullopt;
  const auto& first = work.lines[0].request_id;
  if (work.kind == RequestKind::kCancel && !during.draining && !during.killed) {
    const bool accepted = outcomes[1] == "CANCEL_ACCEPTED", canceled = outcomes[0] == "CANCELED";
    if (accepted && !canceled) {
      return Wrong{"CTRL-02", fmt::format("the cancel of run {} was accepted, and the run ended {}",
                                          first, outcomes[0])};
    }
    if (canceled && !accepted) {
      return Wrong{"CTRL-02", fmt::format("run {} ended CANCELED, and its cancel was answered {}",
                                          first, outcomes[1])};
    }
  }
  if (work.kind == RequestKind::kDuplicate && outcomes[0] == outcomes[1]) {
    if (outcomes[0] == "OK") {
      return Wrong{"IDEM-09", fmt::format("{} and {} have one key, and both were run", first,
                                          work.lines[1].request_id)};
    }
    if (outcomes[0] == kReplayed) {
      return Wrong{"IDEM-09", fmt::format("{} and {} have one key, and both were replayed though "
                                          "neither was run",
                                          first, work.lines[1].request_id)};
    }
  }
  return std::nullopt;
}

}  // namespace touchstone::soak
