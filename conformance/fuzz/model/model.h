// The contract as a small machine, for hosts in mode S: which lines a host may write, in which
// order, and which calls its provider may see.
//
// What the judge cannot see is left open: how far the host has read, whether a timeout beat an
// answer. The model keeps the set of all *worlds* that fit what was seen so far. A world takes
// hidden steps by itself; each line and each call strikes out the worlds that it does not fit. When
// none is left, the host has broken the contract, and the worlds before that say which rule.
//
// Shares nothing with any host. Knows no clock, no process and no socket. Not thread-safe.
#pragma once

#include <compare>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/observe/violation.h"

namespace touchstone::model {

// What the provider makes of a run's call.
enum class Answer { kOk, kAuth, kRejected, kDown };
std::string_view CodeOf(Answer answer);

// A line to the host.
struct Input {
  enum class Kind { kRun, kCancel, kPing, kClose, kMalformed };
  Kind kind = Kind::kPing;
  std::string id = {}, session = {}, key = {}, target = {};
  Answer answer = Answer::kOk;  // of a run
  bool held = false;            // its provider answers only after Released()
  bool short_timeout = false;   // it may run out at any time; of other runs it never does
};

// A line from the host. The order matters: the ack of a run sorts before its final.
enum class Said {
  kAccepted,
  kOk,
  kReplayed,
  kError,
  kTimeout,
  kCanceled,
  kDuplicate,
  kRefused,
  kPong,
  kCancelAccepted,
  kClosed,
};
struct Word {
  std::string id;
  Said said = Said::kPong;
  std::string code = {};  // of kError and kRefused
  std::string text = {};  // of kOk and kReplayed; of kDuplicate the existing request_id
};
std::string Show(Said said, std::string_view code = {});

// Runs are numbered from 0 in the order of Send(). A run's prompt and answer tell its number.
std::string PromptOf(int run);
std::string TextOf(int run);

struct Limits {
  int slots = 1, queue = 0;
  bool operator==(const Limits&) const = default;
};

class Model {
 public:
  explicit Model(Limits limits);

  // What the judge does.
  void Send(Input input);
  void Released(int run);  // the provider answers it from now on
  void Terminate();        // SIGTERM is sent
  void Exited();           // the process has ended; all that it wrote was heard

  // What the host does; a violation when no world fits.
  std::optional<Violation> Hear(const Word& word);
  // A call of the provider. `history`: the runs whose turns it shows, oldest first; -1 in it is
  // none that the model knows.
  std::optional<Violation> Call(int run, const std::vector<int>& history);

  // True when nothing is to come by itself; worlds in which something is are then struck out.
  bool Settle();
  bool OwesACall() const;  // some world waits for the provider to be called
  // What did not come, although it had all the time there is.
  Violation Missing() const;
  // Some world has the run executing.
  bool Executes(int run) const;
  std::size_t worlds() const { return worlds_.size(); }
  // More worlds fit than can be looked at: what comes is neither right nor wrong any more, and
  // nothing is said of it.
  bool lost() const { return lost_; }
  static constexpr std::size_t kMostWorlds = 100'000;

 private:
  enum class Phase { kNoRun, kQueued, kRunning, kEnding, kEnded };
  enum class Place { kNone, kQueue, kSlot };
  // What became of a run line.
  struct Life {
    int input = 0;
    Phase phase = Phase::kNoRun;
    Place place = Place::kNone;
    bool known = false;   // its id is active, its pair is a duplicate
    bool stored = false;  // its pair is replayed
    bool started = false, called = false;
    Said end = Said::kOk;
    std::string_view code = {};
    std::string_view rule = {};  // why it is where it is
    std::vector<int> history = {};
    auto operator<=>(const Life&) const = default;
  };
  // A line that the host must still write.
  struct Promise {
    int input = 0;
    Said said = Said::kPong;
    std::string_view code = {};
    int run = -1;  // whose text, or whose id
    std::string_view rule = {};
    std::vector<int> after = {};  // runs whose finals come first
    auto operator<=>(const Promise&) const = default;
  };
  struct World {
    std::size_t read = 0;  // lines
    bool draining = false;
    bool skipped = false;  // some line will have no answer
    std::vector<Life> lives = {};
    std::map<std::string, std::vector<int>> context = {};  // of a session: the runs of its turns
    std::vector<Promise> owed = {};                        // sorted
    auto operator<=>(const World&) const = default;
  };
  using Worlds = std::set<World>;

  // The rules.
  void Read(World& world) const;
  void ReadRun(World& world, int at) const;
  void ReadCancel(World& world, int at) const;
  void ReadClose(World& world, int at) const;
  void Start(World& world, Life& life, std::string_view rule) const;
  void Leave(World& world, Life& life) const;
  void Decide(World& world, Life& life, Said end, std::string_view code,
              std::string_view rule) const;
  void Drain(World& world) const;
  std::vector<World> Next(const World& world) const;
  bool Quiet(const World& world) const;
  bool Fits(const World& world, const Promise& promise, const Word& word) const;

  void Owe(World& world, Promise promise) const;
  int Slots(const World& world) const;
  bool Busy(const World& world, const std::string& session) const;
  bool SamePair(const Input& a, const Input& b) const;
  const Input& InputOf(const Life& life) const {
    return inputs_[static_cast<std::size_t>(life.input)];
  }
  std::string_view RoomRule(const World& world) const;
  Worlds Closure() const;  // all worlds that hidden steps lead to; may find that it is lost

  // Which rule was broken.
  Violation BlameWord(const World& world, const Word& word) const;
  std::string_view BlameAdmitted(const World& world, const Promise& promise,
                                 const Word& word) const;
  std::string_view BlameEnd(const World& world, const Word& word) const;
  Violation BlameCall(const World& world, int run, const std::vector<int>& history) const;
  // What most worlds say that have taken all their hidden steps.
  Violation Verdict(const Worlds& worlds,
                    const std::function<Violation(const World&)>& blame) const;

  const Limits limits_;
  std::vector<Input> inputs_;
  std::vector<int> runs_;  // their inputs
  std::set<int> released_;
  bool terminated_ = false, exited_ = false;
  Worlds worlds_;
  mutable bool lost_ = false;  // learnt by looking
};

}  // namespace touchstone::model
