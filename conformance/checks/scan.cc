#include "conformance/checks/scan.h"

#include <unistd.h>

#include <fstream>
#include <sstream>

#include <fmt/format.h>

namespace touchstone {
namespace {

namespace fs = std::filesystem;

std::string Read(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

}  // namespace

std::optional<fs::path> FileWith(const fs::path& folder, std::string_view text) {
  std::error_code ec;
  for (fs::recursive_directory_iterator it(folder, ec), end; !ec && it != end; it.increment(ec)) {
    if (it->is_regular_file(ec) && Read(it->path()).find(text) != std::string::npos)
      return it->path();
  }
  return std::nullopt;
}

std::set<std::string> PathsBelow(const fs::path& folder, const fs::path& except) {
  std::set<std::string> paths;
  std::error_code ec;
  for (fs::recursive_directory_iterator it(folder, ec), end; !ec && it != end; it.increment(ec)) {
    paths.insert(it->path().lexically_relative(folder).string());
    if (it->path() == except) it.disable_recursion_pending();
  }
  return paths;
}

std::string CommandLineOf(pid_t pid) {
  std::string words = Read(fmt::format("/proc/{}/cmdline", pid));
  for (char& c : words) {
    if (c == '\0') c = ' ';
  }
  return words;
}

std::vector<pid_t> ProcessesWith(std::string_view text) {
  std::vector<pid_t> found;
  std::error_code ec;
  for (fs::directory_iterator it("/proc", ec), end; !ec && it != end; it.increment(ec)) {
    const pid_t pid = std::atoi(it->path().filename().c_str());
    if (pid > 0 && pid != ::getpid() && pid != ::getppid() &&
        CommandLineOf(pid).find(text) != std::string::npos) {
      found.push_back(pid);
    }
  }
  return found;
}

std::optional<std::chrono::milliseconds> ProcessorTimeOf(pid_t pid) {
  const std::string text = Read(fmt::format("/proc/{}/stat", pid));
  const auto close = text.rfind(')');
  if (close == std::string::npos) return std::nullopt;
  std::istringstream fields(text.substr(close + 1));
  std::string skipped;
  for (int i = 3; i < 14; ++i) fields >> skipped;  // proc(5): utime is field 14, stime 15
  std::int64_t user = 0, system = 0;
  fields >> user >> system;
  return std::chrono::milliseconds((user + system) * 1000 / ::sysconf(_SC_CLK_TCK));
}

}  // namespace touchstone
