// Modes O and B under load: a process a request, several at once, all on one state directory, as a
// bridge starts them.
//
// One thread for each process that may run at a time; each has a conversation, and a lane of the
// provider, of its own.
#pragma once

#include <set>
#include <thread>

#include "conformance/soak/loaded_host.h"

namespace touchstone {

class ProcessHost : public LoadedHost {
 public:
  ProcessHost(Rig& rig, Mode mode, LoadedHostOptions options, const SoakClock& clock, Tally& tally);
  ~ProcessHost() override;

  void Strike(int signal) override;
  void Finish() override;
  std::vector<pid_t> Processes() const override;

 private:
  bool HasAnsweredLocked() const override { return true; }
  bool DownLocked() const override { return false; }
  void SetRules(const std::vector<provider::Rule>& rules) override;
  void Work(Conversation& talk);
  void Play(Conversation& talk, Task task, int strike);
  const Line* AwaitAnswer(Conversation& talk, HostProcess& host, TimePoint deadline);
  bool Finishing() const;
  void Settle(const Task& task, const Line* line, int strike);

  std::vector<std::unique_ptr<Conversation>> talks_;  // one for each worker

  // With mutex_.
  bool finishing_ = false;
  int strike_ = 0;  // the next run's process is ended by this signal
  int failed_starts_ = 0;
  std::set<pid_t> processes_;

  std::vector<std::jthread> workers_;  // last: joined first
};

}  // namespace touchstone
