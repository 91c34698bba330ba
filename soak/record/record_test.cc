#include "soak/record/record.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <fstream>
#include <sstream>

#include "soak/record/record_file.h"
#include "soak/record/record_reader.h"

namespace touchstone::soak {
namespace {

Asked MakeAsked(bool with_reference = false) {
  Asked asked;
  asked.mode = "S";
  asked.mix = "default";
  asked.arrivals = "poisson 50/s";
  asked.seed = 7;
  asked.asked_s = 120;
  asked.host_name = "zene";
  asked.host_command = "./zene host";
  if (with_reference) asked.reference_name = asked.reference_command = "refhost";
  return asked;
}

Sample MakeSample(double at_s, std::int64_t rss_bytes) {
  Sample sample;
  sample.at_s = at_s;
  sample.rss_bytes = rss_bytes;
  return sample;
}

Window MakeWindow(double from_s, std::int64_t answered) {
  Window window;
  window.from_s = from_s;
  window.seconds = 60;
  window.outcomes = {{"OK", answered}};
  window.intended = answered + 1;
  window.answered = answered;
  return window;
}

LatencyHistogram Latencies(double ms, int n) {
  LatencyHistogram histogram;
  for (int i = 0; i < n; ++i) histogram.Add(ms + i * 0.01);
  return histogram;
}

struct Recording {
  std::string text;
  RecordWriter writer{[this](std::string_view line) { text += line; }};

  tl::expected<Recorded, std::string> Read() const {
    std::istringstream in(text);
    return ReadRecord(in, "soak.jsonl");
  }
};

TEST(Record, IsReadBack) {
  Recording record;
  record.writer.Begin(MakeAsked(true));
  record.writer.BeginSegment(1764250000000, 0);
  record.writer.Add(Who::kHost, MakeSample(1, 1000));
  record.writer.Add(Who::kReference, MakeSample(1, 50));
  record.writer.Add({30, 40, "provider outage"});
  record.writer.Add({30, 38, "provider outage"});  // it ended sooner
  record.writer.Add(Who::kHost, Failure{31, "LOAD-01", "wrong é"});
  record.writer.Add(Who::kHost, MakeWindow(0, 100), Latencies(2, 100));
  record.writer.Add(Who::kHost, MakeWindow(60, 50), Latencies(5, 50));
  record.writer.End(120, "complete");
  const auto read = record.Read();
  ASSERT_TRUE(read) << read.error();
  EXPECT_EQ(read->asked, MakeAsked(true));
  const auto& summary = read->summary;
  EXPECT_EQ(summary.mode, "S");
  EXPECT_EQ(summary.host.name, "zene");
  EXPECT_EQ(summary.soaked_s, 120);
  ASSERT_EQ(summary.segments.size(), 1u);
  EXPECT_EQ(summary.segments[0].ended, "complete");
  ASSERT_EQ(summary.marks.size(), 1u);
  EXPECT_EQ(summary.marks[0].until_s, 38);
  EXPECT_EQ(summary.host.samples.size(), 1u);
  EXPECT_EQ(summary.reference->samples[0].rss_bytes, 50);
  EXPECT_EQ(summary.host.outcomes.at("OK"), 150);
  EXPECT_EQ(summary.host.intended, 152);
  EXPECT_EQ(summary.host.failure_count, 1);
  EXPECT_EQ(summary.host.failures.at(0).message, "wrong é");
  auto all = Latencies(2, 100);
  all.Merge(Latencies(5, 50));
  EXPECT_EQ(summary.host.latency.p50_ms, all.Percentile(0.5));
  EXPECT_EQ(summary.host.latency.p99_ms, all.Percentile(0.99));
  EXPECT_EQ(summary.host.latency.max_ms, all.max_ms());
  EXPECT_EQ(summary.host.windows.at(1).latency.p50_ms, Latencies(5, 50).Percentile(0.5));
}

TEST(Record, EachLineIsOneJsonObject) {
  Recording record;
  record.writer.Begin(MakeAsked());
  record.writer.Add(Who::kHost, Failure{1, "LOAD-01", "two\nlines"});
  std::istringstream in(record.text);
  int lines = 0;
  for (std::string line; std::getline(in, line); ++lines) {
    EXPECT_TRUE(boost::json::parse(line).is_object());
    EXPECT_EQ(line.rfind("{\"kind\":", 0), 0u) << line;
  }
  EXPECT_EQ(lines, 2);
}

// The judge is killed at every byte of its record.
TEST(Record, IsReadWhereverItWasCut) {
  Recording record;
  record.writer.Begin(MakeAsked());
  const auto head = record.text.size();
  record.writer.BeginSegment(1000, 0);
  for (int i = 1; i <= 3; ++i) record.writer.Add(Who::kHost, MakeSample(i, 100 * i));
  record.writer.Add(Who::kHost, MakeWindow(0, 5), Latencies(2, 5));
  const std::string whole = record.text;
  for (std::size_t cut = head; cut <= whole.size(); ++cut) {
    Recording killed;
    killed.text = whole.substr(0, cut);
    const auto read = killed.Read();
    ASSERT_TRUE(read) << "cut at " << cut << ": " << read.error();
    for (const auto& segment : read->summary.segments) EXPECT_EQ(segment.ended, "killed");
    const auto lines = std::count(killed.text.begin(), killed.text.end(), '\n');
    EXPECT_GE(read->summary.host.samples.size(),
              static_cast<std::size_t>(std::clamp(lines - 2, 0L, 3L)));
  }
}

TEST(Record, AResumedSoakHasSegmentsAndItsGapShows) {
  Recording record;
  record.writer.Begin(MakeAsked());
  record.writer.BeginSegment(1'000'000, 0);
  record.writer.Add(Who::kHost, MakeSample(10, 100));
  record.text += "{\"kind\":\"sam\n";  // killed while writing; the next one began a new line
  record.writer.BeginSegment(5'000'000, 10);
  record.writer.Add(Who::kHost, MakeSample(15, 100));
  record.writer.End(20, "interrupted");
  record.writer.BeginSegment(9'000'000, 20);
  record.writer.End(120, "complete");
  const auto read = record.Read();
  ASSERT_TRUE(read) << read.error();
  const auto& segments = read->summary.segments;
  ASSERT_EQ(segments.size(), 3u);
  EXPECT_EQ(segments[0].ended, "killed");
  EXPECT_EQ(segments[0].until_s, 10);
  EXPECT_EQ(segments[1].ended, "interrupted");
  EXPECT_EQ(segments[1].from_s, 10);
  EXPECT_EQ(segments[2].started_ms, 9'000'000);
  EXPECT_EQ(read->summary.soaked_s, 120);
}

TEST(Record, ADamagedOneIsRefusedWithLineAndReason) {
  Recording good;
  good.writer.Begin(MakeAsked());
  good.writer.BeginSegment(1000, 0);
  const struct {
    std::string text, error;
  } kWrong[] = {
      {"", "soak.jsonl: an empty record"},
      {"{\"kind\":\"segment\"}\n", "soak.jsonl:1: kind: the first line of a record is its `soak`"},
      {good.text + good.text, "soak.jsonl:3: kind: a record has one `soak` line"},
      {good.text + "oops\n{\"kind\":\"end\"}\n", "soak.jsonl:3: not JSON"},
      {good.text + "{\"kind\":\"dance\",\"who\":\"host\"}\n",
       "soak.jsonl:3: kind: expected segment"},
      {good.text + "{\"kind\":\"sample\",\"who\":\"you\"}\n", "3: who: expected host, got \"you\""},
      {good.text + "{\"kind\":\"sample\",\"who\":\"host\"}\n", "3: `at_s` is missing"},
      {good.text + "{\"kind\":\"end\",\"at_s\":\"1\",\"ended\":\"x\"}\n",
       "3: at_s: expected a number"},
      {good.text + "7\n", "3: expected an object, got 7"},
      {"{\"kind\":\"soak\",\"version\":2}\n", "1: version: expected 1, got 2"},
  };
  for (const auto& wrong : kWrong) {
    Recording record;
    record.text = wrong.text;
    const auto read = record.Read();
    ASSERT_FALSE(read) << wrong.text;
    EXPECT_NE(read.error().find(wrong.error), std::string::npos) << read.error();
  }
}

TEST(Record, CountsFailuresThatItDoesNotWrite) {
  Recording record;
  record.writer.Begin(MakeAsked());
  record.writer.BeginSegment(1000, 0);
  for (int i = 0; i < 1000; ++i) record.writer.Add(Who::kHost, Failure{1, "LOAD-01", "x"});
  record.writer.Add(Who::kHost, MakeWindow(0, 5), Latencies(2, 5));
  for (int i = 0; i < 3; ++i) record.writer.Add(Who::kHost, Failure{61, "LOAD-01", "x"});
  EXPECT_LT(std::count(record.text.begin(), record.text.end(), '\n'), 120);
  const auto read = record.Read();
  ASSERT_TRUE(read) << read.error();
  EXPECT_EQ(read->summary.host.failure_count, 1003);
  EXPECT_EQ(read->summary.host.failures.size(), 50u);
}

TEST(Record, OfThreeDaysStaysSmall) {
  Recording record;
  record.writer.Begin(MakeAsked());
  record.writer.BeginSegment(1000, 0);
  constexpr int kSeconds = 3 * 86400;
  for (int i = 0; i < kSeconds; ++i) {
    if (i % 10 == 0) record.writer.Add(Who::kHost, MakeSample(i, i == 77'770 ? 9'999 : 100));
    if (i % 60 == 0) record.writer.Add(Who::kHost, MakeWindow(i, 3000), Latencies(2, 10));
  }
  record.writer.End(kSeconds, "complete");
  const auto read = record.Read();
  ASSERT_TRUE(read) << read.error();
  EXPECT_LE(read->summary.host.samples.size(), 600u);
  EXPECT_GE(read->summary.host.samples.size(), 300u);
  EXPECT_LE(read->host.samples.size(), 8192u);
  EXPECT_GE(read->host.samples.size(), 4096u);
  EXPECT_LE(read->summary.host.windows.size(), 1500u);
  std::int64_t answered = 0;
  double seconds = 0;
  for (const auto& window : read->summary.host.windows) {
    answered += window.answered;
    EXPECT_EQ(window.from_s, seconds);
    seconds += window.seconds;
    EXPECT_EQ(window.latency.p50_ms, Latencies(2, 10).Percentile(0.5));
  }
  EXPECT_EQ(answered, 3000LL * kSeconds / 60);
  EXPECT_EQ(seconds, kSeconds);
  EXPECT_EQ(read->summary.host.answered, answered);
}

class RecordFileTest : public ::testing::Test {
 protected:
  const std::string path_ = ::testing::TempDir() + "/soak-record-" + std::to_string(::getpid());
  std::string Content() const {
    std::ifstream in(path_);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void TearDown() override { ::unlink(path_.c_str()); }
};

TEST_F(RecordFileTest, AppendsBehindACutLine) {
  RecordFile::Create(path_)->Write("one\ntw");
  auto again = RecordFile::Append(path_);
  ASSERT_TRUE(again);
  again->Write("three\n");
  EXPECT_EQ(Content(), "one\ntw\nthree\n");
  RecordFile::Append(path_)->Write("four\n");
  EXPECT_EQ(Content(), "one\ntw\nthree\nfour\n");
  ASSERT_TRUE(RecordFile::Create(path_));
  EXPECT_EQ(Content(), "");
}

TEST_F(RecordFileTest, SaysWhatIsWrong) {
  EXPECT_NE(RecordFile::Append(path_).error().find(path_ + ": cannot be written: No such file"),
            std::string::npos);
  auto full = RecordFile::Append("/dev/full");
  ASSERT_TRUE(full);
  full->Write("one\n");
  EXPECT_EQ(full->error(), "/dev/full: cannot be written: No space left on device");
}

}  // namespace
}  // namespace touchstone::soak
