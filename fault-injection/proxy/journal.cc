#include "fault-injection/proxy/journal.h"

#include <algorithm>

namespace touchstone::proxy {

std::shared_ptr<Record> Journal::Open(std::string client) {
  auto record = std::make_shared<Record>();
  record->client = std::move(client);
  record->opened = WallClock::now();
  const std::lock_guard lock(mutex_);
  record->id = ++totals_.opened;
  ++totals_.open;
  records_.emplace(record->id, record);
  return record;
}

void Journal::Close(const Record& closed) {
  const std::lock_guard lock(mutex_);
  const auto found = records_.find(closed.id);
  if (found == records_.end() || found->second->is_closed) return;
  found->second->is_closed = true;
  found->second->closed = WallClock::now();
  --totals_.open;
  closed_.push_back(closed.id);
  if (closed_.size() <= kClosedKept) return;
  const auto oldest = records_.find(closed_.front());
  totals_.sent_up += oldest->second->sent_up.value;
  totals_.sent_down += oldest->second->sent_down.value;
  ++totals_.forgotten;
  records_.erase(oldest);
  closed_.pop_front();
}

void Journal::NoteEnd(Record& record, const std::string& by, bool reset) {
  const std::lock_guard lock(mutex_);
  if (!record.how.empty() && !(reset && record.how == "FIN")) return;
  record.closed_by = by;
  record.how = reset ? "RST" : "FIN";
}

void Journal::NoteError(Record& record, const std::string& error) {
  const std::lock_guard lock(mutex_);
  record.error = error;
}

void Journal::NoteDrawn(Record& record, Drawn drawn) {
  const std::lock_guard lock(mutex_);
  const auto known = std::ranges::find(record.drawn, drawn.id, &Drawn::id);
  if (known != record.drawn.end())
    *known = std::move(drawn);
  else
    record.drawn.push_back(std::move(drawn));
}

Journal::Totals Journal::totals() const {
  const std::lock_guard lock(mutex_);
  Totals totals = totals_;
  for (const auto& [id, record] : records_) {
    totals.sent_up += record->sent_up.value;
    totals.sent_down += record->sent_down.value;
  }
  return totals;
}

}  // namespace touchstone::proxy
