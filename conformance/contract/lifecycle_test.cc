#include "conformance/contract/lifecycle.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <string>
#include <vector>

namespace touchstone {
namespace {

// A story: "> line" is sent, "< line" is received. The last line says who is blamed at the end;
// every line before it must be blameless, unless it ends with "!ID".
struct Story {
  const char* about;
  Mode mode;
  std::vector<std::string> lines;
  const char* owed = "";
};

constexpr const char* kRun = R"(> {"type":"run","request_id":"a"})";
constexpr const char* kStreamed = R"(> {"type":"run","request_id":"a","stream":true})";
constexpr const char* kPing = R"(> {"type":"ping","request_id":"p"})";
constexpr const char* kAck = R"(< {"type":"ack","status":"ACCEPTED","request_id":"a"})";
constexpr const char* kEvent = R"(< {"type":"event","request_id":"a"})";
constexpr const char* kFinal = R"(< {"type":"final","status":"OK","request_id":"a"})";
constexpr const char* kReplay =
    R"(< {"type":"final","status":"OK","request_id":"a","replayed":true})";
constexpr const char* kError = R"(< {"type":"error","request_id":"a"})";
constexpr const char* kUnknown = R"(< {"type":"error","request_id":"unknown"})";
constexpr const char* kDuplicate =
    R"(< {"type":"ack","status":"DUPLICATE_IN_PROGRESS","request_id":"a"})";
constexpr const char* kPong = R"(< {"type":"ack","status":"PONG","request_id":"p"})";

std::string But(const char* line, const char* id) { return std::string(line) + "!" + id; }

void Tell(const Story& story) {
  Lifecycle life(story.mode);
  for (const auto& entry : story.lines) {
    const auto mark = entry.rfind("}!");
    const std::string expected = mark == std::string::npos ? "" : entry.substr(mark + 2);
    const std::string line = entry.substr(2, mark == std::string::npos ? mark : mark - 1);
    if (entry[0] == '>') {
      life.Sent(line);
      continue;
    }
    std::string blamed;
    for (const auto& violation : life.Received(boost::json::parse(line).as_object()))
      blamed += (blamed.empty() ? "" : ",") + violation.requirement;
    EXPECT_EQ(blamed, expected) << story.about << ": " << entry;
  }
  std::string owed;
  for (const auto& violation : life.Ended())
    owed += (owed.empty() ? "" : ",") + violation.requirement;
  EXPECT_EQ(owed, story.owed) << story.about;
}

TEST(Lifecycle, AllRightWaysThroughALife) {
  const Mode S = Mode::kStream;
  for (const Story& story : std::vector<Story>{
           {"a run", S, {kRun, kAck, kFinal}},
           {"a streamed run", S, {kStreamed, kAck, kEvent, kEvent, kFinal}},
           {"refused", S, {kRun, kError}},
           {"a duplicate", S, {kRun, kAck, kRun, kDuplicate, kFinal}},
           {"an id refused while active", S, {kRun, kAck, kRun, kError, kFinal}},
           {"a replay", S, {kRun, kReplay}},
           {"the id again after the terminal", S, {kRun, kAck, kFinal, kRun, kAck, kFinal}},
           {"a ping in between", S, {kRun, kAck, kPing, kPong, kFinal}},
           {"answers out of order", S, {kRun, kPing, kPong, kAck, kFinal}},
           {"nothing asked", S, {}},
           {"a blank line", S, {"> ", "> \r"}},
           {"a bad line", S, {"> nonsense", kUnknown}},
           {"a bad line answered by name", S, {"> {\"request_id\":\"a\"", kError}},
           {"a readable line refused as unknown", S, {kPing, kUnknown}},
           {"one-shot final", Mode::kOneShot, {kRun, kFinal}},
           {"one-shot error", Mode::kOneShot, {kRun, kError}},
           {"one-shot ping", Mode::kOneShot, {kPing, kPong}},
           {"flat", Mode::kBridge, {kRun, "< {\"ok\":true}"}},
       })
    Tell(story);
}

TEST(Lifecycle, AllWrongOnes) {
  const Mode S = Mode::kStream, O = Mode::kOneShot;
  for (const Story& story : std::vector<Story>{
           {"no answer", S, {kRun}, "LIFE-01"},
           {"no terminal", S, {kRun, kAck}, "LIFE-01"},
           {"ping unanswered", S, {kPing}, "LIFE-01"},
           {"bad line unanswered", S, {"> nonsense"}, "RESP-08"},
           {"second terminal", S, {kRun, kAck, kFinal, But(kFinal, "LIFE-01")}},
           {"second replay", S, {kRun, kReplay, But(kReplay, "LIFE-01")}},
           {"final from nowhere", S, {But(kFinal, "LIFE-01")}},
           {"pong from nowhere", S, {But(kPong, "LIFE-01")}},
           {"two pongs", S, {kPing, kPong, But(kPong, "LIFE-01")}},
           {"final without ack", S, {kRun, But(kFinal, "LIFE-02")}},
           {"ack twice", S, {kRun, kAck, But(kAck, "LIFE-02"), kFinal}},
           {"ack from nowhere", S, {But(kAck, "LIFE-02")}},
           {"ack for a ping",
            S,
            {R"(> {"type":"ping","request_id":"a"})", But(kAck, "LIFE-02")},
            "LIFE-01"},
           {"duplicate from nowhere", S, {But(kDuplicate, "LIFE-02")}},
           {"error after the ack", S, {kRun, kAck, But(kError, "LIFE-02")}, "LIFE-01"},
           {"error after the final", S, {kRun, kAck, kFinal, But(kError, "LIFE-01")}},
           {"event before the ack", S, {kStreamed, But(kEvent, "LIFE-02"), kAck, kFinal}},
           {"event after the final", S, {kStreamed, kAck, kFinal, But(kEvent, "LIFE-02")}},
           {"event unasked", S, {kRun, kAck, But(kEvent, "LIFE-03"), kFinal}},
           {"one-shot silent", O, {kRun}, "LIFE-04"},
           {"one-shot twice", O, {kRun, kFinal, But(kFinal, "LIFE-04")}},
           {"one-shot ack", O, {kRun, But(kAck, "LIFE-04")}},
           {"one-shot event", O, {kRun, But(kEvent, "LIFE-04")}},
           {"flat silent", Mode::kBridge, {kRun}, "BRIDGE-01"},
           {"flat twice", Mode::kBridge, {kRun, "< {\"ok\":true}", "< {\"ok\":true}!BRIDGE-01"}},
       })
    Tell(story);
}

TEST(Lifecycle, SilenceIsAllowedAfterASignal) {
  Lifecycle life(Mode::kStream);
  life.Sent(R"({"type":"run","request_id":"a"})");
  life.AllowSilence();
  EXPECT_TRUE(life.Ended().empty());
}

TEST(Lifecycle, WithoutTheMarkerAReplayIsABareFinal) {
  Lifecycle life(Mode::kStream);
  life.ReplaysAreUnmarked();
  life.Sent(R"({"type":"run","request_id":"a"})");
  EXPECT_TRUE(life.Received({{"type", "final"}, {"request_id", "a"}}).empty());
}

TEST(Lifecycle, APartOfALineMayBeRefusedOnce) {
  Lifecycle life(Mode::kStream);
  life.SentPart();
  EXPECT_TRUE(life.Received({{"type", "error"}, {"request_id", "unknown"}}).empty());
  EXPECT_FALSE(life.Received({{"type", "error"}, {"request_id", "unknown"}}).empty());
  life.Sent("the rest of it");
  EXPECT_TRUE(life.Ended().empty());
}

boost::json::object Said(const char* line) {
  return boost::json::parse(std::string(line).substr(2)).as_object();
}

std::string Id(const char* line, int number) {
  std::string text(line);
  return text.replace(text.find("\"a\""), 3, fmt::format("\"r{}\"", number));
}

TEST(Lifecycle, ForgetsWhatWasAnsweredLongAgo) {
  Lifecycle life(Mode::kStream);
  life.KeepAnswered(3);
  for (int i = 0; i < 100; ++i) {
    life.Sent(Id(kRun, i).substr(2));
    EXPECT_TRUE(life.Received(Said(Id(kAck, i).c_str())).empty());
    EXPECT_TRUE(life.Received(Said(Id(kFinal, i).c_str())).empty());
  }
  EXPECT_LE(life.remembered(), 4u);
  // A second answer is blamed alike, whether the first is remembered or not.
  for (int i : {99, 0}) {
    const auto again = life.Received(Said(Id(kFinal, i).c_str()));
    ASSERT_EQ(again.size(), 1u);
    EXPECT_EQ(again.front().requirement, "LIFE-01");
  }
  EXPECT_TRUE(life.Ended().empty());
}

TEST(Lifecycle, NeverForgetsWhatIsOwed) {
  Lifecycle life(Mode::kStream);
  life.KeepAnswered(1);
  life.Sent(Id(kRun, 0).substr(2));
  for (int i = 1; i < 10; ++i) {
    life.Sent(Id(kRun, i).substr(2));
    EXPECT_TRUE(life.Received(Said(Id(kAck, i).c_str())).empty());
    EXPECT_TRUE(life.Received(Said(Id(kFinal, i).c_str())).empty());
  }
  // An id that was answered is in use again when its first life is forgotten.
  life.Sent(Id(kRun, 9).substr(2));
  life.Sent(Id(kRun, 10).substr(2));
  EXPECT_TRUE(life.Received(Said(Id(kAck, 10).c_str())).empty());
  EXPECT_TRUE(life.Received(Said(Id(kFinal, 10).c_str())).empty());
  EXPECT_EQ(life.Ended().size(), 2u);  // r0 and the second r9
}

}  // namespace
}  // namespace touchstone
