#include <algorithm>
#include <boost/json/value.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "fault-injection/defective-hosts/req.h"
#include "fault-injection/defective-hosts/tampering.h"

namespace touchstone::defective {
namespace {

namespace json = boost::json;

// The id of a request that the host makes by itself; its answers are kept from the caller.
constexpr char kShadow[] = "shadow of ";

bool IsOneShot(const Launch& launch) { return launch.Has("host") && !launch.streams(); }

Which Run() { return Is("type", "run"); }

Edit Trimmed(std::string key) {
  return Change(key, [](json::value& value) {
    if (!value.is_string()) return;
    std::string text(value.get_string());
    const auto begin = text.find_first_not_of(" \t\r\n");
    if (begin == text.npos) return;
    value = text.substr(begin, text.find_last_not_of(" \t\r\n") + 1 - begin);
  });
}

Tampering TrimsIds() {
  return Responses(Any(), [](Object& line) {
    Trimmed("request_id")(line);
    Trimmed("session_id")(line);
  });
}

Edit CutAtNul(std::string key) {
  return Change(key, [](json::value& value) {
    if (!value.is_string()) return;
    auto& text = value.get_string();
    text.resize(std::min(text.find('\0'), text.size()));
  });
}

bool IsRefusal(const Object& line) {
  return Text(line, "error_code") == "INVALID_REQUEST" || Text(line, "type") == "error";
}

Tampering LowersIds() {
  return Responses(Has("session_id"), Change("session_id", [](json::value& value) {
                     if (!value.is_string()) return;
                     for (char& c : value.get_string()) c = c >= 'A' && c <= 'Z' ? c + 32 : c;
                   }));
}

Tampering CutsLongIds() {
  return Responses(Any(), Change("request_id", [](json::value& value) {
                     if (value.is_string() && value.get_string().size() > 255)
                       value.get_string().resize(255);
                   }));
}

Tampering ComposesTargets() {
  return Responses(Has("target_request_id"), Trimmed("target_request_id"));
}

// A message that is another each time.
Tampering CountsRefusals(int from) {
  const auto edit = [from, count = 0](Object& line) mutable {
    const auto n = ++count;
    for (const auto* path : {"error.message", "error_message"}) {
      auto* message = At(line, path);
      if (n >= from && message && message->is_string())
        *message = std::string(message->get_string()) + " (refusal " + std::to_string(n) + ")";
    }
  };
  return Responses(Of("error"), edit);
}

Tampering ShowsTheTimeOfRefusal() {
  return Responses(IsRefusal, [](Object& line) {
    static const auto stamp = std::to_string(reinterpret_cast<std::uintptr_t>(&line));
    for (const auto* path : {"error.message", "error_message"}) {
      auto* message = At(line, path);
      if (message && message->is_string())
        *message = "at " + stamp + ": " + std::string(message->get_string());
    }
  });
}

// The run is started, and judged only then: a shadow of it runs beside the refusal.
Tampering RunsBeforeItJudges() {
  Tampering tampering = OnRequest(And(Run(), Has("timeout_ms")),
                                  [](const std::string& line, Object object, Wire& wire) {
                                    PassToHost(line, wire);
                                    const auto& timeout = object["timeout_ms"];
                                    if (timeout.is_int64() && timeout.get_int64() > 0) return;
                                    object.erase("timeout_ms");
                                    object["request_id"] = kShadow + Text(object, "request_id");
                                    wire.ToHost(Lined(object));
                                  });
  tampering.response = [](const std::string& line, Wire& wire) {
    const auto object = Parsed(line);
    if (!object || !Text(*object, "request_id").starts_with(kShadow)) PassToCaller(line, wire);
  };
  return When([](const Launch& launch) { return launch.streams(); }, tampering);
}

// The runs between their ack and their final: id -> session.
struct Active {
  std::map<std::string, std::string> sessions;
  void Sees(const Object& line) {
    const auto id = Text(line, "request_id");
    if (Of("ack", "ACCEPTED")(line)) sessions[id] = Text(line, "session_id");
    if (Of("final")(line)) sessions.erase(id);
  }
};

// What is done to a run whose id is in use, and what with the answers to it.
Tampering OnActiveId(std::string type, std::function<void(Active&, Object, Wire&)> act) {
  const auto active = std::make_shared<Active>();
  Tampering tampering = OnRequest(
      Is("type", type), [active, act](const std::string& line, const Object& object, Wire& wire) {
        if (active->sessions.contains(Text(object, "request_id"))) {
          act(*active, object, wire);
        } else {
          PassToHost(line, wire);
        }
      });
  tampering.response = [active](const std::string& line, Wire& wire) {
    if (line.find(kShadow) != line.npos) return;
    if (const auto object = Parsed(line)) active->Sees(*object);
    PassToCaller(line, wire);
  };
  return tampering;
}

Tampering IntruderCancels() {
  return OnActiveId("run", [](Active& active, Object intruder, Wire& wire) {
    const auto id = Text(intruder, "request_id");
    wire.ToHost(Lined(intruder));
    wire.ToHost(Lined({{"protocol_version", 1},
                       {"type", "cancel"},
                       {"request_id", kShadow + id},
                       {"session_id", active.sessions[id]},
                       {"target_request_id", id}}));
  });
}

// The new run takes the id's place in the table: the caller is told of it alone.
Tampering SecondRunIsAccepted() {
  return OnActiveId("run", [](Active& active, Object intruder, Wire& wire) {
    const auto id = Text(intruder, "request_id");
    if (Text(intruder, "session_id") == active.sessions[id]) return wire.ToHost(Lined(intruder));
    wire.ToCaller(Lined({{"protocol_version", 1},
                         {"type", "ack"},
                         {"request_id", id},
                         {"session_id", Text(intruder, "session_id")},
                         {"ts_ms", 1700000000000},
                         {"status", "ACCEPTED"},
                         {"request_ts_ms", nullptr}}));
  });
}

// Queued is what was admitted while its session had another run.
Tampering QueuedIdIsFree() {
  return OnActiveId("run", [](Active& active, Object intruder, Wire& wire) {
    const auto id = Text(intruder, "request_id");
    int of_session = 0;
    for (const auto& [other, session] : active.sessions)
      of_session += session == active.sessions[id];
    if (of_session > 1) intruder["request_id"] = id + " (2)";
    wire.ToHost(Lined(intruder));
  });
}

Tampering PingNeedsAFreeId() {
  return OnActiveId("ping", [](Active&, Object ping, Wire& wire) {
    ping["type"] = "refused";
    wire.ToHost(Lined(ping));
  });
}

Tampering IdIsNeverFree() {
  const auto used = std::make_shared<std::set<std::string>>();
  return Requests(
      [used](const Object& request) {
        return Run()(request) && !used->insert(Text(request, "request_id")).second;
      },
      Set("type", "refused"));
}

Tampering IdOfAFailedRunIsKept() {
  const auto used = std::make_shared<std::set<std::string>>();
  Tampering tampering = Requests(
      [used](const Object& request) {
        return Run()(request) && used->contains(Text(request, "request_id"));
      },
      Set("type", "refused"));
  tampering.response = [used](const std::string& line, Wire& wire) {
    const auto object = Parsed(line);
    if (object && Of("final")(*object) && !Of("final", "OK")(*object))
      used->insert(Text(*object, "request_id"));
    PassToCaller(line, wire);
  };
  return tampering;
}

// A cancel without a session finds it by the run.
Tampering CancelFindsTheSession() {
  const auto active = std::make_shared<Active>();
  Tampering tampering =
      Requests(And(Is("type", "cancel"), Not(Has("session_id"))), [active](Object& cancel) {
        cancel["session_id"] = active->sessions[Text(cancel, "target_request_id")];
      });
  tampering.response = [active](const std::string& line, Wire& wire) {
    if (const auto object = Parsed(line)) active->Sees(*object);
    PassToCaller(line, wire);
  };
  return tampering;
}

}  // namespace

std::vector<Defect> ReqIdDefects() {
  return {
      {"ids-are-trimmed",
       "REQ-09",
       Subtlety::kSubtle,
       "White space around an id is missing from a one-shot's answer.",
       [] { return When(IsOneShot, TrimsIds()); },
       {"req/ids-are-echoed/spaces-around*"}},
      {"sessions-in-lower-case",
       "REQ-09",
       Subtlety::kSubtle,
       "session_id comes back in lower case.",
       LowersIds,
       {"req/ids-are-echoed/uuid*"}},
      {"ids-are-cut",
       "REQ-09",
       Subtlety::kRare,
       "In a one-shot an id comes back with at most 255 bytes.",
       [] { return When(IsOneShot, CutsLongIds()); },
       {"req/ids-are-echoed/500-characters*"}},
      {"target-ids-are-trimmed",
       "REQ-09",
       Subtlety::kRare,
       "White space around target_request_id is missing from the answer.",
       ComposesTargets,
       {"req/target-ids-are-echoed/spaces-around*"}},
      {"target-id-ends-at-nul",
       "REQ-09",
       Subtlety::kRare,
       "target_request_id and existing_request_id come back up to their first U+0000.",
       [] {
         return Responses(Any(), [](Object& line) {
           for (const auto* key : {"target_request_id", "existing_request_id"}) CutAtNul(key)(line);
         });
       },
       {"req/target-ids-are-echoed/*"}},
      {"refused-id-ends-at-nul",
       "REQ-09",
       Subtlety::kRare,
       "In a refusal the request_id comes back up to its first U+0000.",
       [] { return When(IsOneShot, Responses(IsRefusal, CutAtNul("request_id"))); },
       {"req/refused-ids-are-echoed/*"}},
      {"refused-id-is-cut",
       "REQ-09",
       Subtlety::kSubtle,
       "In a refusal the request_id comes back with at most 255 bytes.",
       [] {
         return When(IsOneShot,
                     Responses(IsRefusal, Change("request_id", [](json::value& value) {
                                 if (value.is_string() && value.get_string().size() > 255)
                                   value.get_string().resize(255);
                               })));
       },
       {"req/refused-ids-are-echoed/*"}},
      {"refusals-are-numbered",
       "REQ-10",
       Subtlety::kBlatant,
       "The message of a refusal tells how many there were.",
       [] { return CountsRefusals(1); },
       {"req/same-fault-same-message/not-json*"}},
      {"refusals-show-an-address",
       "REQ-10",
       Subtlety::kSubtle,
       "The message of a refusal holds an address, another in each process.",
       ShowsTheTimeOfRefusal,
       {"req/same-fault-same-message/not-json*"}},
      {"runs-before-it-judges",
       "REQ-11",
       Subtlety::kSubtle,
       "A run with a bad timeout_ms is refused, and runs all the same.",
       RunsBeforeItJudges,
       {"req/refused-leaves-no-trace*"}},
      {"intruder-cancels-the-run",
       "REQ-12",
       Subtlety::kSubtle,
       "A run under the id of an active one is refused, and that one is cancelled.",
       IntruderCancels,
       {"req/id-of-an-active-run*"}},
      {"second-run-under-an-id",
       "REQ-12",
       Subtlety::kBlatant,
       "A run of another session under the id of an active one is accepted.",
       SecondRunIsAccepted,
       {"req/id-of-an-active-run*"}},
      {"queued-id-is-free",
       "REQ-12",
       Subtlety::kSubtle,
       "A run under the id of a queued run takes its place.",
       QueuedIdIsFree,
       {"req/id-of-a-queued-run*"},
       false},
      {"id-of-a-failed-run-is-kept",
       "REQ-12",
       Subtlety::kSubtle,
       "The id of a run that failed is in use for ever.",
       IdOfAFailedRunIsKept,
       {"req/id-is-free-after-any-end*"}},
      {"ping-needs-a-free-id",
       "REQ-12",
       Subtlety::kRare,
       "A ping under the id of an active run is refused.",
       PingNeedsAFreeId,
       {"req/other-types-may-share-an-active-id*"}},
      {"id-is-never-free-again",
       "REQ-12",
       Subtlety::kSubtle,
       "A run under the id of an earlier run is refused, after its end too.",
       IdIsNeverFree,
       {"req/id-of-an-active-run*", "req/active-id-before-duplicate*"}},
      {"cancel-needs-no-session",
       "REQ-13",
       Subtlety::kSubtle,
       "A cancel without session_id finds its run in any session.",
       CancelFindsTheSession,
       {"req/session-of-control-requests/cancel-missing*"}},
      {"blank-session-is-closed",
       "REQ-13",
       Subtlety::kSubtle,
       "session_close of a blank session_id is accepted.",
       [] {
         return Requests(And(Is("type", "session_close"), IsBlank("session_id")),
                         Set("session_id", "blank"));
       },
       {"req/session-of-control-requests/session-close-*"}},
      {"close-needs-no-session",
       "REQ-13",
       Subtlety::kBlatant,
       "session_close without session_id closes the session \"\".",
       [] {
         return Requests(And(Is("type", "session_close"), Not(Has("session_id"))),
                         Set("session_id", "none"));
       },
       {"req/session-of-control-requests/*close-missing*"}},
  };
}

}  // namespace touchstone::defective
