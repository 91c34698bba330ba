#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "fault-injection/defective-hosts/areas.h"
#include "fault-injection/defective-hosts/provider_proxy.h"
#include "fault-injection/defective-hosts/runs.h"

namespace touchstone::defective {
namespace {

bool TimedOut(const Object& line) { return IsTerminal(line) && CodeOf(line) == "TIMEOUT"; }

Tampering TimingOutLate(int late_ms) {
  return OnResponse(TimedOut, [late_ms](const std::string& line, const Object&, Wire& wire) {
    wire.After(late_ms, [&wire, line] { PassToCaller(line, wire); });
  });
}

// What the host makes of a request's timeout_ms.
Tampering TimeoutAs(std::function<std::int64_t(std::int64_t)> reckoned) {
  return Requests(Has("timeout_ms"), Change("timeout_ms", [reckoned](boost::json::value& value) {
                    if (value.is_int64() && value.get_int64() > 0)
                      value = std::max<std::int64_t>(1, reckoned(value.get_int64()));
                  }));
}

Tampering DefaultIsTheCap() {
  return Following([](Object& line, Wire&, Runs& runs) {
    const auto* asked = line.if_contains("timeout_ms");
    const auto cap = runs.Number("ZENE_REQUEST_TIMEOUT_MS", 120000);
    if (!IsRun(line) || !asked || !asked->is_int64() || asked->get_int64() <= cap)
      return Fate::kPass;
    line["timeout_ms"] = cap;
    return Fate::kChanged;
  });
}

Tampering ProviderTimeoutIsTimeout() {
  return Following({}, [](Object& line, Wire&, Runs& runs) {
    const auto* latency = line.if_contains("latency_ms");
    if (CodeOf(line) != "PROVIDER_DOWN" || !latency || !latency->is_int64() ||
        latency->get_int64() < runs.Number("ZENE_PROVIDER_TIMEOUT_MS", 45000)) {
      return Fate::kPass;
    }
    line["status"] = "TIMEOUT";
    line["error"].as_object()["code"] = "TIMEOUT";
    return Fate::kChanged;
  });
}

// The provider's time is reckoned from a run's first call; a prompt stands for its run.
Tampering ProviderTimeIsOfTheRun() {
  struct Calls {
    std::mutex mutex;
    std::map<std::string, std::chrono::steady_clock::time_point> begun;
    int limit_ms = 0;
  };
  auto calls = std::make_shared<Calls>();
  Tampering tampering;
  tampering.launch = [calls](Launch& launch) {
    Runs runs;
    runs.launch = launch;
    calls->limit_ms = runs.Number("ZENE_PROVIDER_TIMEOUT_MS", 45000);
  };
  tampering.provider = [calls](ProviderExchange& exchange) {
    const auto now = std::chrono::steady_clock::now();
    const auto body = exchange.asks() ? Parsed(exchange.body) : std::nullopt;
    std::string prompt;
    if (const auto* messages = body ? body->if_contains("messages") : nullptr)
      for (const auto& message : messages->as_array())
        if (Text(message.as_object(), "role") == "user")
          prompt = Text(message.as_object(), "content");
    const std::unique_lock lock(calls->mutex);
    const auto begun = calls->begun.emplace(prompt, now).first->second;
    if (now - begun > std::chrono::milliseconds(calls->limit_ms))
      exchange.Reply({.status = 504, .headers = {}, .body = "{}"});
  };
  return tampering;
}

// Each n-th timeout costs a slot for good.
Tampering LosingSlots(int n) {
  auto timeouts = std::make_shared<int>(0);
  return Following(
      [n, timeouts](Object& line, Wire& wire, Runs& runs) {
        const int left = runs.slots() - *timeouts / n;
        if (!IsRun(line) || left > runs.Count()) return Fate::kPass;
        if (runs.Count() - std::max(0, left) >= runs.queue_places())
          return Refuse(line, wire, runs, "BUSY");
        if (left > 0) return Fate::kPass;
        wire.ToCaller(Ack(line, "ACCEPTED"));  // and waits for ever
        runs.Sent(line, true);
        return Fate::kTaken;
      },
      [timeouts](Object& line, Wire&, Runs& runs) {
        *timeouts += TimedOut(line) && runs.Find(Text(line, "request_id"));
        return Fate::kPass;
      });
}

// A session that has had a timeout stays busy.
Tampering LosingTheSession() {
  auto lost = std::make_shared<std::set<std::string>>();
  return Following(
      [lost](Object& line, Wire& wire, Runs& runs) {
        if (!IsRun(line) || !lost->contains(Text(line, "session_id"))) return Fate::kPass;
        if (runs.queue_places() == 0) return Refuse(line, wire, runs, "BUSY");
        wire.ToCaller(Ack(line, "ACCEPTED"));
        runs.Sent(line, true);
        return Fate::kTaken;
      },
      [lost](Object& line, Wire&, Runs&) {
        if (TimedOut(line)) lost->insert(Text(line, "session_id"));
        return Fate::kPass;
      });
}

}  // namespace

// A variable that is not read would leave the contract's default, minutes; a host's own default of
// a second or two is as wrong, and the proof is quicker.
std::vector<Defect> TimeDefects() {
  return {
      {"timeout-3-s-late",
       "TIME-01",
       Subtlety::kBlatant,
       "A TIMEOUT comes 3 s late.",
       [] { return TimingOutLate(3000); },
       {"time/smaller-timeout-is-honoured"},
       false},
      {"timeout-just-after-the-grace",
       "TIME-01",
       Subtlety::kSubtle,
       "A TIMEOUT comes 350 ms late, which is more than the grace.",
       [] { return TimingOutLate(350); },
       {"time/timeout"}},
      {"timeout-a-fifth-early",
       "TIME-01",
       Subtlety::kBlatant,
       "A run is ended after four fifths of its timeout_ms.",
       [] { return TimeoutAs([](std::int64_t ms) { return ms * 4 / 5; }); },
       {"time/timeout"}},
      {"timeout-15-ms-early",
       "TIME-01",
       Subtlety::kSubtle,
       "A run is ended 15 ms before its timeout_ms, by a coarse clock.",
       [] { return TimeoutAs([](std::int64_t ms) { return ms - 15; }); },
       {"time/timeout"}},
      {"timeout-in-whole-seconds",
       "TIME-01",
       Subtlety::kSubtle,
       "timeout_ms is rounded up to whole seconds.",
       [] { return TimeoutAs([](std::int64_t ms) { return (ms + 999) / 1000 * 1000; }); },
       {"time/timeout"}},
      {"timeout-in-tenths-of-a-second",
       "TIME-01",
       Subtlety::kSubtle,
       "timeout_ms is cut to tenths of a second.",
       [] { return TimeoutAs([](std::int64_t ms) { return ms / 100 * 100; }); },
       {"time/timeout"}},
      {"timeout-200-ms-late",
       "TIME-02",
       Subtlety::kBlatant,
       "A TIMEOUT comes 200 ms late: the deadline is looked at five times a second.",
       [] { return TimingOutLate(200); },
       {"time/timeout-is-prompt"}},
      {"default-timeout-ignored",
       "TIME-03",
       Subtlety::kBlatant,
       "ZENE_REQUEST_TIMEOUT_MS is not read.",
       [] { return Environment("ZENE_REQUEST_TIMEOUT_MS", "1200"); },
       {"time/default-timeout"}},
      {"default-timeout-is-the-cap",
       "TIME-03",
       Subtlety::kSubtle,
       "A timeout_ms above ZENE_REQUEST_TIMEOUT_MS is cut down to it.",
       DefaultIsTheCap,
       {"time/larger-timeout-is-honoured"}},
      {"smaller-timeout-ignored",
       "TIME-03",
       Subtlety::kSubtle,
       "A timeout_ms below the default is raised to it.",
       [] {
         return Following([](Object& line, Wire&, Runs& runs) {
           const auto* asked = line.if_contains("timeout_ms");
           const int floor = runs.Number("ZENE_REQUEST_TIMEOUT_MS", 120000);
           if (!IsRun(line) || !asked || !asked->is_int64() || asked->get_int64() >= floor)
             return Fate::kPass;
           line["timeout_ms"] = std::min(floor, 1200);
           return Fate::kChanged;
         });
       },
       {"time/smaller-timeout-is-honoured"},
       false},
      {"queue-time-not-counted",
       "TIME-04",
       Subtlety::kBlatant,
       "A run's time begins when it leaves the queue.",
       [] { return QueueingSessions(false, [](const Runs&) { return true; }); },
       {"time/queue-and-run-share-the-budget"}},
      {"slot-lost-by-each-timeout",
       "TIME-05",
       Subtlety::kBlatant,
       "A run that times out never gives its slot back.",
       [] { return LosingSlots(1); },
       {"time/usable-after-a-timeout"}},
      {"slot-lost-by-one-timeout-in-20",
       "TIME-05",
       Subtlety::kRare,
       "One timeout in 20 never gives its slot back.",
       [] { return LosingSlots(50); },
       {"time/slots-survive-many-failures"}},
      {"session-stuck-after-a-timeout",
       "TIME-05",
       Subtlety::kSubtle,
       "A session stays busy for good after a timeout.",
       LosingTheSession,
       {"time/usable-after-a-timeout"}},
      {"provider-timeout-ignored",
       "TIME-06",
       Subtlety::kBlatant,
       "ZENE_PROVIDER_TIMEOUT_MS is not read.",
       [] { return Environment("ZENE_PROVIDER_TIMEOUT_MS", "2600"); },
       {"time/silent-provider/*"}},
      {"silent-provider-is-a-timeout",
       "TIME-06",
       Subtlety::kSubtle,
       "A silent provider ends the run TIMEOUT, not PROVIDER_DOWN.",
       ProviderTimeoutIsTimeout,
       {"time/silent-provider/*"}},
      {"provider-timeout-is-of-the-run",
       "TIME-06",
       Subtlety::kSubtle,
       "ZENE_PROVIDER_TIMEOUT_MS is reckoned from a run's first provider call, tools and all.",
       ProviderTimeIsOfTheRun,
       {"time/provider-timeout-is-of-one-call"}},
      {"provider-timeout-beats-the-deadline",
       "TIME-06",
       Subtlety::kSubtle,
       "A provider that is silent until timeout_ms ends the run PROVIDER_DOWN.",
       [] {
         return Responses(And(Of("final"), TimedOut), [](Object& line) {
           if (line.contains("error_code")) {
             line["error_code"] = "PROVIDER_DOWN";
           } else {
             line["status"] = "ERROR";
             line["error"].as_object()["code"] = "PROVIDER_DOWN";
           }
         });
       },
       {"time/request-timeout-before-provider-timeout"}},
  };
}

}  // namespace touchstone::defective
