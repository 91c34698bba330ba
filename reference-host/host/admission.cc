#include "reference-host/host/admission.h"

namespace refhost {

std::optional<uint64_t> Admission::Candidate(const Session& session) const {
  if (session.waiting.empty() || session.executing >= limits_.slots_per_session)
    return std::nullopt;
  return *session.waiting.begin();
}

template <typename Change>
void Admission::Update(const std::string& name, Change change) {
  const auto at = sessions_.try_emplace(name).first;
  Session& session = at->second;
  const auto before = Candidate(session);
  change(session);
  const auto after = Candidate(session);
  if (before != after) {
    if (before) ready_.erase(*before);
    if (after) ready_.emplace(*after, name);
  }
  if (session.executing == 0 && session.waiting.empty()) sessions_.erase(at);
}

AdmissionResult Admission::Add(uint64_t run, const std::string& session) {
  const auto known = sessions_.find(session);
  const bool session_free =
      known == sessions_.end() ||
      (known->second.waiting.empty() && known->second.executing < limits_.slots_per_session);
  // While ready runs wait for a slot there is none, so nobody is overtaken here.
  if (executing_ < limits_.slots && session_free) {
    ++executing_;
    Update(session, [](Session& it) { ++it.executing; });
    return AdmissionResult::kStarted;
  }
  if (queued_ >= limits_.queue_places) return AdmissionResult::kFull;
  ++queued_;
  Update(session, [run](Session& it) { it.waiting.insert(run); });
  return AdmissionResult::kQueued;
}

void Admission::ReleaseSlot(const std::string& session) {
  --executing_;
  Update(session, [](Session& it) { --it.executing; });
}

void Admission::LeaveQueue(uint64_t run, const std::string& session) {
  --queued_;
  Update(session, [run](Session& it) { it.waiting.erase(run); });
}

std::optional<uint64_t> Admission::StartNext() {
  if (executing_ >= limits_.slots || ready_.empty()) return std::nullopt;
  const uint64_t run = ready_.begin()->first;
  const std::string session = ready_.begin()->second;
  ++executing_;
  --queued_;
  Update(session, [run](Session& it) {
    it.waiting.erase(run);
    ++it.executing;
  });
  return run;
}

}  // namespace refhost
