// What a shim knows of the runs that pass through it, for defects that depend on which of them is
// open; and the lines with which a broken host answers by itself.
//
// One process of a host has one `Runs`. What several processes of it would share lies in files
// beside the state directory, never in it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "fault-injection/defective-hosts/tampering.h"

namespace touchstone::defective {

// A run that was passed to the host, or is held by the shim, and has no terminal yet.
struct Run {
  Object request;  // as the caller sent it
  std::string id, session, key;
  int ahead = 0;  // open runs of its session when it came: not 0 means queued
  bool canceled = false;
  bool held = false;  // the host does not know of it yet

  std::string pair() const { return session + '\n' + key; }
};

class Runs {
 public:
  Launch launch;

  bool bridge() const { return launch.bridge(); }
  bool streams() const { return launch.streams(); }
  // A variable of the host's environment as a number.
  int Number(const std::string& variable, int otherwise) const;
  int slots() const { return Number("ZENE_MAX_CONCURRENCY", 8); }
  int queue_places() const { return Number("ZENE_QUEUE_MAX", 200); }

  void Sent(const Object& request, bool held = false);
  void Answered(const Object& response);  // forgets it at its terminal
  Run* Find(std::string_view id);
  Run* FindPair(std::string_view pair);
  // Open runs of the session, or of all.
  int Count(const std::string& session) const;
  int Count() const { return static_cast<int>(open.size()); }

  // From now on the caller hears nothing of this id from the host.
  void Hide(const std::string& id) { hidden.insert(id); }
  // Answers instead of the host. In O and B the host's own line is dropped.
  void Answer(Wire& wire, const std::string& line);

  std::vector<Run> open;  // in order of arrival
  std::set<std::string, std::less<>> hidden;
  bool mute = false;  // nothing more from the host reaches the caller
};

// What becomes of a line that a rule has seen.
enum class Fate {
  kPass,     // goes on byte for byte
  kChanged,  // goes on as the rule left the object
  kTaken,    // the rule has dealt with it
};
using Rule = std::function<Fate(Object& line, Wire& wire, Runs& runs)>;
// Both ways through the rules, with the runs noted: a request behind its rule, a response too, so
// that a rule for a terminal still finds its run. A rule that takes a run notes it itself.
Tampering Following(Rule request, Rule response = {});

bool IsRun(const Object& request);
std::string PairOf(const Object& request);
// The terminal of a run: a final or flat line; of a refused one: an error.
bool IsTerminal(const Object& response);
std::string CodeOf(const Object& response);  // of its error, or ""

// Lines of a host, with LF, in the shape that the process speaks.
std::string Refusal(const Object& request, std::string_view code, bool bridge);
std::string Ack(const Object& request, std::string_view status, const Object& more = {});
std::string Final(const Object& request, std::string_view status, std::string_view code);

std::string LowerCase(std::string text);  // ASCII
// One in n of all texts, the same ones in every process.
bool OneOf(std::uint64_t n, std::string_view text);
// "<the state directory>.NAME", for what processes share.
std::string Beside(const Launch& launch, std::string_view name);
std::string HashOf(std::string_view text);
std::optional<std::string> Contents(const std::string& path);
void Keep(const std::string& path, std::string_view contents);

// The host refuses in this way.
Fate Refuse(const Object& request, Wire& wire, Runs& runs,
            std::string_view code = "INVALID_REQUEST");

// The shim queues the runs of a busy session itself, where `when` says so, and lets the host have
// the next one, first or last, at the terminal of the one before.
Tampering QueueingSessions(bool last_first, std::function<bool(const Runs&)> when);

// Each session id is another one for the host; the caller sees its own.
Tampering SessionsAs(std::function<std::string(std::string)> alias);
// The same for idempotency keys, which no response shows.
Tampering KeysAs(std::function<std::string(std::string)> alias);
// Pairs that are spelled alike are one pair for the host, within one process; what else it knows
// of the sessions stays apart.
Tampering PairsAs(std::function<std::string(const Object& run)> spelling);

}  // namespace touchstone::defective
