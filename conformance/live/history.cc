#include "conformance/live/history.h"

#include <algorithm>

#include "conformance/observe/strict_json.h"

namespace touchstone::live {
namespace {

using boost::json::object;

std::string Text(const object& line, std::string_view key) {
  const auto* text = line.if_contains(key);
  return text && text->is_string() ? std::string(text->get_string()) : std::string();
}

double Number(const object& line, std::string_view key) {
  const auto* number = line.if_contains(key);
  return number && number->is_number() ? number->to_number<double>() : 0;
}

void AddUp(object& into, const object& more, std::string_view key) {
  into[key] = static_cast<std::int64_t>(Number(into, key) + Number(more, key));
}

void Join(object& into, const object& next) {
  into["seconds"] = Number(next, "from_s") + Number(next, "seconds") - Number(into, "from_s");
  for (const char* key : {"intended", "answered", "unexpected", "failures"}) AddUp(into, next, key);
  for (const char* key : {"p50_ms", "p90_ms", "p99_ms", "max_ms"})
    into[key] = std::max(Number(into, key), Number(next, key));
  const auto* more = next.if_contains("outcomes");
  auto& outcomes = into["outcomes"];
  if (!outcomes.is_object()) outcomes.emplace_object();
  if (!more || !more->is_object()) return;
  for (const auto& [name, count] : more->get_object())
    AddUp(outcomes.get_object(), more->get_object(), name);
}

// The first of them are the telling ones, and the last show that it goes on.
void Keep(std::deque<std::string>& lines, std::string_view line, std::size_t most) {
  lines.emplace_back(line);
  if (lines.size() > most) lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(most / 2));
}

}  // namespace

void History::Add(std::string_view line) {
  while (line.ends_with('\n')) line.remove_suffix(1);
  auto parsed = ParseStrict(line);
  if (!parsed || !parsed->is_object()) return;
  object& fields = parsed->get_object();
  const auto kind = Text(fields, "kind");
  if (kind == "window") fields.erase("latencies");  // a picture needs only the percentiles
  if (line.size() > kMostBytes && ToJson(fields).size() > kMostBytes) return;
  const auto who = Text(fields, "who") == "reference" ? "reference" : "host";
  if (kind == "soak") {
    soak_ = line;
  } else if (kind == "end") {
    end_ = line;
  } else if (kind == "segment") {
    end_.clear();
    if (segments_.size() < kMostSegments) segments_.emplace_back(line);
  } else if (kind == "mark") {
    Keep(marks_, line, kMostMarks);
  } else if (kind == "failure") {
    Keep(failures_, line, kMostFailures);
  } else if (kind == "sample") {
    AddSample(samples_[who], line);
  } else if (kind == "window") {
    AddWindow(windows_[who], std::move(fields));
  }
}

void History::AddSample(Samples& samples, std::string_view line) {
  if (samples.seen++ % samples.every != 0) return;
  samples.lines.emplace_back(line);
  if (samples.lines.size() <= kMostSamples) return;
  for (std::size_t i = 1; 2 * i < samples.lines.size(); ++i)
    samples.lines[i] = std::move(samples.lines[2 * i]);
  samples.lines.resize((samples.lines.size() + 1) / 2);
  samples.every *= 2;
}

void History::AddWindow(std::vector<object>& windows, object window) {
  windows.push_back(std::move(window));
  if (windows.size() <= kMostWindows) return;
  // Pairs of the older ones; the newest stays as it is, since the next may be of another minute.
  std::vector<object> joined;
  for (std::size_t i = 0; i + 1 < windows.size(); i += 2) {
    Join(windows[i], windows[i + 1]);
    joined.push_back(std::move(windows[i]));
  }
  if (windows.size() % 2 == 1) joined.push_back(std::move(windows.back()));
  windows = std::move(joined);
}

std::vector<std::string> History::Lines() const {
  std::vector<std::string> lines;
  if (!soak_.empty()) lines.push_back(soak_);
  lines.insert(lines.end(), segments_.begin(), segments_.end());
  lines.insert(lines.end(), marks_.begin(), marks_.end());
  for (const auto& [who, samples] : samples_)
    lines.insert(lines.end(), samples.lines.begin(), samples.lines.end());
  for (const auto& [who, windows] : windows_) {
    for (const auto& window : windows) lines.push_back(ToJson(window));
  }
  lines.insert(lines.end(), failures_.begin(), failures_.end());
  if (!end_.empty()) lines.push_back(end_);
  return lines;
}

}  // namespace touchstone::live
