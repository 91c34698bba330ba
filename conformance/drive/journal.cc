#include "conformance/drive/journal.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "conformance/observe/framing.h"

namespace touchstone {

void Journal::Add(TimePoint at, std::string_view who, std::string_view what,
                  std::string_view bytes) {
  Entry entry{at, std::string(who), std::string(what), Excerpt(bytes, kKeepBytes)};
  std::lock_guard lock(mutex_);
  if (first_.size() < kKeepFirst) {
    first_.push_back(std::move(entry));
    return;
  }
  last_.push_back(std::move(entry));
  if (last_.size() > kKeepLast) {
    last_.pop_front();
    ++dropped_;
  }
}

void Journal::Note(std::string_view text) {
  Add(std::chrono::steady_clock::now(), "judge", "note", text);
}

std::vector<Journal::Entry> Journal::Entries() const {
  std::lock_guard lock(mutex_);
  std::vector<Entry> entries(first_.begin(), first_.end());
  entries.insert(entries.end(), last_.begin(), last_.end());
  std::ranges::stable_sort(entries, {}, &Entry::at);
  return entries;
}

std::string Journal::ToString() const {
  std::lock_guard lock(mutex_);
  std::string text;
  const auto print = [&](const std::deque<Entry>& entries) {
    // Threads race for the lock; the time that each took before is the truth.
    std::vector<const Entry*> ordered;
    for (const Entry& entry : entries) ordered.push_back(&entry);
    std::stable_sort(ordered.begin(), ordered.end(),
                     [](auto* a, auto* b) { return a->at < b->at; });
    for (const Entry* entry : ordered) {
      const double ms = std::chrono::duration<double, std::milli>(entry->at - started_).count();
      text +=
          fmt::format("{:>10.1f} ms  {:<8} {:<4} {}\n", ms, entry->who, entry->what, entry->text);
    }
  };
  print(first_);
  if (dropped_ > 0) text += fmt::format("              … {} entries left out …\n", dropped_);
  print(last_);
  return text;
}

}  // namespace touchstone
