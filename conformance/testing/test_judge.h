// A rig for tests of the judge: the judge's own player, with testing/mini_host.py as the host,
// which obeys the contract or breaks exactly one thing.
//
// One bench per host; a bench may play any number of cases, from one thread.
#pragma once

#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/drive/rig.h"
#include "conformance/golden/case_file.h"
#include "conformance/golden/case_runner.h"

namespace touchstone::testing {

// A folder for one test, removed with all that is in it.
class TestFolder {
 public:
  TestFolder();
  ~TestFolder();
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// Writes a file and makes it executable when it is a script ("#!").
void WriteFile(const std::filesystem::path& file, std::string_view text);
std::string ReadFile(const std::filesystem::path& file);

// What starts mini_host.py; an empty defect: it is good.
std::vector<std::string> MiniHostCommand(const std::string& defect = {});

// What starts calling_host.py, which calls the provider as the contract says, but for the defect.
std::vector<std::string> CallingHostCommand(bool stream, const std::string& defect = {});

class Bench {
 public:
  // Makes this process what the judge is: a subreaper, to whom orphans of a host come, and deaf to
  // SIGPIPE.
  explicit Bench(std::vector<std::string> command = MiniHostCommand());

  Rig& rig() { return *rig_; }
  // For hosts that never do what is awaited: the judge waits as briefly as it ever does.
  void Hurry();
  // Plays a case given as the text of a file, whose name is "test/case". It must be one case.
  PlayResult Play(const std::string& text, Mode mode);
  // As above with a first line made here: requirements CTRL-01, this mode alone.
  PlayResult PlaySteps(const std::string& steps, Mode mode);

 private:
  TestFolder folder_;
  std::unique_ptr<Rig> rig_;
};

// The cases of a file's text, without asking the catalogue: each ID of the form AREA-NN will do.
tl::expected<std::vector<Case>, std::vector<CaseError>> Parse(const std::string& text);

// The requirements that were blamed.
std::set<std::string> Blamed(const PlayResult& result);
// All messages of a result, for a test's own failure report.
std::string Describe(const PlayResult& result);

}  // namespace touchstone::testing
