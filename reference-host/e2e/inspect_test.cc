// `inspect`, and what is gone after a clean-up or a close.
#include <gtest/gtest.h>

#include <filesystem>

#include "reference-host/e2e/fake_provider.h"

namespace refhost {
namespace {

using Call = FakeProvider::Call;

std::vector<Json> Inspect(const std::string& what, const Env& env, const std::string& session = "",
                          int expected_exit = 0) {
  std::vector<std::string> args = {"inspect", what};
  if (!session.empty()) args.insert(args.end(), {"--session", session});
  HostProcess host(args, env);
  std::vector<Json> records;
  while (auto line = host.ReadLine()) records.push_back(Json::parse(*line));
  EXPECT_EQ(host.Wait(), expected_exit);
  return records;
}

int CountWorkDirs(const TempDir& dir) {
  const std::string work = dir.path() + "/state/work";
  std::error_code none;
  return static_cast<int>(std::distance(std::filesystem::directory_iterator(work, none), {}));
}

class InspectTest : public testing::Test {
 protected:
  InspectTest()
      : provider_([](const Call& call) {
          if (call.prompt == "fail") return call.Status(400);
          if (call.body["messages"].back()["role"] == "tool") return call.Answer("done");
          call.AskFor({{{"id", "c1"},
                        {"name", "write_file"},
                        {"arguments", {{"path", "f"}, {"content", "sk-canary-0123456789"}}}},
                       {{"id", "c2"}, {"name", "no_such"}, {"arguments", "{"}}});
        }),
        env_(provider_.EnvFor(dir_)) {}

  Json Run(const std::string& id, const std::string& session, const std::string& prompt,
           const Json& extra = Json::object()) {
    Json run = RunRequest(id, session, prompt, id);
    run.update(extra);
    return OneShot(run.dump() + "\n", env_).json;
  }

  TempDir dir_;
  FakeProvider provider_;
  Env env_;
};

TEST_F(InspectTest, ShowsWhatRunsHaveLeft) {
  EXPECT_TRUE(Inspect("turns", env_).empty());
  EXPECT_FALSE(std::filesystem::exists(dir_.path() + "/state")) << "it made a directory";
  EXPECT_EQ(Run("a", "s", "hi", {{"metadata", {{"trace", "t1"}}}, {"stream", false}})["text"],
            "done");
  Run("b", "s", "fail");
  Run("c", "other", "hi");

  const auto turns = Inspect("turns", env_, "s");
  ASSERT_EQ(turns.size(), 1u);
  EXPECT_EQ(turns[0]["prompt"], "hi");
  EXPECT_EQ(turns[0]["answer"], "done");

  const auto events = Inspect("events", env_, "s");
  std::string types;
  for (size_t i = 0; i < events.size(); ++i) {
    types += events[i]["event_type"].get<std::string>() + " ";
    EXPECT_EQ(events[i]["session_id"], "s");
    EXPECT_TRUE(events[i]["ts"].is_number_integer());
    EXPECT_TRUE(events[i]["payload"].is_object());
    EXPECT_EQ(events[i]["run_id"] == events[0]["run_id"], i < 6);
    EXPECT_EQ(events[i]["seq"], i < 6 ? i + 1 : i - 5);
  }
  EXPECT_EQ(types,
            "REQUEST_ACCEPTED ToolCall ToolResult ToolCall ToolResult RUN_FINISHED "
            "REQUEST_ACCEPTED RUN_FINISHED ");
  EXPECT_EQ(events[0]["payload"]["metadata"]["trace"], "t1");
  EXPECT_EQ(events[5]["payload"]["status"], "OK");
  EXPECT_EQ(events[7]["payload"]["error_code"], "INTERNAL");

  const auto audit = Inspect("audit", env_, "s");
  ASSERT_EQ(audit.size(), 2u);
  EXPECT_EQ(audit[0]["tool"], "write_file");
  EXPECT_EQ(audit[0]["outcome"], "ok");
  EXPECT_EQ(audit[0]["request_id"], "a");
  EXPECT_EQ(audit[1]["outcome"], "refused");
  for (const char* what : {"turns", "events", "audit", "idempotency"}) {
    EXPECT_EQ(Json(Inspect(what, env_)).dump().find("canary"), std::string::npos) << what;
  }
  const auto entries = Inspect("idempotency", env_);
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0]["idempotency_key"], "a");
  EXPECT_EQ(entries[0]["usage"]["total_tokens"], 14);
}

TEST_F(InspectTest, CleanUpLeavesTheAuditOnly) {
  env_["ZENE_SESSION_TTL_SEC"] = "1";
  env_["ZENE_SESSION_CLEANUP_INTERVAL_SEC"] = "1";
  Run("a", "s", "hi");
  EXPECT_EQ(CountWorkDirs(dir_), 1);
  HostProcess host(StreamArgs(), env_);
  EXPECT_TRUE(Eventually([&] { return CountWorkDirs(dir_) == 0; }));
  EXPECT_TRUE(Eventually([&] { return std::filesystem::is_empty(dir_.path() + "/state/trash"); }));
  EXPECT_TRUE(Inspect("turns", env_).empty());
  EXPECT_TRUE(Inspect("events", env_).empty());
  EXPECT_EQ(Inspect("audit", env_).size(), 2u);
  EXPECT_EQ(Inspect("idempotency", env_).size(), 1u) << "entries follow their own TTL";
}

TEST_F(InspectTest, ACloseTakesTheWorkDirectory) {
  Run("a", "s", "hi");
  Run("b", "kept", "hi");
  OneShot(R"({"protocol_version":1,"type":"session_close","request_id":"c","session_id":"s"})",
          env_);
  EXPECT_EQ(CountWorkDirs(dir_), 1);
  EXPECT_TRUE(Inspect("events", env_, "s").empty());
  EXPECT_EQ(Inspect("idempotency", env_, "s").size(), 1u);
}

TEST_F(InspectTest, RefusesWhatItCannotRead) {
  Run("a", "s", "hi");
  std::filesystem::resize_file(dir_.path() + "/state/state.db", 0);
  EXPECT_TRUE(Inspect("turns", env_, "", 3).empty());
  HostProcess host({"inspect", "everything"}, env_);
  EXPECT_EQ(host.Wait(), 2);
}

}  // namespace
}  // namespace refhost
