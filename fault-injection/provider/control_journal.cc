// /journal, /connections, /wait: what the provider saw.
#include <fmt/format.h>

#include <boost/json.hpp>
#include <limits>

#include "fault-injection/provider/control_filter.h"
#include "fault-injection/provider/control_resource.h"
#include "fault-injection/provider/journal_json.h"

namespace touchstone::provider {

namespace {

constexpr std::int64_t kUsualLimit = 100, kMostLimit = 10'000;
// An answer that is longer keeps everybody else waiting; its rest is asked for with `since`.
constexpr std::size_t kMostBytes = 16u << 20;
constexpr std::int64_t kUsualTimeoutMs = 10'000, kMostTimeoutMs = 3'600'000;

// Puts lines of JSON into a list until there are enough.
class Lines {
 public:
  explicit Lines(std::int64_t limit) : left_(limit) {}
  // False: no more; the entry is not taken.
  template <typename Line>
  bool Add(Line line) {
    if (left_ == 0 || text_.size() > kMostBytes) return !(more_ = true);
    --left_;
    text_ += (text_.empty() ? "" : ",") + line();
    return true;
  }
  ControlAnswer Answer(std::string_view name, std::int64_t total) const {
    return {200,
            fmt::format("{{\"total\":{},\"more\":{},\"{}\":[{}]}}\n", total, more_, name, text_),
            ""};
  }

 private:
  std::int64_t left_;
  std::string text_;
  bool more_ = false;
};

Times ReadTimes(ControlQuery& query) {
  return query.Flag("times").value_or(true) ? Times::kShown : Times::kLeftOut;
}

}  // namespace

ControlReply GetJournal(ControlRequest& request) {
  ControlQuery& query = request.query;
  const CallFilter filter = ReadCallFilter(query);
  Lines lines(query.Integer("limit", 1, kMostLimit).value_or(kUsualLimit));
  const Times times = ReadTimes(query);
  if (auto error = query.Error()) return *error;
  int total = 0;
  request.lane->Look([&](const LaneState::View& view) {
    total = view.calls;
    for (const Call& call : view.journal.calls) {
      if (!filter.Fits(call)) continue;
      if (!lines.Add([&] { return CallJson(call, times, view.journal.started_at); })) break;
    }
  });
  return lines.Answer("calls", total);
}

ControlReply GetConnections(ControlRequest& request) {
  ControlQuery& query = request.query;
  const auto since = query.Integer("since", 0, std::numeric_limits<int>::max());
  const auto open = query.Flag("open");
  Lines lines(query.Integer("limit", 1, kMostLimit).value_or(kUsualLimit));
  const Times times = ReadTimes(query);
  if (auto error = query.Error()) return *error;
  int total = 0;
  request.lane->Look([&](const LaneState::View& view) {
    total = view.journal.connections;
    for (const Link& link : view.journal.links) {
      if ((since && link.number <= *since) || (open && *open == link.closed_at.has_value())) {
        continue;
      }
      if (!lines.Add([&] { return LinkJson(link, times, view.journal.started_at); })) break;
    }
  });
  return lines.Answer("connections", total);
}

ControlReply GetWait(ControlRequest& request) {
  ControlQuery& query = request.query;
  const auto wanted = query.Integer("calls", 1, std::numeric_limits<int>::max()).value_or(1);
  const auto timeout_ms = query.Integer("timeout_ms", 0, kMostTimeoutMs).value_or(kUsualTimeoutMs);
  const auto held = query.Text("held");
  const CallFilter filter = ReadCallFilter(query);
  if (held && !filter.IsEmpty()) query.Fail("held", "excludes the filters of the journal");
  if (auto error = query.Error()) return *error;

  const auto count = [held, filter](const LaneState::View& view) -> std::int64_t {
    if (held) return static_cast<std::int64_t>(view.holds.CountHeld(*held));
    if (filter.IsEmpty()) return view.calls;
    return std::count_if(view.journal.calls.begin(), view.journal.calls.end(),
                         [&](const Call& call) { return filter.Fits(call); });
  };
  const auto look = [lane = request.lane, count,
                     wanted](bool late) -> std::optional<ControlAnswer> {
    std::int64_t there = 0;
    lane->Look([&](const LaneState::View& view) { there = count(view); });
    if (there < wanted && !late) return std::nullopt;
    return Say({{"reached", there >= wanted}, {"calls", there}, {"wanted", wanted}});
  };
  return ControlWait{std::chrono::milliseconds(timeout_ms), look};
}

}  // namespace touchstone::provider
