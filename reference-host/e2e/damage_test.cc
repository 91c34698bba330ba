// CRASH-04: a state directory that is full, read-only, damaged or from the future is refused in
// clear words; nothing is lost in silence and nothing is overwritten.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "reference-host/e2e/host_process.h"

namespace refhost {
namespace {

namespace fs = std::filesystem;

std::string Bytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string RunLine(const std::string& id, const std::string& key) {
  return RunRequest(id, "s", "prompt " + key, key).dump() + "\n";
}

void Damage(const std::string& kind, const std::string& path) {
  const auto size = fs::file_size(path);
  if (kind == "emptied") fs::resize_file(path, 0);
  if (kind == "halved") fs::resize_file(path, size / 2);
  if (kind == "zeros") std::ofstream(path) << std::string(size, '\0');
  if (kind == "overwritten") std::ofstream(path) << std::string(size, 'x');
  if (kind == "longer") std::ofstream(path, std::ios::app) << std::string(5000, 'x');
}

struct Case {
  std::string file;
  std::string kind;
};

class DamagedFile : public testing::TestWithParam<Case> {};

TEST_P(DamagedFile, IsRefusedOrHarmless) {
  const auto& [file, kind] = GetParam();
  TempDir dir;
  const Env env = EchoEnv(dir);
  for (int i = 0; i < 30; ++i) OneShot(RunLine("a", std::to_string(i)), env);
  const std::string path = dir.path() + "/state/" + file;
  ASSERT_TRUE(fs::exists(path));
  Damage(kind, path);
  const std::string before = Bytes(path);
  const bool is_database = file == "state.db" && kind != "longer";

  HostProcess stream(StreamArgs(), env);
  stream.Send(RunLine("b", "0"));
  const Json replay = stream.Read();
  if (is_database) {
    EXPECT_TRUE(replay.is_discarded()) << replay;
    EXPECT_EQ(stream.Wait(), 3);
    EXPECT_NE(stream.ReadStderr().find("state.db"), std::string::npos);
    const auto one = OneShot(RunLine("c", "new"), env);
    EXPECT_EQ(one.status, 3);
    EXPECT_EQ(one.json["error"]["code"], "INTERNAL") << one.out;
    EXPECT_EQ(Bytes(path), before) << "it was overwritten";
  } else {
    EXPECT_EQ(replay["text"], "echo: prompt 0") << replay;
    EXPECT_EQ(replay["replayed"], true);
    EXPECT_EQ(OneShot(RunLine("c", "new"), env).json["status"], "OK");
  }
}

INSTANTIATE_TEST_SUITE_P(
    Files, DamagedFile,
    testing::Values(Case{"state.db", "emptied"}, Case{"state.db", "halved"},
                    Case{"state.db", "zeros"}, Case{"state.db", "overwritten"},
                    Case{"state.db", "longer"}, Case{"state.db-shm", "emptied"},
                    Case{"state.db-shm", "halved"}, Case{"state.db-shm", "zeros"},
                    Case{"state.db-shm", "overwritten"}, Case{"owners.lock", "overwritten"},
                    Case{"owners.lock", "longer"}),
    [](const auto& info) {
      std::string name = info.param.file + "_" + info.param.kind;
      for (char& c : name) c = isalnum(static_cast<unsigned char>(c)) ? c : '_';
      return name;
    });

// What is damaged inside of the file is found when it is read: INTERNAL, never a wrong answer.
TEST(Damage, OfSinglePagesIsInternalOrHarmless) {
  TempDir dir;
  const Env env = EchoEnv(dir);
  for (int i = 0; i < 60; ++i) OneShot(RunLine("a", std::to_string(i)), env);
  const std::string path = dir.path() + "/state/state.db";
  const std::string log = dir.path() + "/state/state.db-wal";
  const std::string good = Bytes(path);
  const std::string good_log = Bytes(log);
  for (size_t page = 1; page * 4096 < good.size(); ++page) {
    std::string bad = good;
    bad.replace(page * 4096, 4096, 4096, 'x');
    std::ofstream(path, std::ios::binary) << bad;
    std::ofstream(log, std::ios::binary) << good_log;
    const auto one = OneShot(RunLine("b", "7"), env);
    ASSERT_TRUE(one.json.is_object()) << one.out;
    if (one.json.value("status", "") == "OK") {
      EXPECT_EQ(one.json["text"], "echo: prompt 7") << page;
    } else {
      EXPECT_EQ(one.json["error"]["code"], "INTERNAL") << page << one.out;
    }
  }
}

// A limit on file sizes fails writes as a full disk does.
TEST(Damage, AFullDiskIsInternal) {
  for (const size_t limit : {size_t{0}, size_t{20'000}, size_t{90'000}}) {
    TempDir dir;
    const Env env = EchoEnv(dir);
    if (limit > 80'000) OneShot(RunLine("a", "0"), env);
    rlimit old;
    getrlimit(RLIMIT_FSIZE, &old);
    const rlimit small{limit, old.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
    const auto one =
        OneShot(RunRequest("b", "s", std::string(200'000, 'p'), "1").dump() + "\n", env);
    setrlimit(RLIMIT_FSIZE, &old);
    EXPECT_EQ(one.json["error"]["code"], "INTERNAL") << limit << one.out.substr(0, 200);
    EXPECT_TRUE(one.status == 3 || one.status == 0) << one.status;
    const auto after = OneShot(RunLine("c", "0"), env);
    EXPECT_EQ(after.json["status"], "OK") << limit << after.out;
    EXPECT_EQ(after.json.contains("replayed"), limit > 80'000);
  }
}

TEST(Damage, ADirectoryThatCannotBeMadeIsExit3) {
  TempDir dir;
  std::ofstream(dir.path() + "/file") << "x";
  for (const auto& state : {std::string("/proc/refhost-state"), dir.path() + "/file"}) {
    Env env = {{"LLM_PROVIDER", "echo"}, {"ZENE_STATE_DIR", state}};
    const auto one = OneShot(RunLine("a", "0"), env);
    EXPECT_EQ(one.status, 3) << state;
    EXPECT_EQ(one.json["error"]["code"], "INTERNAL");
    HostProcess stream(StreamArgs(), env);
    EXPECT_EQ(stream.Wait(), 3);
    EXPECT_NE(stream.ReadStderr().find(state), std::string::npos);
  }
}

// Permissions do not stop root, who may run this in a container.
TEST(Damage, AReadOnlyDirectoryIsExit3) {
  if (geteuid() == 0) GTEST_SKIP() << "root writes anywhere";
  TempDir dir;
  const Env env = EchoEnv(dir);
  OneShot(RunLine("a", "0"), env);
  const fs::path state = dir.path() + "/state";
  fs::permissions(state, fs::perms::owner_read | fs::perms::owner_exec);
  for (const auto& entry : fs::directory_iterator(state)) {
    fs::permissions(entry.path(), fs::perms::owner_read);
  }
  EXPECT_EQ(OneShot(RunLine("b", "1"), env).status, 3);
  fs::permissions(state, fs::perms::owner_all);
}

}  // namespace
}  // namespace refhost
