// `touchstone fuzz --model`: random programs against the executable model of the contract.
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <sstream>

#include "conformance/commands/fuzz_flags.h"
#include "conformance/commands/session.h"
#include "conformance/fuzz/model/hunt.h"
#include "conformance/fuzz/model/model.h"

namespace touchstone {
namespace {

// The failing program as a file that --replay plays. Empty: it cannot be written.
std::string Keep(const std::filesystem::path& folder, std::uint64_t seed, const model::Find& find) {
  std::error_code ec;
  std::filesystem::create_directories(folder, ec);
  const auto file = folder / fmt::format("model-{}-{}.jsonl", seed, find.number);
  std::ofstream stream(file, std::ios::trunc);
  stream << model::Write(find.program);
  stream.close();
  return stream ? file.string() : "";
}

int Tell(const Options& options, const FuzzFlags& flags, const model::Find& find) {
  fmt::print("\nThe host broke {} in program {}.\n{}", find.played.violations.front().requirement,
             find.number, model::Describe(find));
  fmt::print("\nWhat happened:\n{}\n", find.played.transcript);
  const auto folder =
      flags.promote_dir.empty() ? std::filesystem::temp_directory_path() : flags.promote_dir;
  const auto file = Keep(folder, options.seed, find);
  if (file.empty()) return Complain({folder.string() + ": cannot be written"});
  fmt::print("Again: touchstone fuzz --model --replay {}{}\n", file, HostOptions(options));
  std::fflush(stdout);
  return 1;
}

int Replay(const FuzzFlags& flags, Rig& rig) {
  std::ifstream stream(flags.replay);
  std::stringstream text;
  text << stream.rdbuf();
  const auto program = model::ReadProgram(text.str());
  if (!program) {
    return Complain({fmt::format("{}: {}", flags.replay, program.error()), 2});
  }
  model::Find find;
  find.program = *program;
  find.steps = program->steps.size();
  find.plays = 1;
  find.reproduced = true;
  find.played = model::Play(rig, *program, rig.patience.Now());
  if (!find.played.not_played.empty()) return Complain({find.played.not_played});
  fmt::print("{}", model::Describe(find));
  if (find.played.violations.empty()) {
    fmt::print("The host did what the contract allows.\n");
    return 0;
  }
  fmt::print("\nWhat happened:\n{}\n", find.played.transcript);
  return 1;
}

}  // namespace

int PlayPrograms(const Options& options, const FuzzFlags& flags, const Context& context) {
  Options stream = options;
  stream.filter.modes = {Mode::kStream};
  auto session = OpenSession(stream, context);
  if (!session) return Complain(session.error());
  for (const auto& [mode, instead] : session->preflight.mute)
    return Complain({"the host does not answer a ping in mode S: " + instead});
  Rig& rig = *session->rig;
  if (!flags.replay.empty()) return Replay(flags, rig);
  const auto begun = std::chrono::steady_clock::now();
  model::HuntPlan plan;
  plan.seed = options.seed;
  plan.programs = flags.programs;
  plan.steps = flags.steps;
  plan.threads = options.jobs;
  auto last_told = begun;
  const auto progress = [&](const model::Hunted& so_far) {
    const auto now = std::chrono::steady_clock::now();
    if (now - last_told < std::chrono::milliseconds(options.plain ? 10'000 : 250)) return;
    last_told = now;
    fmt::print(stderr, "{}fuzz --model: {} of {} programs, {} runs, {:.0f} s{}",
               options.plain ? "" : "\r\x1b[K", so_far.programs, plan.programs, so_far.runs,
               std::chrono::duration<double>(now - begun).count(), options.plain ? "\n" : "");
    std::fflush(stderr);
  };
  const auto hunted = model::Hunt(rig, plan, context.stop, progress);
  if (!options.plain) fmt::print(stderr, "\r\x1b[K");
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  if (!hunted.not_played.empty()) return Complain({hunted.not_played});
  fmt::print(
      "fuzz --model: {} programs of up to {} steps, {} lines, {} runs, in {:.1f} s; "
      "at most {} worlds at a time\n",
      hunted.programs, flags.steps, hunted.lines, hunted.runs, took.count(), hunted.most_worlds);
  if (hunted.lost > 0) {
    fmt::print("{} of them raced more than the model can follow ({} worlds): judged in part\n",
               hunted.lost, model::Model::kMostWorlds);
  }
  if (context.stop.stop_requested()) {
    fmt::print("Interrupted: no verdict.\n");
    return 130;
  }
  if (hunted.find) return Tell(options, flags, *hunted.find);
  if (hunted.programs == 0) return Complain({"no program was played", 4});
  if (hunted.lost == hunted.programs) return Complain({"no program was judged to its end"});
  fmt::print("The host did what the contract allows.\n");
  return 0;
}

}  // namespace touchstone
