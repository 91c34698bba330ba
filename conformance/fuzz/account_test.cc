#include "conformance/fuzz/account.h"

#include <gtest/gtest.h>

#include <fmt/format.h>

namespace touchstone::fuzz {
namespace {

std::string Ping(std::string_view id, std::string_view more = "") {
  return fmt::format(R"({{"protocol_version":1,"type":"ping","request_id":"{}"{}}})"
                     "\n",
                     id, more);
}
std::string Pong(std::string_view id) {
  return fmt::format(R"({{"protocol_version":1,"type":"ack","request_id":"{}","session_id":null,)"
                     R"("ts_ms":1,"status":"PONG"}})",
                     id);
}
std::string Refusal(std::string_view id) {
  return fmt::format(R"({{"protocol_version":1,"type":"error","request_id":"{}","session_id":null,)"
                     R"("ts_ms":1,"error":{{"code":"INVALID_REQUEST","message":"m",)"
                     R"("retryable":false}}}})",
                     id);
}

// Requirements blamed after these lines were sent (input i is the i-th) and those came.
std::vector<std::string> Blamed(const std::vector<std::string>& sent,
                                const std::vector<std::string>& received,
                                Mode mode = Mode::kStream) {
  Account account(mode, {}, "mock answer");
  for (std::size_t i = 0; i < sent.size(); ++i) account.Sent(sent[i], i);
  for (const auto& line : received) account.Received(line);
  account.Settle();
  std::vector<std::string> requirements;
  for (const auto& fault : account.faults()) requirements.push_back(fault.violation.requirement);
  for (const auto& lapse : account.lapses()) requirements.push_back(lapse.violation.requirement);
  return requirements;
}

using Requirements = std::vector<std::string>;

TEST(Account, AnswersInAnyOrderAreRight) {
  EXPECT_EQ(Blamed({Ping("a"), "{\n", Ping("b"), "\n"}, {Pong("b"), Refusal("unknown"), Pong("a")}),
            Requirements{});
}

TEST(Account, EachAnswerThatIsMissingTooMuchOrWrongIsBlamed) {
  EXPECT_EQ(Blamed({Ping("a"), Ping("b")}, {Pong("a")}), Requirements{"CTRL-01"});
  EXPECT_EQ(Blamed({Ping("a")}, {Pong("a"), Pong("a")}), Requirements{"LIFE-01"});
  EXPECT_EQ(Blamed({Ping("a")}, {Pong("b"), Pong("a")}), Requirements{"LIFE-01"});
  EXPECT_EQ(Blamed({Ping("a", ",\"x\":1")}, {Refusal("a")}), Requirements{"REQ-08"});
  EXPECT_EQ(Blamed({Ping(" ")}, {Pong(" ")}), Requirements({"LIFE-01", "REQ-03"}));
  EXPECT_EQ(Blamed({"{\n"}, {}), Requirements{"FRAME-06"});
  EXPECT_EQ(Blamed({Ping("a")}, {Pong("a"), Refusal("unknown")}), Requirements{"LIFE-01"});
  EXPECT_EQ(Blamed({Ping("a")}, {Pong("a"), "log"}), Requirements{"FRAME-01"});
}

// A run that was refused is refused under the id of a line that may be answered either way.
TEST(Account, LinesThatShareAnIdTakeEachOthersAnswers) {
  const auto either = Ping("a", ",\"x\":1e400"), bad = Ping("a", ",\"ts_ms\":\"now\"");
  EXPECT_EQ(Blamed({either, bad}, {Refusal("a"), Pong("a")}), Requirements{});
  EXPECT_EQ(Blamed({bad, either}, {Refusal("a"), Pong("a")}), Requirements{});
  EXPECT_EQ(Blamed({"{\"request_id\":\"a\"\n", either}, {Refusal("a"), Pong("a")}), Requirements{});
  EXPECT_EQ(Blamed({bad, either}, {Pong("a"), Pong("a")}), Requirements{"REQ-07"});
  const auto twice = Ping("a", ",\"ts_ms\":1,\"ts_ms\":2");
  EXPECT_EQ(Blamed({either, twice}, {Refusal("a"), Pong("a")}), Requirements{});
  EXPECT_EQ(Blamed({twice}, {Pong("a")}), Requirements{"FRAME-11"});
}

TEST(Account, OfLinesThatShareAnIdTheOneOfTheSessionIsAnswered) {
  auto pong = Pong("a");
  pong.replace(pong.find("null"), 4, R"("s")");
  const auto free = Ping("a", R"(,"x":{"y":1,"y":2})"), with = Ping("a", R"(,"session_id":"s")");
  EXPECT_EQ(Blamed({free, with}, {Pong("a"), pong}), Requirements{});
  EXPECT_EQ(Blamed({free, with}, {pong, Refusal("a")}), Requirements{});
  EXPECT_EQ(Blamed({free, with}, {Pong("a"), Pong("a")}), Requirements{"REQ-09"});
}

// A line that is no JSON may be refused under each id that a reader might see in it.
TEST(Account, AnAnswerMovesOnToAnotherLineThatItFits) {
  const std::string two = R"({"request_id":"a","x":{"request_id":"b"})"
                          "\n";
  const auto bad = Ping("b", ",\"ts_ms\":\"now\""),
             worse = std::string(R"({"request_id":"b")") + "\n";
  EXPECT_EQ(Blamed({two, worse}, {Refusal("b"), Refusal("a")}), Requirements{});
  EXPECT_EQ(Blamed({two, two, worse}, {Refusal("b"), Refusal("a"), Refusal("b")}), Requirements{});
  EXPECT_EQ(Blamed({two, two, worse}, {Refusal("a"), Refusal("b"), Refusal("a")}), Requirements{});
  EXPECT_EQ(Blamed({two, bad}, {Refusal("b"), Refusal("a"), Refusal("b")}),
            Requirements{"LIFE-01"});
  EXPECT_EQ(Blamed({two, worse}, {Refusal("a"), Refusal("a")}),
            Requirements({"LIFE-01", "FRAME-06"}));
}

// Its id is that of a run that was accepted, which must not be taken for it.
TEST(Account, ALineThatShouldBeRefusedIsTheLastToTakeAnAnswer) {
  const auto twice = Ping("b", R"(,"request_id":"a")"),
             cut = std::string(R"({"request_id":"a",)") + "\n";
  EXPECT_EQ(Blamed({twice, Ping("a")}, {Pong("a"), Refusal("unknown")}), Requirements{});
  EXPECT_EQ(Blamed({twice, cut, Ping("a")}, {Refusal("a"), Pong("a"), Refusal("b")}),
            Requirements{});
}

// What is missing or too much is called by the contract's name for it.
TEST(Account, SilenceHasItsCause) {
  const auto cut = std::string("{\n"),
             close = std::string(R"({"protocol_version":1,"type":"x"})") + "\n";
  EXPECT_EQ(Blamed({cut, Ping("a")}, {Refusal("unknown")}), Requirements{"FRAME-07"});
  EXPECT_EQ(Blamed({cut, close, Ping("a")}, {}), Requirements({"FRAME-07", "FRAME-07"}));
  EXPECT_EQ(Blamed({Ping("b"), Ping("a").substr(0, Ping("a").size() - 1)}, {Pong("b")}),
            Requirements{"FRAME-05"});
  EXPECT_EQ(Blamed({" \t\r\n", Ping("a")}, {Refusal("unknown"), Pong("a")}),
            Requirements{"FRAME-05"});
  const auto long_line = std::string(1048577, 'x') + "\n";
  EXPECT_EQ(Blamed({long_line}, {Refusal("unknown"), Refusal("unknown")}),
            Requirements{"FRAME-08"});
  EXPECT_EQ(Blamed({"\n", long_line}, {Refusal("unknown"), Refusal("unknown")}),
            Requirements{"LIFE-01"});
}

TEST(Account, InAOneShotAnAnswerIsForItsOneLine) {
  const std::string no_id = R"({"protocol_version":1,"type":"ping","request_id":5})"
                            "\n";
  EXPECT_EQ(Blamed({no_id}, {Pong("5")}, Mode::kOneShot), Requirements{"REQ-03"});
  EXPECT_EQ(Blamed({no_id}, {Refusal("5")}, Mode::kOneShot), Requirements{"RESP-08"});
  EXPECT_EQ(Blamed({Ping("a")}, {Pong("b")}, Mode::kOneShot), Requirements{"REQ-09"});
  EXPECT_EQ(Blamed({Ping("a")}, {Pong("a"), Pong("a")}, Mode::kOneShot), Requirements{"LIFE-04"});
}

// A host that takes the freedom of a SHOULD is asked for the rest all the same.
TEST(Account, LapsesAreNoFaults) {
  Account account(Mode::kStream, {}, "mock answer");
  account.Sent(Ping("a", ",\"ts_ms\":1,\"ts_ms\":2"), 0);
  account.Received(Pong("a"));
  account.Settle();
  EXPECT_TRUE(account.faults().empty());
  ASSERT_EQ(account.lapses().size(), 1u);
  EXPECT_TRUE(account.lapses()[0].lapse);
}

TEST(Account, EofBeforeALineIsAnsweredInAOneShot) {
  EXPECT_EQ(Blamed({""}, {Refusal("unknown")}, Mode::kOneShot), Requirements{});
  EXPECT_EQ(Blamed({""}, {}, Mode::kOneShot), Requirements{"FRAME-15"});
  EXPECT_EQ(Blamed({""}, {}), Requirements{});
}

}  // namespace
}  // namespace touchstone::fuzz
