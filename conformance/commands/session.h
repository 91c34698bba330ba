// What run, gate and soak have in common: the profile from the options, the rig, the preflight, and
// the suite.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "conformance/commands/command.h"
#include "conformance/contract/catalogue.h"
#include "conformance/drive/preflight.h"
#include "conformance/drive/rig.h"
#include "conformance/report/report.h"
#include "conformance/run/job.h"

namespace touchstone {

// A message for stderr and the exit status that goes with it.
struct CommandError {
  std::string message;
  int exit_status = 3;
};

struct Suite {
  Catalogue catalogue;
  std::vector<Case> cases;
  Waiving waiving;
  bool with_checks = true;  // those in C++, too
};

// The catalogue and all cases; with a folder of drafts those in it alone. A fault in them is a
// usage error with file and line.
tl::expected<Suite, CommandError> LoadSuite(const Options& options);

tl::expected<Profile, CommandError> ProfileFromOptions(const Options& options);

// Starts the provider, prints the seed, and looks whether the host starts and answers.
struct Session {
  std::unique_ptr<Rig> rig;
  Preflight preflight;
};
tl::expected<Session, CommandError> OpenSession(const Options& options, const Context& context);

// "touchstone run --profile … --host-bin …": what repeats this run's choice of host.
std::string ReplayPrefix(const Options& options);

// The word as a shell takes it.
std::string Quoted(const std::string& word);

// The same choice as flags of another command: " --profile …", or nothing.
std::string HostOptions(const Options& options);

int Complain(const CommandError& error);

}  // namespace touchstone
