// touchstone record: what a live host answers, as draft cases for a person to review.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdio>
#include <fstream>
#include <set>

#include "conformance/commands/flags.h"
#include "conformance/commands/session.h"
#include "conformance/record/draft.h"
#include "conformance/record/script.h"
#include "conformance/run/plan.h"

namespace touchstone {
namespace {

namespace fs = std::filesystem;

// A folder of golden data, this repository's or another's: an answer must not get there by itself.
bool IsInGolden(const fs::path& folder) {
  std::error_code ec;
  auto path = fs::weakly_canonical(fs::absolute(folder), ec);
  for (; path.has_relative_path(); path = path.parent_path()) {
    if (fs::exists(path / "contract/requirements.json", ec)) return true;
  }
  return false;
}

class RecordCommand : public Command {
 public:
  void AddFlags(CLI::App& app, Options& options) override {
    AddHostFlags(app, options);
    app.add_option("--requests", requests_,
                   "what to send, one request a line, instead of the built-in set (docs/record.md)")
        ->check(CLI::ExistingFile);
    app.add_option("--out", out_, "the folder for the drafts")->default_str("drafts");
    AddModesFlag(app, "--modes", options.filter.modes);
    app.add_option("--only", options.filter.globs,
                   "only scripts whose name fits the glob: 'idem/*'; may be repeated")
        ->allow_extra_args(false);
  }

  std::string Check(Options&) override {
    if (!IsInGolden(out_)) return {};
    return fmt::format(
        "--out {}: this is golden data, and a golden case is never recorded: what a host answers "
        "today is no proof that it is right. Record into another folder, hold each draft against "
        "docs/contract.md, and move it by hand (docs/record.md)",
        out_.string());
  }

  int Run(const Options& options, const Context& context) override {
    auto catalogue = Catalogue::Load(options.data_dir / "golden/contract/requirements.json");
    if (!catalogue) return Complain({catalogue.error(), 2});
    auto takes = Takes(options, *catalogue);
    if (!takes) return Complain(takes.error());
    auto session = OpenSession(options, context);
    if (!session) return Complain(session.error());
    int written = 0, dubious = 0;
    const auto skipped = SkippedModes(options, *session);
    for (const Take& take : *takes) {
      if (skipped.contains(take.mode)) continue;
      const auto verdict = RecordOne(*session, take);
      if (context.stop.stop_requested()) {
        fmt::print("interrupted: {} drafts written\n", written);
        return 130;
      }
      if (!verdict) return Complain(verdict.error());
      written += *verdict != Verdict::kNotWritten;
      dubious += *verdict != Verdict::kWritten;
    }
    return Conclude(options, written, dubious);
  }

 private:
  enum class Verdict { kWritten, kToReview, kNotWritten };
  struct Take {
    Case script;
    Mode mode;
    fs::path file;
  };

  // All that is to be recorded. None of the files is there: somebody may have worked on it.
  tl::expected<std::vector<Take>, CommandError> Takes(const Options& options,
                                                      const Catalogue& catalogue) const {
    const auto known = [&](const std::string& id) { return catalogue.Find(id) != nullptr; };
    auto scripts = requests_.empty() ? record::LoadScripts(
                                           options.data_dir / "conformance/record/requests", known)
                                     : record::LoadRequests(requests_, known);
    if (!scripts) return tl::unexpected(CommandError{scripts.error(), 2});
    std::vector<Take> takes;
    for (const Case& script : *scripts) {
      if (!options.filter.Admits(script.name, script.requirements)) continue;
      for (Mode mode : options.filter.modes) {
        if (std::ranges::find(script.modes, mode) == script.modes.end()) continue;
        const auto file =
            out_ / record::DraftArea(script) / (record::DraftName(script, mode) + ".jsonl");
        if (fs::exists(file)) {
          return tl::unexpected(CommandError{
              fmt::format("{}: is there already; remove it or choose another --out", file.string()),
              2});
        }
        takes.push_back({script, mode, file});
      }
    }
    if (takes.empty()) return tl::unexpected(CommandError{"no script fits the filter"});
    return takes;
  }

  static std::set<Mode> SkippedModes(const Options& options, const Session& session) {
    std::set<Mode> skipped;
    for (Mode mode : options.filter.modes) {
      std::string why;
      if (!session.rig->profile.CommandFor(mode))
        why = "the profile has no command for this mode";
      else if (session.preflight.mute.contains(mode))
        why = "a ping is not answered, but " + session.preflight.mute.at(mode);
      if (why.empty()) continue;
      skipped.insert(mode);
      fmt::print("skip  [{}]: {}\n", ToString(mode), why);
    }
    return skipped;
  }

  tl::expected<Verdict, CommandError> RecordOne(Session& session, const Take& take) const {
    Rig& rig = *session.rig;
    const auto once = record::Record(rig, take.script, take.mode);
    const auto again = record::Record(rig, take.script, take.mode);
    const auto draft = record::MakeDraft(take.script, take.mode, rig.profile.name, once, again);
    if (!draft) {
      fmt::print("not written: {} [{}]: {}\n", take.script.name, ToString(take.mode),
                 draft.error());
      return Verdict::kNotWritten;
    }
    std::error_code ec;
    fs::create_directories(take.file.parent_path(), ec);
    std::ofstream stream(take.file, std::ios::binary);
    stream << draft->text;
    stream.close();
    if (!stream) return tl::unexpected(CommandError{take.file.string() + ": cannot be written"});
    fmt::print("draft {}: {} answers\n", take.file.string(), draft->answers);
    for (const auto& review : draft->reviews) fmt::print("  WARNING: {}\n", review);
    std::fflush(stdout);
    return draft->reviews.empty() ? Verdict::kWritten : Verdict::kToReview;
  }

  int Conclude(const Options& options, int written, int dubious) const {
    if (dubious) {
      fmt::print(
          "\n{} of the scripts are dubious: a draft that breaks a requirement demands what the "
          "contract forbids. Mend the host, or write the case from the contract.\n",
          dubious);
    }
    fmt::print(
        "\ndrafts in {}: {}. They say what this host does, not what is right: before one becomes a "
        "case, hold each value against docs/contract.md.\n"
        "to play them: touchstone run --drafts {}{}\n",
        out_.string(), written, out_.string(), HostOptions(options));
    if (written == 0) return 3;
    return dubious ? 1 : 0;
  }

  fs::path requests_, out_ = "drafts";
};

const CommandRegistration<RecordCommand> kRecord(
    {.name = "record",
     .about = "write draft cases from what a live host answers, for review",
     .group = CommandGroup::kReports,
     .examples = R"(
  touchstone record --out drafts --host-bin ./zene
  touchstone record --requests mine.jsonl --modes S -- python3 my_host.py
  touchstone run --drafts drafts --host-bin ./zene    plays what was recorded: docs/record.md)"});

}  // namespace
}  // namespace touchstone
