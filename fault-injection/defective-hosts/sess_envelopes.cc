// Of SESS: what `inspect events` shows of the envelopes that are kept.
#include <algorithm>
#include <memory>
#include <string>

#include "fault-injection/defective-hosts/parts.h"
#include "fault-injection/defective-hosts/runs.h"

namespace touchstone::defective {
namespace {

Tampering Envelopes(Edit edit) {
  auto inspects = std::make_shared<bool>(false);
  auto tampering = Responses(
      [inspects](const Object& line) { return *inspects && line.contains("event_type"); }, edit);
  tampering.launch = [inspects](Launch& launch) { *inspects = launch.Has("inspect"); };
  return tampering;
}

Tampering InspectShowsAll() {
  Tampering tampering;
  tampering.launch = [](Launch& launch) {
    const auto found = std::ranges::find(launch.argv, "--session");
    if (launch.Has("inspect") && found != launch.argv.end()) launch.argv.erase(found, found + 2);
  };
  return tampering;
}

}  // namespace

std::vector<Defect> EnvelopeDefects() {
  return {
      {"envelopes-of-all-sessions",
       "SESS-09",
       Subtlety::kBlatant,
       "inspect shows the envelopes of all sessions, whichever was asked for.",
       InspectShowsAll,
       {"sess/envelopes-are-kept"}},
      {"envelopes-without-seq",
       "SESS-09",
       Subtlety::kBlatant,
       "An envelope has no seq.",
       [] { return Envelopes(Remove("seq")); },
       {"sess/envelopes-are-kept"}},
      {"seq-skips",
       "SESS-09",
       Subtlety::kSubtle,
       "The seq of a run's envelopes skips the 2.",
       [] {
         return Envelopes(Change("seq", [](auto& value) {
           if (value.as_int64() > 1) value = value.as_int64() + 1;
         }));
       },
       {"sess/envelopes-are-kept"}},
      {"envelope-payload-is-text",
       "SESS-09",
       Subtlety::kSubtle,
       "An envelope's payload is JSON in a string.",
       [] {
         return Envelopes(Change("payload", [](auto& value) { value = Lined(value.as_object()); }));
       },
       {"sess/envelopes-are-kept"}},
      {"envelope-session-is-a-file-name",
       "SESS-09",
       Subtlety::kSubtle,
       "An envelope shows its session as the name of a file.",
       [] {
         return Envelopes(Change(
             "session_id", [](auto& value) { std::ranges::replace(value.as_string(), '/', '_'); }));
       },
       {"sess/envelopes-are-kept"}},
  };
}

}  // namespace touchstone::defective
