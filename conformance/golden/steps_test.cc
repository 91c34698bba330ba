// Each kind of step (docs/write-a-case.md), played once where it must pass and once where it must
// fail. The host is good; it is the step that asks for what does not come.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "conformance/testing/test_judge.h"

namespace touchstone::testing {
namespace {

using Ids = std::set<std::string>;
constexpr Mode S = Mode::kStream, O = Mode::kOneShot, B = Mode::kBridge;

std::string SendRun(const std::string& id, const std::string& prompt,
                    const std::string& modifiers = "") {
  return R"({"send":{"protocol_version":1,"type":"run","session_id":"s","idempotency_key":"k",)"
         R"("request_id":")" +
         id + R"(","prompt":")" + prompt + "\"}" + modifiers + "}\n";
}

std::string SendPing(const std::string& id, const std::string& modifiers = "") {
  return R"({"send":{"protocol_version":1,"type":"ping","request_id":")" + id + "\"}" + modifiers +
         "}\n";
}

const std::string kPing = SendPing("p"), kPong = "{\"expect\":{\"status\":\"PONG\"}}\n";

class Steps : public ::testing::Test {
 protected:
  void Passes(const std::string& steps, Mode mode) {
    const auto result = bench_.PlaySteps(steps, mode);
    EXPECT_TRUE(result.violations.empty() && result.harness_bug.empty()) << steps << "\n"
                                                                         << Describe(result);
  }
  // Fails by the case's requirement, for a step that says this.
  void Fails(const std::string& steps, Mode mode, const std::string& says, bool late = false) {
    const auto result = bench_.PlaySteps(steps, mode);
    EXPECT_TRUE(Blamed(result).contains("CTRL-01")) << steps << "\n" << Describe(result);
    EXPECT_EQ(result.only_late, late) << steps;
    bool said = false;
    for (const auto& violation : result.violations)
      said |= violation.message.find(says) != std::string::npos;
    EXPECT_TRUE(said) << "must say: " << says << "\n" << steps << "\n" << Describe(result);
  }
  void IsABug(const std::string& steps, Mode mode, const std::string& says) {
    const auto result = bench_.PlaySteps(steps, mode);
    EXPECT_NE(result.harness_bug.find(says), std::string::npos) << Describe(result);
  }

  Bench bench_;
};

TEST_F(Steps, Expect) {
  Passes(kPing + kPong, S);
  Fails(kPing + "{\"expect\":{\"status\":\"SONG\"}}\n", S, "expected \"SONG\", got \"PONG\"");
  Fails(kPing + kPong + "{\"expect\":{},\"deadline_ms\":50}\n", S, "nothing such came");
  Fails(kPing + kPong + "{\"expect\":{}}\n", O, "expected a line {}");
  // By request_id lines are taken out of their order, and only those.
  const std::string both = SendPing("a") + SendPing("b");
  Passes(both + "{\"expect\":{\"request_id\":\"b\"}}\n{\"expect\":{\"request_id\":\"a\"}}\n", S);
  Fails(both + "{\"expect\":{\"request_id\":\"b\",\"status\":\"SONG\"}}\n", S, "SONG");
  // The answer to "a" is there when that to "b" is.
  Fails(both + "{\"expect\":{\"request_id\":\"b\"}}\n" +
            "{\"expect\":{\"request_id\":\"x\"},\"deadline_ms\":50}\n",
        S, "not consumed");
}

TEST_F(Steps, WhatIsMissingIsMissingBecause) {
  const std::string expect = "{\"expect\":{},\"deadline_ms\":5000}\n";
  Fails("{\"close_stdin\":true}\n" + expect, S, "but the host has ended with status 0");
  Fails("{\"close_stdout\":true}\n" + expect, S, "but the stdout of the host is closed");
}

TEST_F(Steps, TheStepNamesItsFileLineAndRequirements) {
  const auto result = bench_.PlaySteps(
      kPing + "{\"expect\":{\"status\":\"SONG\"},\"requirements\":[\"REQ-08\",\"REQ-09\"]}\n", S);
  EXPECT_EQ(Blamed(result), (Ids{"REQ-08", "REQ-09"}));
  EXPECT_NE(Describe(result).find("test/case.jsonl:3: expect: "), std::string::npos);
}

TEST_F(Steps, ALineThatNoStepConsumed) {
  Fails(kPing, S, "no step consumed the line");
  Fails(kPing, B, "no step consumed the line");
}

TEST_F(Steps, ExpectAnyOrder) {
  const std::string both = SendPing("a") + SendPing("b");
  Passes(both + R"({"expect_any_order":[{"request_id":"b"},{"request_id":"a"}]})" + "\n", S);
  Fails(both + R"({"expect_any_order":[{"request_id":"b"},{"request_id":"c"}]})" + "\n", S,
        "expected one of");
  Fails(kPing + R"({"expect_any_order":[{},{}],"deadline_ms":50})" + "\n", S, "nothing such came");
}

TEST_F(Steps, OutcomeInEveryMode) {
  for (Mode mode : {S, O, B}) {
    Passes(SendRun("r", "hello") +
               R"({"outcome":{"request_id":"r","ok":true,"code":"<absent>","refused":false,)"
               R"("text":"fixed text","usage":{"total_tokens":10},"session_id":"s"}})" +
               "\n",
           mode);
    Passes(SendRun("r", "error") +
               R"({"outcome":{"request_id":"r","ok":false,"code":"PROVIDER_DOWN","text":"",)"
               R"("retryable":true,"message":"<non-empty>"}})" +
               "\n",
           mode);
    Passes(kPing + R"({"outcome":{"request_id":"p","ok":true,"text":""}})" + "\n", mode);
    Passes("{\"send_raw\":\"nonsense\\n\"}\n" +
               std::string(R"({"outcome":{"request_id":"unknown","ok":false,"refused":true,)") +
               R"("code":"INVALID_REQUEST"}})" + "\n",
           mode);
    Passes(SendRun("r", "replay") + R"({"outcome":{"request_id":"r","replayed":true}})" + "\n",
           mode);
    const std::string run = SendRun("r", "hello");
    Fails(run + R"({"outcome":{"request_id":"r","ok":false}})" + "\n", mode, "`ok`");
    Fails(run + R"({"outcome":{"request_id":"r","text":"other"}})" + "\n", mode, "`text`");
    Fails(run + R"({"outcome":{"request_id":"r","code":"BUSY"}})" + "\n", mode, "`code`");
    Fails(run + R"({"outcome":{"request_id":"r","replayed":true}})" + "\n", mode, "`replayed`");
    Fails(run + R"({"outcome":{"request_id":"r","usage":{"total_tokens":9}}})" + "\n", mode,
          "`usage.total_tokens`");
    Fails(run + R"({"outcome":{"request_id":"x"},"deadline_ms":300})" + "\n", mode, "an answer");
  }
  Fails(SendRun("r", "error") + R"({"outcome":{"request_id":"r","refused":true}})" + "\n", S,
        "`refused`");
  Passes(SendRun("r", "duplicate") +
             R"({"outcome":{"request_id":"r","ok":false,"code":"DUPLICATE_IN_PROGRESS"}})" + "\n",
         S);
}

TEST_F(Steps, Silence) {
  Passes(kPing + kPong + "{\"expect_silence_ms\":50}\n", S);
  Fails(kPing + "{\"expect_silence_ms\":10000}\n", S, "expected silence");
  // A line that waits already breaks the silence, too.
  Fails(SendPing("a") + SendPing("b") +
            "{\"expect\":{\"request_id\":\"b\"}}\n{\"expect_silence_ms\":1}\n",
        S, "expected silence");
}

TEST_F(Steps, ExitAndSignals) {
  const std::string ping = kPing + kPong;
  Passes(ping + "{\"close_stdin\":true}\n{\"expect_exit\":0}\n", S);
  Fails(ping + "{\"close_stdin\":true}\n{\"expect_exit\":3}\n", S, "got status 0");
  Fails(ping + "{\"expect_exit\":0,\"deadline_ms\":50}\n", S, "the host to exit");
  Passes(ping + "{\"signal\":\"KILL\"}\n{\"expect_exit\":{\"signal\":\"KILL\"}}\n", S);
  Passes(ping + "{\"signal\":\"TERM\"}\n{\"expect_exit\":{\"signal\":\"TERM\"}}\n", S);
  Fails(ping + "{\"signal\":\"KILL\"}\n{\"expect_exit\":{\"signal\":\"TERM\"}}\n", S, "signal 9");
  Fails(ping + "{\"signal\":\"KILL\"}\n{\"expect_exit\":9}\n", S, "signal 9");
  Passes(SendRun("r", "exit:3") + "{\"expect\":{}}\n{\"expect_exit\":\"<between:2:3>\"}\n", O);
  Fails(SendRun("r", "exit:3") + "{\"expect\":{}}\n{\"expect_exit\":\"<between:4:9>\"}\n", O,
        "got status 3");
  Passes(SendRun("r", "exit:3") + "{\"expect\":{}}\n{\"expect_exit\":\"<any>\"}\n", B);
  // While it is stopped nothing comes; afterwards it does.
  Passes(ping + "{\"signal\":\"STOP\"}\n" + SendPing("q") +
             "{\"expect_silence_ms\":50}\n{\"signal\":\"CONT\"}\n" + kPong,
         S);
}

TEST_F(Steps, StandardStreams) {
  const std::string run = SendRun("r", "stderr:careful") + "{\"outcome\":{\"request_id\":\"r\"}}\n";
  Passes(run + "{\"expect_stderr\":\"<contains:careful>\"}\n", S);
  Fails(run + "{\"expect_stderr\":\"<contains:dragons>\",\"deadline_ms\":50}\n", S, "careful");
  Passes(run + "{\"expect_stderr\":\"careful\\n\"}\n", O);
  Fails(run + "{\"expect_stderr\":\"<not:<contains:careful>>\"}\n", O, "careful");
  const std::string self_test = "{\"start\":{\"mode\":\"self_test\"}}\n";
  Passes(self_test + "{\"expect_stdout\":\"<regex:\\\"ok\\\": ?true>\"}\n{\"expect_exit\":0}\n", O);
  Fails(self_test + "{\"expect_stdout\":\"<contains:false>\"}\n", O, "true");
  Passes(R"({"start":{"args":["host","--protocol","v9"]}})"
         "\n{\"expect_stderr\":\"<contains:usage>\"}\n{\"expect_stdout\":\"\"}\n"
         "{\"expect_exit\":2}\n",
         S);
  Fails(R"({"start":{"args":["host","--protocol","v9"]}})"
        "\n{\"expect_exit\":0}\n",
        S, "got status 2");
}

TEST_F(Steps, CloseStdout) {
  Passes(kPing + kPong + "{\"close_stdout\":true}\n" + SendPing("q") +
             "{\"expect_stderr\":\"<contains:BrokenPipe>\"}\n"
             "{\"expect_exit\":\"<between:1:255>\"}\n",
         S);
}

TEST_F(Steps, Restart) {
  const std::string once = SendRun("r", "save:one") + "{\"outcome\":{\"request_id\":\"r\"}}\n";
  Passes(once + "{\"restart\":true}\n" + once + "{\"state_dir_contains\":\"oneone\"}\n", S);
  Passes(once + "{\"restart\":\"KILL\"}\n" + once, S);
  Passes(once + "{\"restart\":\"TERM\"}\n" + once, S);
  Bench bad(MiniHostCommand("exit-1"));
  EXPECT_EQ(Blamed(bad.PlaySteps(once + "{\"restart\":true}\n", S)), Ids{"FRAME-13"});
}

TEST_F(Steps, StateDirectory) {
  const std::string run = SendRun("r", "save:needle") + "{\"outcome\":{\"request_id\":\"r\"}}\n";
  for (Mode mode : {S, O, B}) {
    Passes(run + "{\"state_dir_contains\":\"needle\"}\n{\"state_dir_lacks\":\"hay\"}\n", mode);
    Fails(run + "{\"state_dir_lacks\":\"needle\"}\n", mode, "saved contains \"needle\"");
    Fails(run + "{\"state_dir_contains\":\"hay\"}\n", mode, "no file of the state directory");
  }
  // Each play has a state directory of its own.
  Passes(run + "{\"state_dir_lacks\":\"needleneedle\"}\n", S);
}

TEST_F(Steps, Environment) {
  const auto answer = [](const std::string& text) {
    return SendRun("r", "env:COLOUR") + R"({"outcome":{"request_id":"r","text":")" + text +
           "\"}}\n";
  };
  Passes(answer("(unset)"), O);
  Passes("{\"env\":{\"COLOUR\":\"red\"}}\n" + answer("red"), O);
  Fails("{\"env\":{\"COLOUR\":\"red\"}}\n" + answer("blue"), O, "red");
  Passes("{\"env\":{\"COLOUR\":\"red\"}}\n{\"env\":{\"COLOUR\":null}}\n" + answer("(unset)"), S);
  Passes("{\"env\":{\"COLOUR\":\"${provider.model}\"}}\n" + answer("mock-model"), S);
}

TEST_F(Steps, RawAndSlowWriting) {
  const std::string ping = R"({"protocol_version":1,"type":"ping","request_id":"p"})";
  std::string quoted = "\"";
  for (char c : ping) quoted += c == '"' ? std::string("\\\"") : std::string(1, c);
  for (Mode mode : {S, O, B}) {
    const std::string answer = "{\"outcome\":{\"request_id\":\"p\",\"ok\":true}}\n";
    Passes("{\"send_raw\":" + quoted + "\\n\"}\n" + answer, mode);
    Passes("{\"send_slowly\":" + ping + "}\n" + answer, mode);
    Passes("{\"send_slowly\":" + quoted + "\\r\\n\",\"chunk_bytes\":7,\"gap_ms\":0}\n" + answer,
           mode);
    Fails("{\"send_raw\":[" + quoted + ",\\n\"]}\n" +
              R"({"outcome":{"request_id":"p"},"deadline_ms":200})" + "\n",
          mode, "an answer");
    Fails("{\"send_slowly\":{\"type\":\"ping\"}}\n" + answer.substr(0, answer.size() - 2) +
              ",\"deadline_ms\":200}\n",
          mode, "an answer");
  }
  Passes(R"({"send_raw":[{"base64":"eyJ0eXBlIjoicGluZyIs"},"\"request_id\":\"p\"",)"
         R"({"repeat":" ","times":9},"}\n"]})"
         "\n" +
             kPong,
         S);
}

TEST_F(Steps, KeepOpenAndContinue) {
  const std::string head = R"({"send_raw":"{\"type\":\"ping\",","keep_open":true})"
                           "\n";
  const std::string rest = R"({"send_raw":"\"request_id\":\"p\"}\n","continue":true})"
                           "\n";
  const std::string answer = "{\"outcome\":{\"request_id\":\"p\",\"ok\":true}}\n";
  for (Mode mode : {O, B}) {
    Passes(head + "{\"expect_silence_ms\":50}\n" + rest + answer, mode);
    Passes(head + "{\"close_stdin\":true}\n{\"outcome\":{\"request_id\":\"unknown\"}}\n", mode);
  }
  IsABug(rest, O, "`continue` needs a process");
}

TEST_F(Steps, NamedProcesses) {
  const std::string two = SendRun("a", "save:x", ",\"process\":\"one\"") +
                          SendRun("b", "save:y", ",\"process\":\"two\"");
  for (Mode mode : {S, O, B}) {
    Passes(two +
               "{\"outcome\":{\"request_id\":\"b\"},\"process\":\"two\"}\n"
               "{\"outcome\":{\"request_id\":\"a\"},\"process\":\"one\"}\n",
           mode);
  }
  Fails(two + "{\"outcome\":{\"request_id\":\"a\"},\"process\":\"two\",\"deadline_ms\":100}\n", S,
        "an answer");
  IsABug("{\"expect\":{},\"process\":\"nobody\"}\n", O, "no host process");
}

TEST_F(Steps, StepsForSomeModes) {
  const std::string steps = kPing + "{\"expect\":{},\"modes\":[\"S\"]}\n";
  Passes(steps, S);
  Fails(steps, O, "no step consumed the line");
}

TEST_F(Steps, BoundsOnTime) {
  const std::string ping = SendPing("p", ",\"mark\":\"asked\"");
  Passes(ping + "{\"expect\":{},\"within_ms\":60000,\"not_before_ms\":0}\n", S);
  Fails(ping + "{\"expect\":{},\"not_before_ms\":60000}\n", S, "must not come before 60000 ms",
        true);
  Fails(ping + "{\"expect\":{},\"within_ms\":0}\n", S, "must come within 0 ms", true);
  // The pause is counted from the mark, and not from the last step.
  const std::string later = "{\"sleep_ms\":60}\n" + SendPing("q") + "{\"expect\":{}}\n";
  Passes(ping + later +
             "{\"expect\":{\"request_id\":\"q\"},\"not_before_ms\":60,\"since\":\"asked\"}\n",
         S);
  Fails(ping + later + "{\"expect\":{\"request_id\":\"q\"},\"within_ms\":59,\"since\":\"asked\"}\n",
        S, "must come within 59 ms", true);
  Fails(
      ping +
          "{\"expect\":{}}\n{\"close_stdin\":true}\n{\"expect_exit\":0,\"not_before_ms\":60000}\n",
      S, "must not come before", true);
  Fails(ping + "{\"outcome\":{\"request_id\":\"p\"},\"within_ms\":0}\n", S, "within 0 ms", true);
  IsABug(SendPing("p", ",\"mark\":\"m\",\"modes\":[\"O\"]") + kPing +
             "{\"expect\":{},\"within_ms\":5,\"since\":\"m\"}\n",
         S, "the mark \"m\" was not set");
}

TEST_F(Steps, UnknownVariable) {
  IsABug("{\"send\":{\"a\":\"${nonsense}\"}}\n", S, "unknown variable ${nonsense}");
}

}  // namespace
}  // namespace touchstone::testing
