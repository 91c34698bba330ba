// Who is measured: a host under its profile, or a plain program beside it that answers each line
// with one line, such as `cat`. A contender knows how to start one process of itself and what its
// answer to a request looks like.
//
// For one thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "conformance/bench/piped_process.h"
#include "conformance/drive/conversation.h"

namespace touchstone {

// A program of a few lines that stands for the least that a host must cost.
struct Peer {
  std::string name;               // "cat"
  std::vector<std::string> argv;  // reads lines to EOF, answers each with one, exits 0
};

enum class Answers { kEcho, kProvider };  // what a host's run is answered by
enum class StateDir { kFresh, kExisting };

class Contender {
 public:
  virtual ~Contender() = default;
  virtual const std::string& name() const = 0;
  // Whether it can be measured thus; if not, it is left out of the measurement.
  virtual bool Takes(Mode mode, Answers answers, StateDir state) const = 0;
  // Must be called first; may be called again. `answers` holds from here on.
  virtual void Prepare(Mode mode, Answers answers) = 0;
  struct Launch {
    std::string program;
    LaunchOptions options;
  };
  // What starts its next process. The state directory is as asked; a fresh one that an earlier
  // call has given is removed.
  virtual tl::expected<Launch, std::string> Next(StateDir state) = 0;
  // What `line` is for the request whose id is given in its quotes (ids here need no escapes):
  // another line, its answer, or a wrong one.
  enum class Reads { kOther, kAnswer, kWrong };
  virtual Reads Read(std::string_view line, std::string_view quoted_id) const = 0;
};

// The rig must outlive it.
std::unique_ptr<Contender> HostContender(std::string name, Rig& rig);
std::unique_ptr<Contender> PeerContender(Peer peer);

}  // namespace touchstone
