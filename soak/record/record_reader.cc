#include "soak/record/record_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <fstream>

#include "soak/json/reader.h"
#include "soak/record/thinning.h"
#include "soak/summary/sample_json.h"

namespace touchstone::soak {
namespace {

constexpr std::size_t kMostSamples = 8192, kMostShown = 600, kMostWindows = 1500;
constexpr std::size_t kMostFailures = 50;

// What one host of the record has come to.
struct TrackReading {
  SampleThinner samples{kMostSamples};
  WindowThinner windows{kMostWindows};
  LatencyHistogram latencies;
  std::int64_t failures_since_window = 0;

  void AddWindow(ObjectReader& reader, Track& track);
  void AddFailure(ObjectReader& reader, Track& track);
  void Finish(Track& track, TrackSeries& series);
};

void TrackReading::AddWindow(ObjectReader& reader, Track& track) {
  Window window = ReadWindow(reader);
  std::int64_t failures = 0;
  double min_ms = 0;
  reader.Read("failures", failures);
  reader.Read("min_ms", min_ms);
  LatencyHistogram latencies;
  reader.ForEach("latencies", true, [&](const boost::json::value& pair, const std::string&) {
    const auto* both = pair.if_array();
    int bucket = 0;
    std::int64_t count = 0;
    std::string expected;
    if (!both || both->size() != 2 || !ReadValue((*both)[0], bucket, expected) ||
        !ReadValue((*both)[1], count, expected) || !latencies.AddBucket(bucket, count)) {
      reader.Wrong("latencies", "pairs of bucket and count", pair);
    }
  });
  latencies.SetRange(min_ms, window.latency.max_ms);
  for (const auto& [outcome, count] : window.outcomes) track.outcomes[outcome] += count;
  track.intended += window.intended;
  track.answered += window.answered;
  track.unexpected += window.unexpected;
  track.failure_count += failures;
  failures_since_window = 0;
  this->latencies.Merge(latencies);
  windows.Add(std::move(window), std::move(latencies));
}

void TrackReading::AddFailure(ObjectReader& reader, Track& track) {
  Failure failure = ReadFailure(reader);
  ++failures_since_window;
  if (track.failures.size() < kMostFailures) track.failures.push_back(std::move(failure));
}

void TrackReading::Finish(Track& track, TrackSeries& series) {
  track.failure_count += failures_since_window;
  track.latency = latencies.Percentiles();
  track.windows = windows.Take();
  series.samples = samples.Take();
  series.latencies = std::move(latencies);
  track.samples = Peaks(series.samples, kMostShown);
}

class RecordReader {
 public:
  std::optional<JsonError> error;

  void Line(const boost::json::value& json);
  Recorded Finish();
  bool begun() const { return begun_; }
  static bool IsSegment(const boost::json::value& json) {
    const auto* kind = json.is_object() ? json.get_object().if_contains("kind") : nullptr;
    return kind && kind->is_string() && kind->get_string() == "segment";
  }

 private:
  void Begin(ObjectReader& reader);
  void BeginSegment(ObjectReader& reader);
  void AddMark(ObjectReader& reader);
  void End(ObjectReader& reader);
  void OfTrack(const std::string& kind, ObjectReader& reader);
  void Seen(double at_s) { last_s_ = std::max(last_s_, at_s); }
  void CloseSegment(double until_s, std::string ended);

  Recorded recorded_;
  TrackReading host_, reference_;
  bool begun_ = false, in_segment_ = false;
  double last_s_ = 0;
};

void RecordReader::Line(const boost::json::value& json) {
  ObjectReader reader(json, "", error);
  std::string kind;
  reader.Read("kind", kind);
  if (error) return;
  if ((kind == "soak") == begun_) {
    return reader.Fail("kind", begun_ ? "a record has one `soak` line, its first"
                                      : "the first line of a record is its `soak` line");
  }
  if (kind == "soak") return Begin(reader);
  if (kind == "segment") return BeginSegment(reader);
  if (!in_segment_) return reader.Fail("kind", fmt::format("`{}` outside of a segment", kind));
  if (kind == "mark") return AddMark(reader);
  if (kind == "end") return End(reader);
  OfTrack(kind, reader);
}

void RecordReader::Begin(ObjectReader& reader) {
  begun_ = true;
  auto& asked = recorded_.asked;
  int version = 0;
  reader.Read("version", version);
  if (version != 1) reader.Fail("version", fmt::format("expected 1, got {}", version));
  reader.Read("mode", asked.mode);
  reader.Read("mix", asked.mix);
  reader.Read("arrivals", asked.arrivals);
  reader.Read("seed", asked.seed);
  reader.ReadIfThere("asked_s", asked.asked_s);
  reader.ReadIfThere("asked_requests", asked.asked_requests);
  if (const auto* host = reader.Take("host", true)) {
    ObjectReader inner(*host, "host", error);
    inner.Read("name", asked.host_name);
    inner.Read("command", asked.host_command);
  }
  auto& summary = recorded_.summary;
  if (const auto* reference = reader.Take("reference", false)) {
    ObjectReader inner(*reference, "reference", error);
    inner.Read("name", asked.reference_name);
    inner.Read("command", asked.reference_command);
    summary.reference.emplace();
    summary.reference->name = asked.reference_name;
    summary.reference->command = asked.reference_command;
  }
  summary.mode = asked.mode;
  summary.mix = asked.mix;
  summary.arrivals = asked.arrivals;
  summary.seed = asked.seed;
  summary.asked_s = asked.asked_s;
  summary.asked_requests = asked.asked_requests;
  summary.host.name = asked.host_name;
  summary.host.command = asked.host_command;
}

void RecordReader::CloseSegment(double until_s, std::string ended) {
  if (!in_segment_) return;
  auto& segment = recorded_.summary.segments.back();
  segment.until_s = std::max(until_s, segment.from_s);
  segment.ended = std::move(ended);
  in_segment_ = false;
}

void RecordReader::BeginSegment(ObjectReader& reader) {
  CloseSegment(last_s_, "killed");
  Segment segment;
  reader.Read("from_s", segment.from_s);
  reader.Read("started_ms", segment.started_ms);
  Seen(segment.from_s);
  recorded_.summary.segments.push_back(std::move(segment));
  in_segment_ = true;
}

// The planned end of a mark is told when it begins, and once more if it came out otherwise.
void RecordReader::AddMark(ObjectReader& reader) {
  Mark mark = ReadMark(reader);
  Seen(mark.from_s);
  auto& marks = recorded_.summary.marks;
  for (auto& known : marks) {
    if (known.from_s == mark.from_s && known.what == mark.what) {
      known = std::move(mark);
      return;
    }
  }
  marks.push_back(std::move(mark));
}

void RecordReader::End(ObjectReader& reader) {
  double at_s = 0;
  std::string ended;
  reader.Read("at_s", at_s);
  reader.Read("ended", ended);
  Seen(at_s);
  CloseSegment(at_s, std::move(ended));
}

void RecordReader::OfTrack(const std::string& kind, ObjectReader& reader) {
  std::string who;
  reader.Read("who", who);
  auto& summary = recorded_.summary;
  const bool is_host = who == "host";
  if (!is_host && (who != "reference" || !summary.reference)) {
    return reader.Fail("who", fmt::format("expected {}, got \"{}\"",
                                          summary.reference ? "host or reference" : "host", who));
  }
  auto& reading = is_host ? host_ : reference_;
  auto& track = is_host ? summary.host : *summary.reference;
  if (kind == "sample") {
    const Sample sample = ReadSample(reader);
    Seen(sample.at_s);
    reading.samples.Add(sample);
  } else if (kind == "window") {
    reading.AddWindow(reader, track);
    double from_s = 0, seconds = 0;
    reader.Read("from_s", from_s);
    reader.Read("seconds", seconds);
    Seen(from_s + seconds);
  } else if (kind == "failure") {
    reading.AddFailure(reader, track);
  } else {
    reader.Fail("kind", fmt::format("expected segment, sample, window, mark, failure or end, got "
                                    "\"{}\"",
                                    kind));
  }
}

Recorded RecordReader::Finish() {
  CloseSegment(last_s_, "killed");
  auto& summary = recorded_.summary;
  for (const auto& segment : summary.segments)
    summary.soaked_s = std::max(summary.soaked_s, segment.until_s);
  host_.Finish(summary.host, recorded_.host);
  if (summary.reference) reference_.Finish(*summary.reference, recorded_.reference);
  return std::move(recorded_);
}

}  // namespace

tl::expected<Recorded, std::string> ReadRecord(std::istream& in, const std::string& name) {
  RecordReader reader;
  std::string line;
  std::optional<std::string> cut;  // the error of a line that is none, if more lines follow
  for (int number = 1; std::getline(in, line); ++number) {
    boost::system::error_code wrong;
    const auto json = boost::json::parse(line, wrong);
    if (cut && (wrong || !RecordReader::IsSegment(json))) return tl::unexpected(*cut);
    cut.reset();
    if (wrong) {
      cut = fmt::format("{}:{}: not JSON ({}), and not the last line of a segment that was killed",
                        name, number, wrong.message());
      continue;
    }
    reader.Line(json);
    if (reader.error) {
      return tl::unexpected(fmt::format("{}:{}: {}{}{}", name, number, reader.error->path,
                                        reader.error->path.empty() ? "" : ": ",
                                        reader.error->message));
    }
  }
  if (!reader.begun()) return tl::unexpected(fmt::format("{}: an empty record", name));
  return reader.Finish();
}

tl::expected<Recorded, std::string> ReadRecordFile(const std::string& path) {
  std::ifstream in(path);
  if (!in) return tl::unexpected(fmt::format("{}: cannot be read as the record of a soak", path));
  return ReadRecord(in, path);
}

}  // namespace touchstone::soak
