#include "conformance/fuzz/model/model.h"

#include <algorithm>
#include <deque>

namespace touchstone::model {
namespace {

constexpr std::string_view kInvalid = "INVALID_REQUEST", kBusy = "BUSY", kInternal = "INTERNAL";
constexpr std::size_t kTurnsShown = 20;  // SESS-01

// The last turns of `all`, 20 at least.
bool ShowsTheLast(const std::vector<int>& shown, const std::vector<int>& all) {
  return shown.size() <= all.size() && shown.size() >= std::min(kTurnsShown, all.size()) &&
         std::equal(shown.rbegin(), shown.rend(), all.rbegin());
}

}  // namespace

// ---- The rules, in the contract's order of judgement -------------------------------------------

// Lines take effect in the order in which they came.
void Model::Read(World& world) const {
  const int at = static_cast<int>(world.read++);
  switch (inputs_[static_cast<std::size_t>(at)].kind) {
    case Input::Kind::kMalformed:
      return Owe(world, {at, Said::kRefused, kInvalid, -1, "FRAME-06"});
    case Input::Kind::kPing:
      return Owe(world, {at, Said::kPong, {}, -1, "CTRL-01"});
    case Input::Kind::kCancel:
      return ReadCancel(world, at);
    case Input::Kind::kClose:
      return ReadClose(world, at);
    case Input::Kind::kRun:
      return ReadRun(world, at);
  }
}

void Model::ReadRun(World& world, int at) const {
  const Input& input = inputs_[static_cast<std::size_t>(at)];
  const int run = static_cast<int>(world.lives.size());
  const auto answer = [&](Said said, std::string_view code, int other, std::string_view rule) {
    world.lives.push_back({.input = at, .end = said, .code = code, .rule = rule});
    Owe(world, {at, said, code, other, rule});
  };
  for (const Life& life : world.lives) {
    if (life.known && InputOf(life).id == input.id)
      return answer(Said::kRefused, kInvalid, -1, "REQ-12");
  }
  for (int other = 0; other < run; ++other) {
    const Life& life = world.lives[static_cast<std::size_t>(other)];
    if (life.stored && SamePair(InputOf(life), input))
      return answer(Said::kReplayed, {}, other, "IDEM-01");
  }
  for (int other = 0; other < run; ++other) {
    const Life& life = world.lives[static_cast<std::size_t>(other)];
    if (life.known && SamePair(InputOf(life), input))
      return answer(Said::kDuplicate, {}, other, "IDEM-04");
  }
  if (world.draining) return answer(Said::kRefused, kBusy, -1, "LIFE-07");
  const auto queued = std::ranges::count(world.lives, Place::kQueue, &Life::place);
  const bool at_once = !Busy(world, input.session) && Slots(world) < limits_.slots;
  if (!at_once && queued >= limits_.queue) return answer(Said::kRefused, kBusy, -1, "ADMIT-02");
  const auto rule = at_once ? RoomRule(world) : "ADMIT-02";
  Owe(world, {at, Said::kAccepted, {}, run, rule});
  world.lives.push_back(
      {.input = at, .phase = Phase::kQueued, .place = Place::kQueue, .known = true, .rule = rule});
  if (at_once) Start(world, world.lives.back(), rule);
}

void Model::ReadCancel(World& world, int at) const {
  const Input& input = inputs_[static_cast<std::size_t>(at)];
  for (Life& life : world.lives) {
    if (!life.known || InputOf(life).id != input.target) continue;
    if (InputOf(life).session != input.session)
      return Owe(world, {at, Said::kRefused, kInvalid, -1, "CTRL-05"});
    // Too late when another end is decided; a second cancel before the final is accepted, too.
    if (life.phase == Phase::kEnding && life.end != Said::kCanceled) break;
    Owe(world, {at, Said::kCancelAccepted, {}, -1, "CTRL-02"});
    if (life.phase != Phase::kEnding) Decide(world, life, Said::kCanceled, {}, "CTRL-02");
    return;
  }
  Owe(world, {at, Said::kRefused, kInvalid, -1, "CTRL-04"});
}

// CTRL-09: its runs end CANCELED, then the ack; the context goes, the entries stay.
void Model::ReadClose(World& world, int at) const {
  const std::string& session = inputs_[static_cast<std::size_t>(at)].session;
  Promise closed{at, Said::kClosed, {}, -1, "CTRL-09"};
  for (std::size_t run = 0; run < world.lives.size(); ++run) {
    Life& life = world.lives[run];
    if (InputOf(life).session != session) continue;
    if (life.phase != Phase::kQueued && life.phase != Phase::kRunning) continue;
    Decide(world, life, Said::kCanceled, {}, "CTRL-09");
    closed.after.push_back(static_cast<int>(run));
  }
  world.context.erase(session);
  Owe(world, std::move(closed));
}

// SESS-01: the run shows the provider the turns that the session has now.
void Model::Start(World& world, Life& life, std::string_view rule) const {
  life.phase = Phase::kRunning;
  life.place = Place::kSlot;
  life.started = true;
  life.rule = rule;
  const auto context = world.context.find(InputOf(life).session);
  if (context != world.context.end()) life.history = context->second;
}

// A place is free: among waiting runs whose session is free the earliest starts (SESS-06), and as
// many run as there are slots (ADMIT-01).
void Model::Leave(World& world, Life& life) const {
  life.place = Place::kNone;
  const auto rule = life.end == Said::kTimeout ? "TIME-05" : "CTRL-07";
  for (Life& waiting : world.lives) {
    if (waiting.phase != Phase::kQueued || Slots(world) >= limits_.slots) continue;
    const auto& session = InputOf(waiting).session;
    const bool busy = std::ranges::any_of(world.lives, [&](const Life& other) {
      return other.place == Place::kSlot && InputOf(other).session == session;
    });
    if (!busy) Start(world, waiting, rule);
  }
}

// LIFE-01: decided once. An OK is a turn of its session; nothing else is (SESS-05).
void Model::Decide(World& world, Life& life, Said end, std::string_view code,
                   std::string_view rule) const {
  life.phase = Phase::kEnding;
  life.end = end;
  life.code = code;
  life.rule = rule;
  if (end == Said::kOk)
    world.context[InputOf(life).session].push_back(static_cast<int>(&life - world.lives.data()));
}

// LIFE-07: queued runs end at once; new ones find the host draining.
void Model::Drain(World& world) const {
  world.draining = true;
  for (Life& life : world.lives) {
    if (life.phase == Phase::kQueued) Decide(world, life, Said::kError, kBusy, "LIFE-07");
  }
}

// The hidden steps that the host may take next.
std::vector<Model::World> Model::Next(const World& world) const {
  std::vector<World> next;
  const auto step = [&](auto&& change) { change(next.emplace_back(world)); };
  if (world.read < inputs_.size()) step([&](World& w) { Read(w); });
  if (terminated_ && !world.draining) step([&](World& w) { Drain(w); });
  bool idle = true;
  for (std::size_t run = 0; run < world.lives.size(); ++run) {
    const Life& life = world.lives[run];
    const Input& input = InputOf(life);
    const auto decide = [&](Said end, std::string_view code, std::string_view rule) {
      step([&](World& w) { Decide(w, w.lives[run], end, code, rule); });
    };
    const bool waits = life.phase == Phase::kQueued, runs = life.phase == Phase::kRunning;
    idle &= !waits && !runs && life.phase != Phase::kEnding;
    // TIME-01, TIME-04: time in the queue counts, too.
    if ((waits || runs) && input.short_timeout) decide(Said::kTimeout, {}, "TIME-01");
    if (runs && (!input.held || released_.contains(static_cast<int>(run)))) {
      if (input.answer == Answer::kOk) decide(Said::kOk, {}, "RESP-06");
      if (input.answer == Answer::kAuth) decide(Said::kError, CodeOf(input.answer), "PROV-01");
      if (input.answer == Answer::kRejected) decide(Said::kError, CodeOf(input.answer), "PROV-10");
      if (input.answer == Answer::kDown) decide(Said::kError, CodeOf(input.answer), "PROV-07");
    }
    if (runs && world.draining) decide(Said::kError, kInternal, "LIFE-07");
    if (life.phase != Phase::kEnding) continue;
    // An end takes effect bit by bit, and all of it before the final is written (CTRL-07, REQ-12,
    // IDEM-01). Only OK is replayed (IDEM-06).
    const bool keeps = life.end == Said::kOk && !life.stored;
    if (keeps) step([&](World& w) { w.lives[run].stored = true; });
    if (!keeps && life.known) step([&](World& w) { w.lives[run].known = false; });
    if (life.place != Place::kNone) step([&](World& w) { Leave(w, w.lives[run]); });
    if (!life.known && life.place == Place::kNone) {
      step([&](World& w) {
        w.lives[run].phase = Phase::kEnded;
        Owe(w, {life.input, life.end, life.code, static_cast<int>(run), life.rule});
      });
    }
  }
  // A draining host without runs exits without reading on: what comes then has no claim to an
  // answer, and gets one or not until the host is gone (LIFE-07).
  if (world.draining && idle && world.read < inputs_.size()) {
    step([&](World& w) {
      const int at = static_cast<int>(w.read++);
      if (inputs_[static_cast<std::size_t>(at)].kind == Input::Kind::kRun)
        w.lives.push_back({.input = at, .end = Said::kRefused});
      w.skipped = true;
    });
  }
  return next;
}

// Nothing is to come unless somebody does something.
bool Model::Quiet(const World& world) const {
  if (!world.owed.empty()) return false;
  if (world.read < inputs_.size() || (terminated_ && !world.draining)) return false;
  if (world.skipped && !exited_) return false;
  for (std::size_t run = 0; run < world.lives.size(); ++run) {
    const Life& life = world.lives[run];
    const Input& input = InputOf(life);
    const bool waits = life.phase == Phase::kQueued, runs = life.phase == Phase::kRunning;
    if (life.phase == Phase::kEnding || ((waits || runs) && (input.short_timeout || exited_)))
      return false;
    if (runs && (!life.called || !input.held || world.draining ||
                 released_.contains(static_cast<int>(run)))) {
      return false;
    }
    // WIRE-01: what the provider said must have been asked for.
    const bool by_provider = life.end == Said::kOk || life.rule.starts_with("PROV");
    if (life.phase == Phase::kEnded && by_provider && !life.called) return false;
  }
  return true;
}

bool Model::Fits(const World& world, const Promise& promise, const Word& word) const {
  const Input& input = inputs_[static_cast<std::size_t>(promise.input)];
  if (promise.said != word.said || promise.code != word.code) return false;
  const bool nameless = input.kind == Input::Kind::kMalformed && word.id == "unknown";  // RESP-08
  if (word.id != input.id && !nameless) return false;
  if ((word.said == Said::kOk || word.said == Said::kReplayed) && word.text != TextOf(promise.run))
    return false;
  if (word.said == Said::kDuplicate &&
      word.text != InputOf(world.lives[static_cast<std::size_t>(promise.run)]).id)
    return false;
  for (const Promise& other : world.owed) {
    // LIFE-02: the ack comes first. CTRL-09: the finals of a closed session do.
    if (other.input == promise.input && other.said < promise.said) return false;
  }
  return std::ranges::all_of(promise.after, [&](int run) {
    const Life& life = world.lives[static_cast<std::size_t>(run)];
    return life.phase == Phase::kEnded &&
           std::ranges::find(world.owed, life.input, &Promise::input) == world.owed.end();
  });
}

// ---- The worlds --------------------------------------------------------------------------------

Model::Model(Limits limits) : limits_(limits) { worlds_.emplace(); }

void Model::Send(Input input) {
  if (input.kind == Input::Kind::kRun) runs_.push_back(static_cast<int>(inputs_.size()));
  inputs_.push_back(std::move(input));
}
void Model::Released(int run) { released_.insert(run); }
void Model::Terminate() { terminated_ = true; }
void Model::Exited() { exited_ = true; }

Model::Worlds Model::Closure() const {
  Worlds all = worlds_;
  std::deque<const World*> open;
  for (const World& world : all) open.push_back(&world);
  for (; !open.empty(); open.pop_front()) {
    for (World& next : Next(*open.front())) {
      const auto [place, fresh] = all.insert(std::move(next));
      if (fresh) open.push_back(&*place);
    }
    if (all.size() > kMostWorlds) {
      lost_ = true;
      break;
    }
  }
  return all;
}

std::optional<Violation> Model::Hear(const Word& word) {
  if (lost_) return std::nullopt;
  const Worlds all = Closure();
  if (lost_) return std::nullopt;
  Worlds fit;
  for (const World& world : all) {
    for (std::size_t i = 0; i < world.owed.size(); ++i) {
      if (!Fits(world, world.owed[i], word)) continue;
      World after = world;
      after.owed.erase(after.owed.begin() + static_cast<std::ptrdiff_t>(i));
      fit.insert(std::move(after));
    }
  }
  if (fit.empty()) {
    return Verdict(all, [&](const World& world) { return BlameWord(world, word); });
  }
  worlds_ = std::move(fit);
  return std::nullopt;
}

std::optional<Violation> Model::Call(int run, const std::vector<int>& history) {
  if (lost_) return std::nullopt;
  const Worlds all = Closure();
  if (lost_) return std::nullopt;
  Worlds fit;
  for (const World& world : all) {
    if (run < 0 || run >= static_cast<int>(world.lives.size())) continue;
    const Life& life = world.lives[static_cast<std::size_t>(run)];
    if (!life.started || life.called || !ShowsTheLast(history, life.history)) continue;
    World after = world;
    after.lives[static_cast<std::size_t>(run)].called = true;
    after.lives[static_cast<std::size_t>(run)].history.clear();
    fit.insert(std::move(after));
  }
  if (fit.empty()) {
    return Verdict(all, [&](const World& world) { return BlameCall(world, run, history); });
  }
  worlds_ = std::move(fit);
  return std::nullopt;
}

bool Model::Settle() {
  if (lost_) return true;
  Worlds quiet;
  for (const World& world : Closure()) {
    if (Quiet(world)) quiet.insert(world);
  }
  if (lost_) return true;
  if (quiet.empty()) return false;
  worlds_ = std::move(quiet);
  return true;
}

}  // namespace touchstone::model
