// The two agree on golden/json, and a difference would be noticed.
#include "ci/differential/agree.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

namespace differential {
namespace {

std::string Bytes(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(Differential, HostAndOracleAgreeOnTheCorpus) {
  const std::string run =
      R"({"protocol_version":1,"type":"run","request_id":"r","session_id":"s","prompt":"p",)"
      R"("idempotency_key":"k",)";
  int compared = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(TOUCHSTONE_SOURCE_DIR "/golden/json")) {
    if (entry.path().extension() != ".json") continue;
    const std::string bytes = Bytes(entry.path()), name = entry.path().filename();
    if (bytes.find('\n') != std::string::npos) continue;  // more than one line
    EXPECT_EQ(Difference(bytes), "") << name;
    // As the value of every known field, too: there a number, a string or an object is judged.
    for (const char* field :
         {"x", "timeout_ms", "stream", "metadata", "ts_ms", "channel_id", "agent"}) {
      EXPECT_EQ(Difference(run + '"' + field + "\":" + bytes + "}"), "") << name << " in " << field;
      ++compared;
    }
    for (const char* field : {"protocol_version", "type", "request_id", "session_id"}) {
      EXPECT_EQ(Difference(std::string("{\"") + field + "\":" + bytes +
                           R"(,"prompt":"p","idempotency_key":"k","target_request_id":"t"})"),
                "")
          << name << " as " << field;
      ++compared;
    }
  }
  EXPECT_GE(compared, 3000);
}

// What the halves say of two lines that must not be taken for the same.
TEST(Differential, DifferencesAreNoticed) {
  const std::string good = R"({"protocol_version":1,"type":"ping","request_id":"a"})";
  const std::string other = R"({"protocol_version":1,"type":"ping","request_id":"b"})";
  const std::string close =
      R"({"protocol_version":1,"type":"session_close","request_id":"a","session_id":"s"})";
  const std::string bad = R"({"protocol_version":2,"type":"ping","request_id":"a"})";
  const std::string bad_other = R"({"protocol_version":2,"type":"ping","request_id":"b"})";
  const std::string twice =
      R"({"protocol_version":1,"type":"ping","type":"ping","request_id":"a"})";
  const std::string cancel =
      R"({"protocol_version":1,"type":"cancel","request_id":"a","session_id":"s",)"
      R"("target_request_id":"t"})";
  const std::string no_target =
      R"({"protocol_version":1,"type":"cancel","request_id":"a","session_id":"s"})";
  const auto between = [](const std::string& oracle, const std::string& host) {
    return Difference(touchstone::fuzz::JudgeRequest(oracle, touchstone::Mode::kStream),
                      refhost::ParseRequest(host));
  };
  EXPECT_EQ(between(good, good), "");
  EXPECT_EQ(between(bad, bad), "");
  // A good cancel of nothing is refused by the host, not by its parser.
  EXPECT_EQ(between(cancel, cancel), "");
  for (const auto& [oracle, host] : {std::pair(good, other),
                                     {good, close},
                                     {good, bad},
                                     {bad, good},
                                     {bad, bad_other},
                                     {bad, "{}"},
                                     {twice, good},
                                     {cancel, no_target},
                                     {no_target, cancel}}) {
    EXPECT_NE(between(oracle, host), "") << oracle << " and " << host;
  }
}

}  // namespace
}  // namespace differential
