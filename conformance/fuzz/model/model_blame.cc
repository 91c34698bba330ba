// The model's words: how lines and rules are shown, and whose rule a host broke when no world fits.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "conformance/fuzz/model/model.h"

namespace touchstone::model {

std::string_view CodeOf(Answer answer) {
  switch (answer) {
    case Answer::kOk:
      return "";
    case Answer::kAuth:
      return "PROVIDER_AUTH";
    case Answer::kRejected:
      return "INTERNAL";
    case Answer::kDown:
      return "PROVIDER_DOWN";
  }
  return "";
}

std::string PromptOf(int run) { return fmt::format("run {}.", run); }
std::string TextOf(int run) { return fmt::format("answer {}.", run); }

std::string Show(Said said, std::string_view code) {
  constexpr std::string_view kNames[] = {"ack ACCEPTED",
                                         "final OK",
                                         "final replayed",
                                         "final ERROR",
                                         "final TIMEOUT",
                                         "final CANCELED",
                                         "ack DUPLICATE_IN_PROGRESS",
                                         "error",
                                         "ack PONG",
                                         "ack CANCEL_ACCEPTED",
                                         "ack SESSION_CLOSED"};
  const auto name = kNames[static_cast<std::size_t>(said)];
  return code.empty() ? std::string(name) : fmt::format("{} {}", name, code);
}

void Model::Owe(World& world, Promise promise) const {
  world.owed.insert(std::ranges::upper_bound(world.owed, promise), std::move(promise));
}

int Model::Slots(const World& world) const {
  return static_cast<int>(std::ranges::count(world.lives, Place::kSlot, &Life::place));
}

bool Model::Busy(const World& world, const std::string& session) const {
  return std::ranges::any_of(world.lives, [&](const Life& life) {
    return (life.place == Place::kSlot || life.phase == Phase::kQueued) &&
           InputOf(life).session == session;
  });
}

bool Model::SamePair(const Input& a, const Input& b) const {
  return a.session == b.session && a.key == b.key;
}

// Why there is room for a run: what the last end gave back.
std::string_view Model::RoomRule(const World& world) const {
  for (auto life = world.lives.rbegin(); life != world.lives.rend(); ++life) {
    if (life->phase == Phase::kEnded) return life->end == Said::kTimeout ? "TIME-05" : "CTRL-07";
  }
  return "ADMIT-01";
}

bool Model::OwesACall() const {
  for (const World& world : Closure()) {
    for (const Life& life : world.lives) {
      if (life.phase == Phase::kRunning && !life.called) return true;
    }
  }
  return false;
}

bool Model::Executes(int run) const {
  return std::ranges::any_of(worlds_, [&](const World& world) {
    return run < static_cast<int>(world.lives.size()) &&
           world.lives[static_cast<std::size_t>(run)].phase == Phase::kRunning;
  });
}

// Worlds that have taken all their hidden steps know best what was to come.
Violation Model::Verdict(const Worlds& worlds,
                         const std::function<Violation(const World&)>& blame) const {
  std::map<std::string, std::pair<int, Violation>> votes;
  for (const World& world : worlds) {
    if (!Next(world).empty()) continue;
    auto violation = blame(world);
    auto& [count, first] = votes[violation.requirement];
    if (count == 0) first = std::move(violation);
    count += world.skipped ? 1 : 1000;  // who answers all lines is likelier
  }
  const auto most =
      std::ranges::max_element(votes, {}, [](const auto& vote) { return vote.second.first; });
  return most->second.second;
}

// A run was to be accepted, and was told something else.
std::string_view Model::BlameAdmitted(const World& world, const Promise& promise,
                                      const Word& word) const {
  const Input& input = inputs_[static_cast<std::size_t>(promise.input)];
  if (word.said == Said::kRefused) return word.code == "INVALID_REQUEST" ? "REQ-12" : promise.rule;
  for (const Life& life : world.lives) {
    // Something of the pair is remembered that must not be.
    if (life.input < promise.input && SamePair(InputOf(life), input)) {
      if (life.end == Said::kRefused) return "ADMIT-06";
      if (word.said != Said::kOk) return "IDEM-06";
    }
  }
  if (word.said == Said::kReplayed || word.said == Said::kDuplicate) return "IDEM-03";
  return "LIFE-02";
}

Violation Model::BlameWord(const World& world, const Word& word) const {
  const auto heard = fmt::format("\"{}\" got {}{}", word.id, Show(word.said, word.code),
                                 word.text.empty() ? "" : fmt::format(" ({})", word.text));
  for (const Promise& promise : world.owed) {
    const Input& input = inputs_[static_cast<std::size_t>(promise.input)];
    if (input.id != word.id) continue;
    std::string_view rule = promise.rule;
    if (promise.said == Said::kAccepted) rule = BlameAdmitted(world, promise, word);
    // A duplicate or a replay that gets what a run gets was executed; see there.
    if (promise.said == Said::kReplayed && word.said == Said::kOk) rule = "IDEM-02";
    if (promise.said == Said::kOk) rule = BlameEnd(world, word);
    if (promise.said == Said::kClosed && word.said == Said::kClosed) rule = "CTRL-09";
    return {std::string(rule),
            fmt::format("{}; {} was to come", heard, Show(promise.said, promise.code))};
  }
  if (word.said == Said::kReplayed)
    return {"IDEM-01", heard + "; no replay was asked for under this id"};
  for (auto life = world.lives.rbegin(); life != world.lives.rend(); ++life) {
    if (InputOf(*life).id != word.id) continue;
    if (life->phase != Phase::kQueued && life->phase != Phase::kRunning) break;
    return {std::string(BlameEnd(world, word)), heard + "; its run goes on"};
  }
  return {"LIFE-01", heard + "; nothing was to come under this id"};
}

// A run ended as nothing that was asked for ends it.
std::string_view Model::BlameEnd(const World& world, const Word& word) const {
  if (word.said == Said::kOk) return "SESS-02";
  if (word.said == Said::kTimeout) return "TIME-03";
  if (word.said == Said::kRefused) return "LIFE-02";
  if (word.code == "INTERNAL" && world.draining) return "LIFE-07";
  std::string_view rule = "LIFE-01";
  for (const Input& input : inputs_) {
    if (word.said != Said::kCanceled) break;
    if (input.kind == Input::Kind::kClose && rule == "LIFE-01") rule = "CTRL-09";
    if (input.kind == Input::Kind::kCancel && input.target == word.id) rule = "CTRL-05";
  }
  return rule;
}

Violation Model::BlameCall(const World& world, int run, const std::vector<int>& history) const {
  if (run < 0 || run >= static_cast<int>(world.lives.size()))
    return {"WIRE-01", "the provider was called for no run"};
  const Life& life = world.lives[static_cast<std::size_t>(run)];
  const auto called = fmt::format("the provider was called for \"{}\"", InputOf(life).id);
  if (life.called) return {"WIRE-01", called + " a second time"};
  if (!life.started) {
    if (life.phase == Phase::kQueued) {
      const bool busy = std::ranges::any_of(world.lives, [&](const Life& other) {
        return other.place == Place::kSlot && InputOf(other).session == InputOf(life).session;
      });
      // Out of turn, or one too many.
      const bool full = Slots(world) >= limits_.slots;
      const int calls = static_cast<int>(std::ranges::count_if(world.lives, [](const Life& other) {
        return other.phase == Phase::kRunning && other.called;
      }));
      return {busy || !full || calls < limits_.slots ? "SESS-06" : "ADMIT-01",
              called + ", which waits for its turn"};
    }
    if (life.phase != Phase::kNoRun)
      return {life.end == Said::kCanceled ? "CTRL-08" : "LIFE-01",
              called + ", which ended in the queue"};
    std::string_view rule = life.rule;
    if (life.end == Said::kRefused && life.code == "BUSY") rule = "ADMIT-06";
    if (life.end == Said::kRefused && life.code != "BUSY") rule = "REQ-11";
    return {std::string(rule), fmt::format("{}, which got {}", called, Show(life.end, life.code))};
  }
  const auto& session = InputOf(life).session;
  std::string_view rule = "SESS-01";
  for (const int turn : life.history) {
    // It overtook a run that came before it.
    if (!world.lives[static_cast<std::size_t>(turn)].called) rule = "SESS-06";
  }
  for (const int turn : history) {
    if (turn < 0 || std::ranges::count(life.history, turn) > 0) continue;
    const Life& shown = world.lives[static_cast<std::size_t>(turn)];
    if (InputOf(shown).session != session)
      rule = "SESS-02";
    else
      rule = shown.end == Said::kOk && shown.phase != Phase::kNoRun ? "CTRL-09" : "SESS-05";
    if (shown.phase == Phase::kNoRun) rule = "ADMIT-06";
  }
  return {std::string(rule),
          fmt::format("{}, which shows the turns [{}]; its session has [{}]", called,
                      fmt::join(history, " "), fmt::join(life.history, " "))};
}

// Of the worlds that have taken all their hidden steps, the one that owes least.
Violation Model::Missing() const {
  const auto debts = [](const World& world) {
    std::size_t open = world.owed.size();
    for (const Life& life : world.lives) open += life.started && !life.called;
    return open;
  };
  const Worlds all = Closure();
  const World* best = nullptr;
  for (const World& world : all) {
    if (Next(world).empty() && (!best || debts(world) < debts(*best))) best = &world;
  }
  for (const Promise& promise : best->owed) {
    // That an OK was to come is no rule by itself.
    return {
        std::string(promise.rule == "RESP-06" ? "LIFE-01" : promise.rule),
        fmt::format("\"{}\" never got its {}", inputs_[static_cast<std::size_t>(promise.input)].id,
                    Show(promise.said, promise.code))};
  }
  for (const Life& life : best->lives) {
    const auto& id = InputOf(life).id;
    if (life.phase == Phase::kRunning && !life.called)
      return {std::string(life.rule),
              fmt::format("\"{}\" has a slot, and the provider was never called for it", id)};
    if (life.phase == Phase::kEnded && !life.called && life.started)
      return {"WIRE-01", fmt::format("\"{}\" ended without a call of the provider", id)};
  }
  return {"LIFE-01", "a run never got its terminal"};
}

}  // namespace touchstone::model
