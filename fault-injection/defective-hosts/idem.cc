#include <chrono>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "fault-injection/defective-hosts/areas.h"
#include "fault-injection/defective-hosts/parts.h"
#include "fault-injection/defective-hosts/runs.h"

namespace touchstone::defective {
namespace {

using Clock = std::chrono::steady_clock;

std::string Replaced(std::string text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != text.npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

std::string Joined(const Object& run, std::string_view between) {
  return Text(run, "session_id") + std::string(between) + Text(run, "idempotency_key");
}

Fate UnderItsOwnKey(Object& run) {
  run["idempotency_key"] = Text(run, "idempotency_key") + " of " + Text(run, "request_id");
  return Fate::kChanged;
}

// Duplicates that fit run by themselves.
Tampering Executing(std::function<bool(const Run& first)> which) {
  return Following([which](Object& line, Wire&, Runs& runs) {
    const Run* first = IsRun(line) ? runs.FindPair(PairOf(line)) : nullptr;
    return first && which(*first) ? UnderItsOwnKey(line) : Fate::kPass;
  });
}

// The duplicate waits for the first, as it would for another process.
Tampering DuplicateWaits() {
  auto waiting = std::make_shared<std::multimap<std::string, std::string>>();  // by the first's id
  return Following(
      [waiting](Object& line, Wire&, Runs& runs) {
        const Run* first = IsRun(line) ? runs.FindPair(PairOf(line)) : nullptr;
        if (!first) return Fate::kPass;
        waiting->emplace(first->id, Lined(line));
        return Fate::kTaken;
      },
      [waiting](Object& line, Wire& wire, Runs& runs) {
        const auto id = Text(line, "request_id");
        if (!IsTerminal(line) || !runs.Find(id)) return Fate::kPass;
        const auto [begin, end] = waiting->equal_range(id);
        for (auto it = begin; it != end; ++it) wire.ToHost(it->second);
        waiting->erase(begin, end);
        return Fate::kPass;
      });
}

// The caller may cancel by the duplicate's id, too.
Tampering DuplicateCancelsTheFirst() {
  auto first = std::make_shared<std::map<std::string, std::string>>();
  return Following(
      [first](Object& line, Wire&, Runs&) {
        const auto found = first->find(Text(line, "target_request_id"));
        if (Text(line, "type") != "cancel" || found == first->end()) return Fate::kPass;
        line["target_request_id"] = found->second;
        return Fate::kChanged;
      },
      [first](Object& line, Wire&, Runs&) {
        if (Text(line, "status") == "DUPLICATE_IN_PROGRESS")
          (*first)[Text(line, "request_id")] = Text(line, "existing_request_id");
        return Fate::kPass;
      });
}

// Each duplicate counts as queued until its first has ended.
Tampering DuplicateTakesAPlace() {
  auto places = std::make_shared<std::multiset<std::string>>();  // by the first's id
  return Following(
      [places](Object& line, Wire& wire, Runs& runs) {
        if (!IsRun(line)) return Fate::kPass;
        if (const Run* first = runs.FindPair(PairOf(line))) {
          places->insert(first->id);
          return Fate::kPass;
        }
        // One run is the session's running one, and all others are queued behind it.
        const int queued = runs.Count() - 1 + static_cast<int>(places->size());
        return !places->empty() && queued >= runs.queue_places() ? Refuse(line, wire, runs, "BUSY")
                                                                 : Fate::kPass;
      },
      [places](Object& line, Wire&, Runs&) {
        if (IsTerminal(line)) places->erase(Text(line, "request_id"));
        return Fate::kPass;
      });
}

Tampering DuplicateIsBusy() {
  return Following([](Object& line, Wire& wire, Runs& runs) {
    const bool full = IsRun(line) && runs.Count() >= runs.slots() + runs.queue_places();
    return full && runs.FindPair(PairOf(line)) ? Refuse(line, wire, runs, "BUSY") : Fate::kPass;
  });
}

// Who looks for the entry within the same millisecond does not find it yet.
Tampering EntryIsMadeLate(int n) {
  struct Seen {
    std::map<std::string, Clock::time_point> at;
    int close = 0;
  };
  auto seen = std::make_shared<Seen>();
  return Following([seen, n](Object& line, Wire&, Runs&) {
    if (!IsRun(line)) return Fate::kPass;
    const auto [found, is_new] = seen->at.emplace(PairOf(line), Clock::now());
    if (is_new || Clock::now() - found->second > std::chrono::milliseconds(1)) return Fate::kPass;
    return ++seen->close % n == 0 ? UnderItsOwnKey(line) : Fate::kPass;
  });
}

Tampering RunningTwice(std::uint64_t n) {
  return Following([n](Object& line, Wire&, Runs&) {
    const bool twice = IsRun(line) && OneOf(n, "entry of " + Text(line, "request_id"));
    return twice ? UnderItsOwnKey(line) : Fate::kPass;
  });
}

}  // namespace

std::vector<Defect> IdemDefects() {
  std::vector<Defect> defects{
      {"pairs-joined-by-a-colon",
       "IDEM-03",
       Subtlety::kSubtle,
       "The pair is kept as session:key, so that a:b + c is a + b:c.",
       [] { return PairsAs([](const Object& run) { return Joined(run, ":"); }); },
       {"idem/pairs-that-look-alike/colon"}},
      {"pairs-joined-by-nothing",
       "IDEM-03",
       Subtlety::kSubtle,
       "The pair is kept as one text with nothing between.",
       [] { return PairsAs([](const Object& run) { return Joined(run, ""); }); },
       {"idem/pairs-that-look-alike/join"}},
      {"pairs-joined-by-nul",
       "IDEM-03",
       Subtlety::kSubtle,
       "The pair is kept as one text with a NUL between.",
       [] { return PairsAs([](const Object& run) {
              return Joined(run, {"\0", 1});
            }); },
       {"idem/pairs-that-look-alike/nul"}},
      {"pairs-without-order",
       "IDEM-03",
       Subtlety::kSubtle,
       "A session and a key are the same pair as that key and that session.",
       [] {
         return PairsAs([](const Object& run) {
           const auto session = Text(run, "session_id"), key = Text(run, "idempotency_key");
           return std::min(session, key) + '\n' + std::max(session, key);
         });
       },
       {"idem/pairs-that-look-alike/swapped"}},
      {"key-alone-counts",
       "IDEM-03",
       Subtlety::kBlatant,
       "A key is replayed in any session.",
       [] { return PairsAs([](const Object& run) { return Text(run, "idempotency_key"); }); },
       {"idem/pairs-that-look-alike/other-session"}},
      {"keys-ignore-case",
       "IDEM-03",
       Subtlety::kSubtle,
       "Keys are compared without case.",
       [] { return KeysAs(LowerCase); },
       {"idem/pairs-that-look-alike/key-case"}},
      {"keys-trimmed",
       "IDEM-03",
       Subtlety::kSubtle,
       "A space at the end of a key is cut off.",
       [] {
         return KeysAs([](std::string key) {
           while (key.size() > 1 && key.back() == ' ') key.pop_back();
           return key;
         });
       },
       {"idem/pairs-that-look-alike/key-space"}},
      {"keys-normalised",
       "IDEM-03",
       Subtlety::kSubtle,
       "Keys are brought to the composed Unicode form.",
       [] { return KeysAs([](auto key) { return Replaced(key, "e\u0301", "é"); }); },
       {"idem/pairs-that-look-alike/key-composed"}},
      {"keys-end-at-nul",
       "IDEM-03",
       Subtlety::kSubtle,
       "A key ends at a NUL.",
       [] { return KeysAs([](const std::string& key) { return std::string(key.c_str()); }); },
       {"idem/pairs-that-look-alike/key-nul"}},
      {"keys-of-255-bytes",
       "IDEM-03",
       Subtlety::kSubtle,
       "Only 255 bytes of a key are kept.",
       [] { return KeysAs([](const std::string& key) { return key.substr(0, 255); }); },
       {"idem/pairs-that-look-alike/key-long"}},
      {"duplicate-runs",
       "IDEM-04",
       Subtlety::kBlatant,
       "The same pair while it runs is executed a second time.",
       [] { return Executing([](const Run&) { return true; }); },
       {"idem/duplicate-in-progress"}},
      {"duplicate-of-a-queued-run-runs",
       "IDEM-04",
       Subtlety::kSubtle,
       "The same pair while it is queued is executed a second time.",
       [] { return Executing([](const Run& first) { return first.ahead > 0; }); },
       {"idem/duplicate-of-a-queued-run"}},
      {"duplicate-waits",
       "IDEM-04",
       Subtlety::kSubtle,
       "The same pair while it runs waits and is replayed, with no word before.",
       DuplicateWaits,
       {"idem/duplicate-of-a-failing-run"},
       false},
      {"duplicate-without-existing-id",
       "IDEM-04",
       Subtlety::kBlatant,
       "DUPLICATE_IN_PROGRESS has no existing_request_id.",
       [] { return Responses(Of("ack", "DUPLICATE_IN_PROGRESS"), Remove("existing_request_id")); },
       {"idem/duplicate-in-progress"},
       true,
       {"RESP-02"}},
      {"duplicate-names-itself",
       "IDEM-04",
       Subtlety::kSubtle,
       "existing_request_id is the duplicate's own id.",
       [] {
         return Responses(Of("ack", "DUPLICATE_IN_PROGRESS"), [](Object& line) {
           line["existing_request_id"] = Text(line, "request_id");
         });
       },
       {"idem/duplicate-in-progress"}},
      {"duplicate-cancels-the-first",
       "IDEM-04",
       Subtlety::kSubtle,
       "A cancel of the duplicate stops the first run.",
       DuplicateCancelsTheFirst,
       {"idem/duplicate-in-progress"}},
      {"duplicate-takes-a-queue-place",
       "IDEM-04",
       Subtlety::kSubtle,
       "A duplicate counts as queued.",
       DuplicateTakesAPlace,
       {"idem/duplicate-of-a-queued-run"}},
      {"duplicate-in-a-full-host-is-busy",
       "IDEM-04",
       Subtlety::kSubtle,
       "A full host refuses a duplicate as BUSY.",
       DuplicateIsBusy,
       {"idem/duplicate-before-busy"}},
      {"entry-made-late",
       "IDEM-09",
       Subtlety::kSubtle,
       "Identical runs within a millisecond all reach the provider.",
       [] { return EntryIsMadeLate(1); },
       {"idem/identical-runs-in-one-write"}},
      {"entry-made-late-one-in-50",
       "IDEM-09",
       Subtlety::kRare,
       "Of identical runs within a millisecond one in 50 reaches the provider, too.",
       [] { return EntryIsMadeLate(50); },
       {"idem/together-in-one-host"}},
      {"identical-run-in-another-process-runs",
       "IDEM-09",
       Subtlety::kRare,
       "One in 16 identical runs in other processes does not see the first one's entry.",
       [] { return RunningTwice(16); },
       {"idem/together-in-many-processes"}},
  };
  for (auto& defect : ReplayDefects()) defects.push_back(std::move(defect));
  for (auto& defect : OtherProcessDefects()) defects.push_back(std::move(defect));
  return defects;
}

}  // namespace touchstone::defective
