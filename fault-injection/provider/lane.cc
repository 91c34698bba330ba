#include "fault-injection/provider/lane.h"

#include "fault-injection/provider/lane_state.h"

namespace touchstone::provider {

Lane::Lane(std::string base_url, std::shared_ptr<LaneState> state)
    : base_url_(std::move(base_url)), state_(std::move(state)) {}

Lane::~Lane() = default;

const std::string& Lane::name() const { return state_->name(); }

std::string Lane::base_url() const { return base_url_; }

void Lane::SetRules(std::vector<Rule> rules) { state_->SetRules(std::move(rules)); }

boost::json::value Lane::Rules() const { return state_->Rules(); }
std::string Lane::State() const { return state_->State(); }
void Lane::SetState(std::string state) { state_->SetState(std::move(state)); }
std::uint64_t Lane::Seed() const { return state_->Seed(); }
void Lane::Reset() { state_->Reset(); }
void Lane::BeforeReset(std::function<void(Snapshot)> keep) { state_->BeforeReset(std::move(keep)); }

void Lane::Release(const std::string& hold) { state_->Release(hold); }

Snapshot Lane::Journal() const { return state_->Journal(); }

bool Lane::WaitUntil(const std::function<bool(const Snapshot&)>& holds,
                     std::chrono::steady_clock::time_point deadline) const {
  const std::shared_ptr<LaneState> state = state_;  // CloseLane() may come while this waits
  return state->WaitUntil(holds, deadline);
}

}  // namespace touchstone::provider
