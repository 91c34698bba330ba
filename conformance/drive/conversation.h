// One play: a fresh state directory, a lane of the mock provider, and the host's processes on them,
// from the first start to the proof that nothing is left. Golden cases and C++ checks both talk to
// a host through this.
//
// For one thread. The destructor kills what still runs and closes the lane.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "conformance/drive/bound_socket.h"
#include "conformance/drive/host_process.h"
#include "conformance/drive/rig.h"
#include "fault-injection/provider/lane.h"

namespace touchstone {

class Conversation {
 public:
  // With a provider of its own, on a port where no other play calls, each connection is journaled,
  // also one that never speaks HTTP; else the lane is one of the rig's provider.
  enum class Provider { kOfTheRig, kOwn };
  Conversation(Rig& rig, Mode mode, Provider provider = Provider::kOfTheRig);
  ~Conversation();

  Rig& rig() { return rig_; }
  Mode mode() const { return mode_; }
  Journal& journal() { return journal_; }
  provider::Lane& lane() { return *lane_; }
  const std::filesystem::path& state_dir() const { return state_dir_; }
  const std::filesystem::path& home() const { return home_; }

  // The value of ${provider.base_url} and the other variables of a case; nothing when unknown.
  std::optional<std::string> Variable(std::string_view name) const;
  static constexpr std::string_view kVariables[] = {
      "provider.base_url", "provider.port", "provider.key", "provider.model",
      "state_dir",         "closed_port",   "silent_port"};
  static bool IsVariable(std::string_view name);

  // Changes the environment of processes started from here on; nothing removes the variable.
  void SetEnv(const std::string& name, std::optional<std::string> value);

  // What a process gets that is started now: "NAME=value", the whole of it.
  std::vector<std::string> Environment() const;

  // Starts a process under a label. `mode` says how its stdout is judged.
  tl::expected<HostProcess*, std::string> Start(const std::string& label,
                                                std::vector<std::string> argv, Mode mode);
  // Starts it with the profile's command for this conversation's mode.
  tl::expected<HostProcess*, std::string> Start(const std::string& label = "");
  // The process that the label stands for now; nullptr: none was started.
  HostProcess* Find(const std::string& label = "");
  // The process to send a new request to. S: the running one, else a new one. O and B: always a new
  // one; the former must have ended, or that is a violation.
  tl::expected<HostProcess*, std::string> ForRequest(const std::string& label = "");

  // Expects the process to end as it should: S: close stdin, exit 0 (FRAME-13). O and B: one line,
  // then exit (LIFE-04, BRIDGE-01). Then looks for descendants that it left behind (LIFE-08). What
  // was wrong is added to the violations.
  void FinishProcess(HostProcess& host);
  // Marks a process as ended by the play itself: FinishProcess then only looks that it is gone.
  void EndedByPlay(HostProcess& host);
  // FinishProcess, then lets go of the object and keeps only what it was blamed for: for plays of
  // thousands of processes.
  void Retire(HostProcess& host);
  // FinishProcess for all that were not finished yet.
  void Finish();

  // What the always-on checks saw in all processes, the provider's unmatched calls, and what
  // FinishProcess added.
  std::vector<Violation> Violations() const;
  void Blame(std::string requirement, std::string message);

  // Excerpts of the protocol lines of all processes that nobody awaited.
  std::vector<std::string> LinesNotConsumed() const;

  // Journal, provider's journal and the last stderr lines: what a person needs to see what
  // happened.
  std::string Transcript() const;

 private:
  void BlameStrays(HostProcess& host);

  Rig& rig_;
  const Mode mode_;
  const std::string lane_name_;
  const std::filesystem::path folder_, state_dir_, home_;
  BoundSocket closed_port_{false}, silent_port_{true};
  Journal journal_;
  std::unique_ptr<provider::Server> own_provider_;
  provider::Lane* lane_;
  std::map<std::string, std::optional<std::string>> overrides_;
  struct Entry {
    std::string label, tag;
    std::unique_ptr<HostProcess> host;
    bool finished = false, ended_by_play = false;
  };
  std::vector<Entry> entries_;
  int started_ = 0;
  std::vector<Violation> violations_;

  Entry& EntryOf(HostProcess& host);
};

// One line per provider call, for transcripts.
std::string DescribeCalls(const provider::Snapshot& snapshot, TimePoint start);

}  // namespace touchstone
