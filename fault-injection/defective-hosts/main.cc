#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>
#include <vector>

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "fault-injection/defective-hosts/shim.h"

extern char** environ;

namespace {

using namespace touchstone::defective;

int List() {
  for (const Defect& defect : Defects()) {
    std::printf("%-34s %-10s %s\n", defect.name.c_str(), defect.requirement.c_str(),
                defect.about.c_str());
  }
  return 0;
}

// As the host would have ended.
int End(int status) {
  if (status <= 128) return status;
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  ::signal(status - 128, SIG_DFL);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, status - 128);
  ::sigprocmask(SIG_UNBLOCK, &set, nullptr);
  ::raise(status - 128);
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "Runs a host that keeps Host Protocol v1, with exactly one thing broken.\n\n"
      "  defective-host --defect replay-under-the-old-id -- refhost host --protocol v1");
  std::string name;
  bool list = false;
  std::vector<std::string> command;
  app.add_option("--defect", name, "which one; --list shows them");
  app.add_flag("--list", list, "print all defects: name, requirement, what is broken");
  app.add_option("command", command, "the host and its arguments, after --");
  app.positionals_at_end();
  CLI11_PARSE(app, argc, argv);
  if (list) return List();
  const Defect* defect = FindDefect(name);
  if (!defect || command.empty()) {
    std::fprintf(stderr, "defective-host: %s\n",
                 command.empty()
                     ? "expected a host's command after --"
                     : ("no defect is named '" + name + "'; --list shows them").c_str());
    return 2;
  }
  Launch launch{command, {}};
  for (char** setting = environ; *setting; ++setting) {
    const std::string text = *setting;
    const auto equals = text.find('=');
    if (equals != text.npos) launch.environment[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return End(RunShim(std::move(launch), defect->make()));
}
