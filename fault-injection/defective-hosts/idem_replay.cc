#include <chrono>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "fault-injection/defective-hosts/parts.h"
#include "fault-injection/defective-hosts/runs.h"

namespace touchstone::defective {
namespace {

bool IsReplay(const Object& line) { return IsTerminal(line) && line.contains("replayed"); }

Tampering Replays(Edit edit) { return Responses(IsReplay, std::move(edit)); }

Tampering UnderTheOldId() {
  auto first = std::make_shared<std::map<std::string, std::string>>();  // by pair
  return Following({}, [first](Object& line, Wire&, Runs& runs) {
    const Run* run = runs.Find(Text(line, "request_id"));
    if (!run) return Fate::kPass;
    if (!IsReplay(line)) {
      if (Of("final", "OK")(line)) first->emplace(run->pair(), run->id);
      return Fate::kPass;
    }
    line["request_id"] = (*first)[run->pair()];
    return Fate::kChanged;
  });
}

// A pair's later runs go to the provider, too.
Tampering Executing(std::function<bool(const Object& first, const Object& again)> which) {
  auto first = std::make_shared<std::map<std::string, Object>>();
  return Following([first, which](Object& line, Wire&, Runs& runs) {
    if (!IsRun(line) || runs.FindPair(PairOf(line))) return Fate::kPass;
    const auto [found, is_new] = first->emplace(PairOf(line), line);
    if (is_new || !which(found->second, line)) return Fate::kPass;
    line["idempotency_key"] = Text(line, "idempotency_key") + " again " + Text(line, "request_id");
    return Fate::kChanged;
  });
}

// The provider is asked in a session that nobody sees, and its answer is thrown away.
Tampering AskingForReplays() {
  return Following({}, [](Object& line, Wire& wire, Runs& runs) {
    const Run* run = runs.Find(Text(line, "request_id"));
    if (!run || !IsReplay(line) || !runs.streams()) return Fate::kPass;
    auto again = run->request;
    again["request_id"] = "defect-" + run->id;
    again["session_id"] = "defect-" + run->session;
    again["idempotency_key"] = "defect-" + run->id;
    runs.Hide("defect-" + run->id);
    wire.ToHost(Lined(again));
    return Fate::kPass;
  });
}

// The lines around a replay that only a run has.
Tampering ReplayBegins(bool with_event) {
  auto streamed = std::make_shared<std::set<std::string>>();
  return Following(
      [streamed](Object& line, Wire&, Runs&) {
        const auto* stream = line.if_contains("stream");
        if (IsRun(line) && stream && stream->is_bool() && stream->get_bool())
          streamed->insert(Text(line, "request_id"));
        return Fate::kPass;
      },
      [streamed, with_event](Object& line, Wire& wire, Runs& runs) {
        if (!IsReplay(line) || !runs.streams()) return Fate::kPass;
        if (!with_event) {
          wire.ToCaller(Ack(line, "ACCEPTED"));
        } else if (streamed->contains(Text(line, "request_id"))) {
          wire.ToCaller(Lined({{"protocol_version", 1},
                               {"type", "event"},
                               {"request_id", line.at("request_id")},
                               {"session_id", line.at("session_id")},
                               {"ts_ms", line.at("ts_ms")},
                               {"event_type", "RUN_FINISHED"},
                               {"seq", 1},
                               {"payload", Object{}}}));
        }
        return Fate::kPass;
      });
}

Tampering Cut(std::size_t bytes) {
  return Replays(Change("text", [bytes](boost::json::value& value) {
    std::string text(value.as_string());
    if (text.size() <= bytes) return;
    auto end = bytes;
    while ((text[end] & 0xc0) == 0x80) --end;
    value = text.substr(0, end);
  }));
}

// A failure that fits is kept beside the state directory and repeated under its key.
Tampering RepeatingFailures(std::function<bool(const Object& terminal)> which) {
  const auto path = [](const Runs& runs, const Object& run) {
    return Beside(runs.launch, "failure-" + HashOf(PairOf(run)));
  };
  return Following(
      [path](Object& line, Wire& wire, Runs& runs) {
        if (!IsRun(line)) return Fate::kPass;
        const auto kept = Contents(path(runs, line));
        auto failure = kept ? Parsed(*kept) : std::nullopt;
        if (!failure) return Fate::kPass;
        (*failure)["request_id"] = line.at("request_id");
        (*failure)["replayed"] = true;
        runs.Answer(wire, Lined(*failure));
        return Fate::kTaken;
      },
      [path, which](Object& line, Wire&, Runs& runs) {
        const Run* run = runs.Find(Text(line, "request_id"));
        if (run && Of("final")(line) && !Of("final", "OK")(line) && which(line))
          Keep(path(runs, run->request), Lined(line));
        return Fate::kPass;
      });
}

// An answer is repeated within its time to live, counted from its last replay. Within one process.
Tampering ReplayProlongsItsEntry() {
  struct Entry {
    Object answer;
    std::chrono::steady_clock::time_point used;
  };
  auto entries = std::make_shared<std::map<std::string, Entry>>();
  return Following(
      [entries](Object& line, Wire& wire, Runs& runs) {
        const auto found = IsRun(line) ? entries->find(PairOf(line)) : entries->end();
        const auto now = std::chrono::steady_clock::now();
        const std::chrono::seconds ttl(runs.Number("ZENE_IDEMPOTENCY_TTL_SEC", 600));
        if (found == entries->end() || now - found->second.used > ttl) return Fate::kPass;
        found->second.used = now;
        found->second.answer["request_id"] = line.at("request_id");
        wire.ToCaller(Lined(found->second.answer));
        return Fate::kTaken;
      },
      [entries](Object& line, Wire&, Runs& runs) {
        const Run* run = runs.Find(Text(line, "request_id"));
        if (!run || !Of("final", "OK")(line)) return Fate::kPass;
        auto answer = line;
        answer["replayed"] = true;
        (*entries)[run->pair()] = {answer, std::chrono::steady_clock::now()};
        return Fate::kPass;
      });
}

// The table is full: new pairs are not kept, in place of the oldest ones.
Tampering NewestAreDropped() {
  auto kept = std::make_shared<std::set<std::string>>();
  return Following([kept](Object& line, Wire&, Runs& runs) {
    if (!IsRun(line) || kept->contains(PairOf(line))) return Fate::kPass;
    if (static_cast<int>(kept->size()) < runs.Number("ZENE_IDEMPOTENCY_MAX_KEYS", 50000)) {
      kept->insert(PairOf(line));
      return Fate::kPass;
    }
    line["idempotency_key"] = Text(line, "idempotency_key") + " " + Text(line, "request_id");
    return Fate::kChanged;
  });
}

Tampering OneEntryMore() {
  Tampering tampering;
  tampering.launch = [](Launch& launch) {
    Runs runs;
    runs.launch = launch;
    launch.environment["ZENE_IDEMPOTENCY_MAX_KEYS"] =
        std::to_string(runs.Number("ZENE_IDEMPOTENCY_MAX_KEYS", 50000) + 1);
  };
  return tampering;
}

// Some spellings of a boolean are not known, and leave the default.
Tampering MarkerWords(std::set<std::string> known) {
  Tampering tampering;
  tampering.launch = [known](Launch& launch) {
    const auto found = launch.environment.find("ZENE_IDEMPOTENCY_REPLAY_MARKER");
    if (found != launch.environment.end() && !known.contains(found->second))
      launch.environment.erase(found);
  };
  return tampering;
}

}  // namespace

std::vector<Defect> ReplayDefects() {
  return {
      {"replay-under-the-old-id",
       "IDEM-01",
       Subtlety::kBlatant,
       "A replay carries the request_id of the run that it repeats.",
       UnderTheOldId,
       {"idem/replay"},
       false},
      {"replay-runs-again",
       "IDEM-01",
       Subtlety::kBlatant,
       "A pair that was answered is executed again.",
       [] { return Executing([](const auto&, const auto&) { return true; }); },
       {"idem/replay"}},
      {"replay-asks-the-provider",
       "IDEM-01",
       Subtlety::kSubtle,
       "A replay asks the provider as well, and throws its answer away.",
       AskingForReplays,
       {"idem/replay"}},
      {"replay-of-another-prompt-runs",
       "IDEM-01",
       Subtlety::kSubtle,
       "The prompt counts as part of the key.",
       [] {
         return Executing([](const Object& first, const Object& again) {
           return Text(first, "prompt") != Text(again, "prompt");
         });
       },
       {"idem/replay"}},
      {"replay-with-ack",
       "IDEM-01",
       Subtlety::kSubtle,
       "A replay is acknowledged like a run.",
       [] { return ReplayBegins(false); },
       {"idem/replay"}},
      {"replay-with-an-event",
       "IDEM-01",
       Subtlety::kSubtle,
       "A replay with stream true sends RUN_FINISHED.",
       [] { return ReplayBegins(true); },
       {"idem/replay"}},
      {"replay-without-usage",
       "IDEM-01",
       Subtlety::kSubtle,
       "A replay has zero tokens, for it cost none.",
       [] {
         return Replays(
             Set("usage", {{"prompt_tokens", 0}, {"completion_tokens", 0}, {"total_tokens", 0}}));
       },
       {"idem/replay"}},
      {"replay-cut-at-4-kib",
       "IDEM-01",
       Subtlety::kSubtle,
       "Only 4 KiB of an answer are kept for its replay.",
       [] { return Cut(4096); },
       {"idem/replay-of-odd-texts/six-kib"}},
      {"replay-cut-at-64-kib",
       "IDEM-01",
       Subtlety::kSubtle,
       "Only 64 KiB of an answer are kept for its replay.",
       [] { return Cut(65536); },
       {"idem/replay-of-a-long-text"}},
      {"replay-ends-at-nul",
       "IDEM-01",
       Subtlety::kSubtle,
       "An answer is kept for its replay up to a NUL.",
       [] {
         return Replays(Change("text", [](boost::json::value& value) {
           value = std::string(value.as_string().c_str());
         }));
       },
       {"idem/replay-of-odd-texts/nul"}},
      {"replay-unmarked",
       "IDEM-02",
       Subtlety::kBlatant,
       "A replay carries no mark.",
       [] { return Replays(Remove("replayed")); },
       {"idem/replay"}},
      {"replay-unmarked-in-the-bridge",
       "IDEM-02",
       Subtlety::kSubtle,
       "A replay in the flat shape carries no mark.",
       [] { return Responses(And(IsReplay, Has("ok")), Remove("replayed")); },
       {"idem/replay"}},
      {"marker-off-ignored",
       "IDEM-02",
       Subtlety::kSubtle,
       "A replay is marked although ZENE_IDEMPOTENCY_REPLAY_MARKER is false.",
       [] { return Environment("ZENE_IDEMPOTENCY_REPLAY_MARKER", std::nullopt); },
       {"idem/marker-off/false"}},
      {"marker-knows-no-zero",
       "IDEM-02",
       Subtlety::kSubtle,
       "ZENE_IDEMPOTENCY_REPLAY_MARKER understands true and false alone.",
       [] {
         return MarkerWords({"true", "false"});
       },
       {"idem/marker-off/*"}},
      {"marker-off-says-false",
       "IDEM-02",
       Subtlety::kSubtle,
       "With the marker off, a replay carries replayed false.",
       [] {
         auto off = std::make_shared<bool>(false);
         auto tampering = Environment("ZENE_IDEMPOTENCY_REPLAY_MARKER", std::nullopt);
         auto marked = Responses([off](const Object& line) { return *off && IsReplay(line); },
                                 Set("replayed", false));
         tampering.response = marked.response;
         tampering.launch = [off, erase = tampering.launch](Launch& launch) {
           *off = launch.environment.contains("ZENE_IDEMPOTENCY_REPLAY_MARKER") &&
                  LowerCase(launch.environment["ZENE_IDEMPOTENCY_REPLAY_MARKER"]) == "false";
           erase(launch);
         };
         return tampering;
       },
       {"idem/marker-off/*"}},
      {"failure-replayed",
       "IDEM-06",
       Subtlety::kBlatant,
       "A failure is remembered under its key and repeated.",
       [] { return RepeatingFailures([](const Object&) { return true; }); },
       {"idem/only-ok-is-replayed/*"}},
      {"timeout-replayed",
       "IDEM-06",
       Subtlety::kSubtle,
       "A TIMEOUT is remembered under its key and repeated.",
       [] {
         return RepeatingFailures([](const Object& line) { return CodeOf(line) == "TIMEOUT"; });
       },
       {"idem/only-ok-is-replayed/timeout"}},
      {"rejection-replayed",
       "IDEM-06",
       Subtlety::kSubtle,
       "INTERNAL after a provider's 400 is remembered under its key and repeated.",
       [] {
         return RepeatingFailures([](const Object& line) { return CodeOf(line) == "INTERNAL"; });
       },
       {"idem/only-ok-is-replayed/rejected"}},
      {"cancel-replayed",
       "IDEM-06",
       Subtlety::kSubtle,
       "CANCELED is remembered under its key and repeated.",
       [] {
         return RepeatingFailures(
             [](const Object& line) { return Text(line, "status") == "CANCELED"; });
       },
       {"sess/cancelled-run-leaves-no-trace"}},
      {"entry-ttl-ignored",
       "IDEM-07",
       Subtlety::kBlatant,
       "ZENE_IDEMPOTENCY_TTL_SEC is not read.",
       [] { return Environment("ZENE_IDEMPOTENCY_TTL_SEC", std::nullopt); },
       {"sess/time-to-live"}},
      {"replay-prolongs-its-entry",
       "IDEM-07",
       Subtlety::kSubtle,
       "Each replay makes its entry young again.",
       ReplayProlongsItsEntry,
       {"idem/replay-prolongs-nothing"}},
      {"most-keys-ignored",
       "IDEM-07",
       Subtlety::kBlatant,
       "ZENE_IDEMPOTENCY_MAX_KEYS is not read.",
       [] { return Environment("ZENE_IDEMPOTENCY_MAX_KEYS", std::nullopt); },
       {"idem/most-keys"}},
      {"one-entry-more",
       "IDEM-07",
       Subtlety::kSubtle,
       "One entry more than ZENE_IDEMPOTENCY_MAX_KEYS is kept.",
       OneEntryMore,
       {"idem/most-keys"}},
      {"newest-entries-dropped",
       "IDEM-07",
       Subtlety::kSubtle,
       "When the entries are at their maximum, the newest one is not kept.",
       NewestAreDropped,
       {"idem/one-key"}},
  };
}

}  // namespace touchstone::defective
