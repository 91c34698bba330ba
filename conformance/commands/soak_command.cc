#include <fmt/format.h>

#include <cstdio>

#include "conformance/commands/flags.h"
#include "conformance/commands/load_with_progress.h"

namespace touchstone {
namespace {

class SoakCommand : public Command {
 public:
  void AddFlags(CLI::App& app, Options& options) override {
    AddHostFlags(app, options);
    app.add_option("--requests", requests_, "how many")
        ->check(CLI::Range(1, 100'000'000))
        ->default_str("1000");
    AddModesFlag(app, "--mode", options.filter.modes);
  }

  int Run(const Options& options, const Context& context) override {
    auto session = OpenSession(options, context);
    if (!session) return Complain(session.error());
    int exit_status = 0;
    for (Mode mode : options.filter.modes) {
      if (!session->rig->profile.CommandFor(mode)) {
        fmt::print("skip [{}]: the profile has no command for this mode\n", ToString(mode));
        continue;
      }
      if (session->preflight.mute.contains(mode)) {
        fmt::print("fail [{}]: a ping must be answered, but {}\n", ToString(mode),
                   session->preflight.mute.at(mode));
        exit_status = 1;
        continue;
      }
      const auto result =
          RunLoadWithProgress(options, requests_, *session->rig, mode, context.stop);
      if (!result.violations.empty()) exit_status = 1;
      if (context.stop.stop_requested()) {
        fmt::print("interrupted after {} of {} requests\n", result.answered, requests_);
        return 130;
      }
    }
    return exit_status;
  }

 private:
  int requests_ = 1000;
};

const CommandRegistration<SoakCommand> kSoak(
    {.name = "soak",
     .about = "many consecutive requests; each must be answered once, as it should be",
     .examples = R"(  touchstone soak --requests 1000 --mode O        a thousand one-shot processes
  touchstone soak --requests 5000 --mode S --host-bin ./zene)"});

}  // namespace
}  // namespace touchstone
