// How to start a host: a command for each mode, its environment, the provider's dialect, and what
// it claims to be able to do. Read from a JSON file (conformance/profiles/), or made up for a bare
// command that follows §1.
//
// A value; any thread may read it.
#pragma once

#include <boost/json/object.hpp>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "conformance/contract/mode.h"

namespace touchstone {

struct Profile {
  std::string name;
  std::filesystem::path file;  // empty when made up
  // "stream", "oneshot", "bridge", "self_test", "worker", "inspect" -> argv
  std::map<std::string, std::vector<std::string>> commands;
  std::map<std::string, std::string>
      environment;  // ${provider.base_url}, ${provider.key}, ${provider.model} inside
  std::string dialect = "openai-chat";  // or "anthropic"
  std::set<std::string> capabilities;
  boost::json::object tools;

  // The argv for a mode of the protocol; nullptr when the profile has none.
  const std::vector<std::string>* CommandFor(Mode mode) const;
  // The program, and what precedes the word `host` in its stream command: where other arguments can
  // be put.
  std::vector<std::string> ProgramPrefix() const;
  // Without the program's folder and the like: for reports.
  std::string CommandLine() const;
};

// `bin_dir` is the value of ${bin.dir}: the folder of the running touchstone, where refhost lies
// beside it.
tl::expected<Profile, std::string> LoadProfile(const std::filesystem::path& file,
                                               const std::filesystem::path& bin_dir);

// Whether the contract knows the capability.
bool IsCapability(std::string_view name);

// Whether the mock provider speaks it.
bool IsDialect(std::string_view name);

// The command line of §1 appended to a bare command.
Profile ProfileForCommand(const std::vector<std::string>& command);

// The same profile with another program in each command.
void ReplaceProgram(Profile& profile, const std::string& program);

}  // namespace touchstone
