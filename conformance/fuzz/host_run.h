// Host processes under fuzz. A stream is one process of mode S that takes many inputs; an input of
// a one-shot is a process of its own. What was sent and what came is kept in an Account.
//
// For one thread.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "conformance/drive/conversation.h"
#include "conformance/fuzz/account.h"

namespace touchstone::fuzz {

// The limit under which hosts run here: lines at the limit are cheap, and long ones still long.
inline constexpr std::size_t kFuzzedLimit = 4096;

// How the bytes of an input reach the pipe.
enum class WriteStyle { kWithOthers, kAlone, kInTwo, kByteByByte };

struct HostSettings {
  std::size_t limit = kFuzzedLimit;
  std::string tag = "p";  // in the ids of the pings between inputs
  // Without any answer for as long as this, a host that owes some is said to hang.
  std::chrono::milliseconds patience{5000};
};

class StreamHost {
 public:
  StreamHost(Rig& rig, const HostSettings& settings);
  ~StreamHost();

  // False: the host could not be started; faults() says why.
  bool Start();
  // Queues the input; it is written when enough has come together, or alone. `input` is for blame.
  void Send(std::string_view bytes, std::size_t input, WriteStyle style = WriteStyle::kWithOthers);
  // Queues a ping.
  void Ping();
  // Writes what is queued, and waits until at most `outstanding` answers are missing. False: no
  // answer came for a while, or the host is gone, or a fault was seen.
  bool Flush(std::size_t outstanding);
  // Flush, then holds the account against what came.
  bool Settle();
  // EOF: the host must answer the rest, and exit 0. `tail` is a last line without LF.
  void Finish(std::string_view tail = {}, std::size_t input = 0);
  // Ends it without a word.
  void Kill();

  std::vector<Fault> faults() const;
  // Answers against a SHOULD, which are no reason to end it.
  const std::vector<Fault>& lapses() const { return account_.lapses(); }
  std::vector<std::string> LastStderr() const;

 private:
  void Write();
  void Take(const Line& line);

  Rig& rig_;
  const HostSettings settings_;
  Conversation talk_;
  HostProcess* host_ = nullptr;
  Account account_;
  std::string queued_;
  std::vector<Fault> own_faults_;
  int pings_ = 0;
  bool gone_ = false;
};

// Runs a fresh host in `mode` with these inputs and returns what was wrong, lapses last. S: all in
// one process, with a ping at the end; O and B: a process for each.
std::vector<Fault> RunFresh(Rig& rig, Mode mode, std::span<const std::string> inputs,
                            const HostSettings& settings = {},
                            WriteStyle style = WriteStyle::kWithOthers);

// One process of O or B in a conversation of its worker's. Lapses come last.
std::vector<Fault> RunOneShot(Conversation& talk, std::string_view bytes, std::size_t input,
                              const HostSettings& settings);
// The environment under which fuzzed hosts run.
void SetFuzzEnvironment(Conversation& talk, const HostSettings& settings);

}  // namespace touchstone::fuzz
