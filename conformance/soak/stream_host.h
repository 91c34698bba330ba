// Mode S under load: one long-lived process, which is started again when the soak ended it, and
// when it died (a failure, and borne only so often).
//
// Two threads: the sender writes lines as the host takes them; the keeper owns the process, reads
// its answers, looks for what is overdue, and starts the next process.
#pragma once

#include <thread>

#include "conformance/soak/loaded_host.h"

namespace touchstone {

class StreamHost : public LoadedHost {
 public:
  StreamHost(Rig& rig, LoadedHostOptions options, const SoakClock& clock, Tally& tally);
  ~StreamHost() override;

  void Strike(int signal) override;
  void Finish() override;
  std::vector<pid_t> Processes() const override;
  int life() const override;

 private:
  enum class State { kStarting, kUp, kEnding, kFinished };

  bool HasAnsweredLocked() const override { return life_ > 0; }
  bool DownLocked() const override;
  void SetRules(const std::vector<provider::Rule>& rules) override;

  // The keeper's.
  void Keep();
  HostProcess* StartHost();
  void ReadAnswers(HostProcess& host);
  void OnLineLocked(const Line& line);
  void AnsweredUnder(std::map<std::string, Task>::iterator found, const Line& line);
  bool IsHungLocked(TimePoint now);
  void GiveUpLocked(const std::string& id);
  void SortOutTheDead();
  void JudgeDeathLocked(const std::optional<HostProcess::End>& end);
  void JudgeDrainLocked(const std::optional<HostProcess::End>& end);
  void ReportViolations(HostProcess& host);
  void Retire(HostProcess& host);

  // The sender's.
  void SendAll(std::stop_token stop);

  Conversation talk_;         // the keeper's, but for its lane
  std::size_t reported_ = 0;  // violations of this process that are in the record

  // With mutex_.
  State state_ = State::kStarting;
  HostProcess* host_ = nullptr;
  pid_t pid_ = -1;
  int life_ = 0, deaths_ = 0;
  int struck_ = 0;  // by this signal, and not yet up again
  TimePoint struck_at_;
  bool hung_ = false;     // this process was killed because it said nothing any more
  bool sending_ = false;  // the sender is in Send()
  bool stuck_ = false;    // … and the host did not take the line in time
  bool finishing_ = false;
  std::map<std::string, Task> sent_;        // by request id
  std::deque<std::string> may_be_unknown_;  // of those in sent_: answers under "unknown" are theirs
  std::size_t runs_ = 0;                    // of those in sent_
  std::deque<std::string> given_up_;        // ids that may still be answered, too late
  TimePoint heard_at_;                      // when the last line came

  std::jthread sender_, keeper_;  // last: joined first
};

}  // namespace touchstone
