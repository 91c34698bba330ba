#include "conformance/testing/test_judge.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>

#include <fstream>
#include <iterator>
#include <regex>

namespace touchstone::testing {

namespace fs = std::filesystem;

TestFolder::TestFolder() {
  std::string pattern = fs::temp_directory_path() / "touchstone-test-XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) std::abort();
  path_ = pattern;
}

TestFolder::~TestFolder() {
  std::error_code ec;
  fs::remove_all(path_, ec);
}

void WriteFile(const fs::path& file, std::string_view text) {
  {
    std::ofstream stream(file, std::ios::binary);
    stream << text;
  }
  if (text.starts_with("#!")) fs::permissions(file, fs::perms::owner_exec, fs::perm_options::add);
}

std::string ReadFile(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return std::string((std::istreambuf_iterator<char>(stream)), {});
}

std::vector<std::string> MiniHostCommand(const std::string& defect) {
  std::vector<std::string> command = {"/usr/bin/python3", "-S", "-E",
                                      TOUCHSTONE_TEST_FOLDER "/mini_host.py"};
  if (!defect.empty()) command.insert(command.end(), {"--defect", defect});
  return command;
}

std::vector<std::string> CallingHostCommand(bool stream, const std::string& defect) {
  std::vector<std::string> command = {"/usr/bin/python3", "-S", "-E",
                                      TOUCHSTONE_TEST_FOLDER "/calling_host.py"};
  if (stream) command.push_back("--stream");
  if (!defect.empty()) command.insert(command.end(), {"--defect", defect});
  return command;
}

Bench::Bench(std::vector<std::string> command) {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  ::signal(SIGPIPE, SIG_IGN);
  auto rig = MakeRig(ProfileForCommand(command), folder_.path(), 1);
  if (!rig) {
    ADD_FAILURE() << rig.error();
    std::abort();
  }
  rig_ = std::move(*rig);
}

void Bench::Hurry() {
  for (int i = 0; i < 5; ++i) rig_->patience.RanOut();
}

PlayResult Bench::Play(const std::string& text, Mode mode) {
  auto cases = Parse(text);
  if (!cases || cases->size() != 1) {
    PlayResult result;
    result.harness_bug = cases ? "the test's text must be one case" : "";
    if (!cases) {
      for (const auto& error : cases.error()) result.harness_bug += error.ToString() + "\n";
    }
    return result;
  }
  return PlayCase(*rig_, cases->front(), mode);
}

PlayResult Bench::PlaySteps(const std::string& steps, Mode mode) {
  return Play(
      fmt::format(R"({{"case":"case","requirements":["CTRL-01"],"modes":["{}"],"about":"A test."}})"
                  "\n{}",
                  ToString(mode), steps),
      mode);
}

tl::expected<std::vector<Case>, std::vector<CaseError>> Parse(const std::string& text) {
  static const fs::path file = "test/case.jsonl";
  return ParseCaseFile(file, "test/case", text, [](const std::string& id) {
    return std::regex_match(id, std::regex("[A-Z]+-[0-9][0-9]"));
  });
}

std::set<std::string> Blamed(const PlayResult& result) {
  std::set<std::string> ids;
  for (const auto& violation : result.violations) ids.insert(violation.requirement);
  return ids;
}

std::string Describe(const PlayResult& result) {
  std::string text;
  if (!result.harness_bug.empty()) text += "harness bug: " + result.harness_bug + "\n";
  if (!result.not_playable.empty()) text += "not playable: " + result.not_playable + "\n";
  for (const auto& violation : result.violations)
    text += violation.requirement + ": " + violation.message + "\n";
  return text + result.transcript;
}

}  // namespace touchstone::testing
