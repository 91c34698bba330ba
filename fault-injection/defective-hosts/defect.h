// A host with exactly one thing broken: what `touchstone selftest` runs the judge against, to prove
// that it would have noticed.
//
// A defect is a table row in one of the area files beside this one (frame.cc, sess.cc, …): a name,
// the requirement that it violates, and a Tampering: what is done to a conforming host behind a
// shim. The host is any host that keeps the contract; nothing here knows its code.
//
// How a defect reaches into the host, from the outside in:
//   launch    its command line and environment      "ignores ZENE_MAX_CONCURRENCY"
//   request   each line from the caller, before the host sees it
//   response  each line of the host, before the caller sees it
//   exit      its exit status, and what happens between its end and the shim's
//   provider  each HTTP exchange between host and provider (provider_proxy.h)
//   inside    the host's own system calls, by a preloaded library (inside/)
// A side that a defect leaves alone is not touched at all: the host then has the caller's own pipe.
// If only `launch` and `inside` are set, the host replaces the shim and keeps its process id.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace touchstone::defective {

// How often it shows.
enum class Subtlety {
  kBlatant,  // always
  kSubtle,   // for one class of inputs
  kRare,     // in one of 50 occasions
};

constexpr std::string_view ToString(Subtlety subtlety) {
  switch (subtlety) {
    case Subtlety::kBlatant:
      return "blatant";
    case Subtlety::kSubtle:
      return "subtle";
    case Subtlety::kRare:
      return "rare";
  }
  return "?";
}

// How the host behind the shim is started. A Tampering may change it.
struct Launch {
  std::vector<std::string> argv;
  std::map<std::string, std::string> environment;

  // What follows the program: has this word?
  bool Has(std::string_view word) const;
  bool streams() const { return Has("--single-request=false"); }
  bool bridge() const { return Has("--bridge-compat"); }
};

// The shim's two ends, for the hooks. Calls come from the shim's only thread, and so must theirs.
class Wire {
 public:
  virtual ~Wire() = default;
  // Bytes as they are: a line needs its LF. Queued, in order.
  virtual void ToHost(std::string_view bytes) = 0;
  virtual void ToCaller(std::string_view bytes) = 0;
  // Runs it on the shim's thread after so many milliseconds. The shim outlives its host for it.
  virtual void After(int ms, std::function<void()> action) = 0;
  virtual void CloseHostStdin() = 0;
  virtual void CloseCallerStdout() = 0;
  virtual void KillHost(int signal_number) = 0;
};

struct ProviderExchange;  // provider_proxy.h

// What is done to a host. Every hook is optional. Made anew for each process of the host, so that a
// lambda's captures are the state of one process.
struct Tampering {
  std::function<void(Launch&)> launch;
  // One line without its LF. The hook passes it on, or does not. At EOF the host's stdin is closed,
  // after an unterminated rest has come as a line.
  std::function<void(std::string line, Wire&)> request;
  // Instead of `request`: what each read of stdin brought, as it came; empty at EOF.
  std::function<void(std::string_view chunk, Wire&)> bytes;
  std::function<void(std::string line, Wire&)> response;
  // A signal to the shim. Without the hook, SIGTERM and SIGINT are passed on.
  std::function<void(int signal_number, Wire&)> signal;
  // The host has ended and its last line was handled: what the shim ends with. 128 + n: signal n.
  std::function<int(int status, Wire&)> exit;
  std::function<void(ProviderExchange&)> provider;
  std::string inside;  // "NAME" or "NAME=ARGUMENT" of inside/

  bool replaces_shim() const {
    return !request && !bytes && !response && !signal && !exit && !provider;
  }
};

struct Defect {
  std::string name;         // "replay-under-the-old-id"
  std::string requirement;  // the one that it violates
  Subtlety subtlety = Subtlety::kBlatant;
  std::string about;  // what a reader of such a host's bug report would be told
  Tampering (*make)();
  // Globs of the checks that should see it; none: all that name the requirement.
  std::vector<std::string> checks = {};
  // Belongs to the fast subset that every build proves. One for each requirement, at least.
  bool fast = true;
  // IDs that are as right: requirements that the same defect plainly violates, too.
  std::vector<std::string> also = {};
};

// A requirement that no defect violates, and why none can be made.
struct Exception {
  std::string requirement, reason;
};
const std::vector<Exception>& Exceptions();

// All of them, by area in the contract's order. The first is "none": the shim with all hooks set
// and nothing broken, which the judge must pass.
const std::vector<Defect>& Defects();
const Defect* FindDefect(std::string_view name);

}  // namespace touchstone::defective
