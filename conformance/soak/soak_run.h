// One segment of a soak at work: the conductor (the thread that calls Run) offers work at its times
// and does the chaos; the clerk samples, closes windows, writes checkpoints and tells the observer.
// For RunSoak() alone.
#pragma once

#include <mutex>
#include <thread>

#include "conformance/soak/checkpoint.h"
#include "conformance/soak/loaded_host.h"
#include "conformance/soak/process_sampler.h"
#include "conformance/soak/soak.h"
#include "soak/record/record_file.h"
#include "soak/record/record_reader.h"

namespace touchstone {

// What a segment begins with.
struct SoakGround {
  std::filesystem::path record_path;
  soak::Asked asked;
  bool resumed = false, complete = false;
  Checkpoint from;  // of a new soak: its defaults
  double from_s = 0;
  int lives = 0;                          // host processes of former segments
  SoakProgress so_far;                    // counts of former segments
  std::vector<std::string> lost_windows;  // open when the judge was killed, not in the record
};
tl::expected<SoakGround, std::string> PrepareSoak(Rig& rig, const SoakPlan& plan);

// Judges the record.
tl::expected<SoakResult, std::string> Conclude(const std::filesystem::path& record,
                                               const SoakPlan& plan, std::string transcript,
                                               bool interrupted);

class SoakRun {
 public:
  SoakRun(Rig& rig, const SoakPlan& plan, const SoakGround& ground, soak::RecordFile& file,
          SoakObserver& observer, std::stop_token stop);

  tl::expected<void, std::string> Run();
  std::string transcript() const { return host_->load->transcript(); }

 private:
  struct Loaded {
    soak::Who who;
    Tally tally;
    ProcessSampler sampler;
    std::unique_ptr<LoadedHost> load;
    Loaded(soak::Who who, soak::RecordWriter& record, const SoakClock& clock, const LagGauge& lag)
        : who(who), tally(record, who, clock), sampler(lag) {}
  };
  // A restart that the soak has begun, until all hosts are up again.
  struct Restart {
    double from_s;
    std::string what;
    std::vector<int> lives;
  };

  std::unique_ptr<Loaded> MakeLoaded(soak::Who who, Rig& rig);

  // The conductor's.
  std::string Conduct();              // returns why it ended, as the record has it
  void Write(std::string_view line);  // to the record
  bool Goes() const;
  bool IsDone() const;
  TimePoint NextEvent() const;
  void WaitUntil(TimePoint time);
  void DoChaos();
  void BeginRestart(const soak::ChaosEvent& event);
  void LookAtRestart();
  void EndOutage();
  void Arrive();
  void StandStillWhileDown();
  void WindDown();

  // The clerk's.
  void Clerk(std::stop_token ended);
  void TakeSamples();
  void CloseWindows();
  void Save(bool complete);
  void Tell();

  const SoakPlan& plan_;
  const SoakGround& ground_;
  SoakObserver& observer_;
  const std::stop_token stop_;
  soak::RecordFile& file_;
  const SoakClock clock_;
  soak::RecordWriter record_;
  const LagGauge& lag_;
  std::unique_ptr<Loaded> host_, reference_;
  std::vector<Loaded*> all_;

  // The conductor's.
  std::optional<soak::ArrivalSchedule> schedule_;  // none: closed loop
  Clock::duration shift_{0};                       // how long the schedule stood still
  std::optional<TimePoint> next_arrival_, next_canary_, outage_ends_;
  std::optional<soak::ChaosEvent> next_chaos_;
  std::optional<soak::Mark> outage_;
  std::optional<Restart> restart_;

  mutable std::mutex mutex_;  // guards the following
  soak::ArrivalPosition position_;
  std::int64_t given_out_ = 0;
  std::string fault_;  // why it cannot go on

  // The clerk's.
  double lag_ms_ = 0, per_second_ = 0;
  std::int64_t rss_bytes_ = 0, answered_before_ = 0;
  TimePoint told_at_;
};

}  // namespace touchstone
