#include "conformance/golden/case_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <regex>

#include "conformance/drive/conversation.h"
#include "conformance/golden/step_kinds.h"
#include "conformance/observe/strict_json.h"
#include "conformance/profile/profile.h"
#include "conformance/profile/substitute.h"

namespace touchstone {
namespace {

using boost::json::object;
using boost::json::value;

std::vector<std::string> Strings(const value* list) {
  std::vector<std::string> strings;
  if (list && list->is_array()) {
    for (const auto& item : list->get_array()) {
      if (item.is_string()) strings.emplace_back(item.get_string());
    }
  }
  return strings;
}

// Reads one file; collects every fault instead of stopping at the first.
class Reader {
 public:
  Reader(const std::filesystem::path& file, const std::string& name,
         const std::function<bool(const std::string&)>& is_requirement)
      : file_(file), name_(name), is_requirement_(is_requirement) {}

  void Read(std::string_view text) {
    std::vector<std::pair<int, value>> lines;
    int number = 0;
    while (!text.empty()) {
      ++number;
      const auto lf = text.find('\n');
      const auto line = text.substr(0, lf);
      text.remove_prefix(lf == std::string_view::npos ? text.size() : lf + 1);
      if (line.empty()) {
        Fault(number, "a blank line; a case file is one JSON object per line");
        continue;
      }
      auto json = ParseStrict(line);
      if (!json) {
        Fault(number, fmt::format("not JSON: {}", json.error().message));
      } else if (!json->is_object()) {
        Fault(number, "expected a JSON object");
      } else {
        lines.emplace_back(number, std::move(*json));
      }
    }
    if (!errors_.empty()) return;
    if (lines.size() < 2)
      return Fault(1, "a case has a first line that describes it and at least one step");
    for (const auto& row : ReadRows(lines.front().second.get_object())) Expand(row, lines);
  }

  std::vector<CaseError> errors_;
  std::vector<Case> cases_;

 private:
  struct Row {
    std::string name;
    object values;
  };

  void Fault(int line, std::string message) {
    CaseError error{file_, line, std::move(message)};
    // Rows repeat the same fault.
    for (const auto& known : errors_) {
      if (known.line == error.line && known.message == error.message) return;
    }
    errors_.push_back(std::move(error));
  }

  std::vector<Row> ReadRows(const object& head) {
    const value* rows = head.if_contains("rows");
    if (!rows) return {Row{"", {}}};
    std::vector<Row> read;
    static const std::regex kRowName("[a-z0-9-]+");
    if (!rows->is_array() || rows->get_array().empty()) {
      Fault(1, "`rows` must be a list of objects that is not empty");
      return read;
    }
    for (const auto& row : rows->get_array()) {
      const auto* name = row.is_object() ? row.get_object().if_contains("name") : nullptr;
      if (!name || !name->is_string() ||
          !std::regex_match(std::string(name->get_string()), kRowName)) {
        Fault(1, fmt::format("each row needs a `name` of a-z, 0-9 and -, got {}",
                             ToJson(row).substr(0, 80)));
        continue;
      }
      const std::string text(name->get_string());
      if (std::any_of(read.begin(), read.end(),
                      [&](const Row& other) { return other.name == text; })) {
        Fault(1, fmt::format("two rows are called \"{}\"", text));
      }
      read.push_back({text, row.get_object()});
    }
    return read;
  }

  void Expand(const Row& row, const std::vector<std::pair<int, value>>& lines) {
    const Lookup lookup = [&](std::string_view name) -> std::optional<value> {
      if (!name.starts_with("row.")) return std::nullopt;
      const value* found = row.values.if_contains(name.substr(4));
      return found ? std::optional(*found) : std::nullopt;
    };
    Case result;
    result.file = file_;
    result.name = row.name.empty() ? name_ : name_ + "/" + row.name;
    object head = lines.front().second.get_object();
    head.erase("rows");
    ReadHead(Resolve(1, head, lookup), result);
    for (std::size_t i = 1; i < lines.size(); ++i) {
      ReadStep(lines[i].first, Resolve(lines[i].first, lines[i].second, lookup), result);
    }
    cases_.push_back(std::move(result));
  }

  // With the row's values. What else has the form of a variable must be one that a play knows.
  object Resolve(int line, const value& text, const Lookup& row) {
    value resolved = Substitute(text, row, false);
    for (const auto& name : VariablesIn(resolved)) {
      if (Conversation::IsVariable(name)) continue;
      Fault(line, fmt::format("unknown variable ${{{}}}; known: {}{}; $${{ is a literal ${{", name,
                              fmt::join(Conversation::kVariables, " "),
                              name.starts_with("row.") ? ", and the row's keys" : ""));
    }
    return std::move(resolved.get_object());
  }

  void ReadHead(const object& head, Case& into) {
    static constexpr std::string_view kKeys[] = {"case",   "requirements", "modes",    "about",
                                                 "env",    "capabilities", "dialects", "timing",
                                                 "serial", "draft"};
    for (const auto& [key, ignored] : head) {
      if (std::find(std::begin(kKeys), std::end(kKeys), std::string_view(key)) == std::end(kKeys)) {
        Fault(1, fmt::format("unknown key \"{}\" in the first line; known: {} rows",
                             std::string_view(key), fmt::join(kKeys, " ")));
      }
    }
    for (std::string_view key : {"requirements", "modes", "capabilities", "dialects"}) {
      const value* list = head.if_contains(key);
      if (list && (!list->is_array() || Strings(list).size() != list->get_array().size()))
        Fault(1, fmt::format("`{}` must be a list of strings", key));
    }
    const auto stem = name_.substr(name_.find_last_of('/') + 1);
    const value* name = head.if_contains("case");
    if (!name || !name->is_string() || name->get_string() != stem) {
      Fault(1, fmt::format("`case` must be the file's name, \"{}\"", stem));
    }
    const value* about = head.if_contains("about");
    if (about && about->is_string() && !about->get_string().empty()) {
      into.about = about->get_string();
    } else {
      Fault(1, "`about` must be a sentence: what is proven");
    }
    into.requirements = Strings(head.if_contains("requirements"));
    CheckRequirements(1, into.requirements);
    if (into.requirements.empty())
      Fault(1, "`requirements` must name at least one ID of the contract");
    for (const auto& mode : Strings(head.if_contains("modes"))) {
      const auto known = ModeFromString(mode);
      if (known && *known != Mode::kNone)
        into.modes.push_back(*known);
      else
        Fault(1, fmt::format("`modes` are S, O and B, got \"{}\"", mode));
    }
    if (into.modes.empty()) Fault(1, "`modes` must list at least one of S, O and B");
    if (const value* env = head.if_contains("env")) {
      if (auto fault = FindStepKind("env")->check(*env))
        Fault(1, "`env`: " + *fault);
      else
        into.env = env->get_object();
    }
    into.capabilities = Strings(head.if_contains("capabilities"));
    for (const auto& name : into.capabilities) {
      if (!IsCapability(name)) Fault(1, fmt::format("unknown capability \"{}\"", name));
    }
    into.dialects = Strings(head.if_contains("dialects"));
    for (const auto& name : into.dialects) {
      if (!IsDialect(name)) Fault(1, fmt::format("unknown dialect \"{}\"", name));
    }
    ReadTiming(head, into);
    into.serial = ReadFlag(head, "serial");
    into.draft = ReadFlag(head, "draft");
    if (!into.draft && into.about.starts_with(kDraftAbout))
      Fault(1,
            fmt::format("`about` still begins with \"{}\": say what the case proves", kDraftAbout));
  }

  void ReadTiming(const object& head, Case& into) {
    const value* timing = head.if_contains("timing");
    if (!timing) return;
    into.best_of_timing = timing->is_string() && timing->get_string() == "best";
    into.timing = into.best_of_timing || (timing->is_bool() && timing->get_bool());
    if (!into.timing) Fault(1, "`timing` must be true or \"best\"");
  }

  bool ReadFlag(const object& head, std::string_view key) {
    const value* flag = head.if_contains(key);
    if (flag && !flag->is_bool()) Fault(1, fmt::format("`{}` must be true or false", key));
    return flag && flag->is_bool() && flag->get_bool();
  }

  void CheckRequirements(int line, const std::vector<std::string>& ids) {
    for (const auto& id : ids) {
      if (!is_requirement_(id))
        Fault(line, fmt::format("\"{}\" is no requirement of the contract", id));
    }
  }

  void ReadStep(int line, const object& keys, Case& into) {
    Step step;
    step.line = line;
    const StepKind* kind = nullptr;
    for (const auto& [key, argument] : keys) {
      if (const StepKind* found = FindStepKind(key)) {
        if (kind)
          return Fault(line, fmt::format("two steps in one line: \"{}\" and \"{}\"", kind->name,
                                         found->name));
        kind = found;
        step.kind = found->name;
        step.argument = argument;
      }
    }
    if (!kind) {
      std::vector<std::string_view> names;
      for (const StepKind& known : StepKinds()) names.push_back(known.name);
      return Fault(line, fmt::format("unknown step \"{}\"; known: {}",
                                     keys.empty() ? "" : std::string(keys.begin()->key()),
                                     fmt::join(names, " ")));
    }
    if (auto fault = kind->check(step.argument))
      Fault(line, fmt::format("{}: {}", step.kind, *fault));
    for (const auto& [key, modifier] : keys) {
      if (std::string_view(key) == kind->name) continue;
      const bool allowed =
          IsModifierOfEveryStep(key) || std::find(kind->modifiers.begin(), kind->modifiers.end(),
                                                  std::string_view(key)) != kind->modifiers.end();
      if (!allowed) {
        Fault(line,
              fmt::format("unknown key \"{}\" beside \"{}\"; known: {} modes requirements note",
                          std::string_view(key), kind->name, fmt::join(kind->modifiers, " ")));
      } else if (auto fault = CheckModifier(key, modifier)) {
        Fault(line, fmt::format("`{}`: {}", std::string_view(key), *fault));
      } else {
        step.modifiers[key] = modifier;
      }
    }
    CheckRequirements(line, step.Requirements());
    if (!into.draft && step.Text("note").starts_with(kReviewNote))
      Fault(line, fmt::format("the note \"{}\" waits for a review", step.Text("note")));
    if (const auto since = step.Text("since"); !since.empty() && !HasMark(into, since)) {
      Fault(line, fmt::format("`since` names the mark \"{}\", which no earlier step sets", since));
    }
    into.steps.push_back(std::move(step));
  }

  static bool HasMark(const Case& so_far, const std::string& mark) {
    return std::any_of(so_far.steps.begin(), so_far.steps.end(),
                       [&](const Step& step) { return step.Text("mark") == mark; });
  }

  const std::filesystem::path& file_;
  const std::string& name_;
  const std::function<bool(const std::string&)>& is_requirement_;
};

}  // namespace

std::optional<std::int64_t> Step::Number(std::string_view modifier) const {
  const value* found = modifiers.if_contains(modifier);
  return found ? std::optional(found->get_int64()) : std::nullopt;
}

std::string Step::Text(std::string_view modifier) const {
  const value* found = modifiers.if_contains(modifier);
  return found ? std::string(found->get_string()) : std::string();
}

bool Step::Flag(std::string_view modifier) const { return modifiers.contains(modifier); }

std::vector<std::string> Step::Requirements() const {
  return Strings(modifiers.if_contains("requirements"));
}

bool Step::PlayedIn(Mode mode) const {
  if (!modifiers.contains("modes")) return true;
  const auto modes = Strings(modifiers.if_contains("modes"));
  return std::find(modes.begin(), modes.end(), ToString(mode)) != modes.end();
}

std::string CaseError::ToString() const {
  if (line == 0) return fmt::format("{}: {}", file.string(), message);
  return fmt::format("{}:{}: {}", file.string(), line, message);
}

tl::expected<std::vector<Case>, std::vector<CaseError>> ParseCaseFile(
    const std::filesystem::path& file, const std::string& name, std::string_view text,
    const std::function<bool(const std::string&)>& is_requirement) {
  Reader reader(file, name, is_requirement);
  reader.Read(text);
  if (!reader.errors_.empty()) return tl::unexpected(std::move(reader.errors_));
  return std::move(reader.cases_);
}

tl::expected<std::vector<Case>, std::vector<CaseError>> LoadCases(
    const std::filesystem::path& directory,
    const std::function<bool(const std::string&)>& is_requirement, Drafts drafts) {
  std::vector<Case> cases;
  std::vector<CaseError> errors;
  std::error_code ec;
  std::vector<std::filesystem::path> files;
  for (std::filesystem::recursive_directory_iterator it(directory, ec), end; !ec && it != end;
       it.increment(ec)) {
    if (it->is_regular_file() && it->path().extension() == ".jsonl") files.push_back(it->path());
  }
  if (ec)
    return tl::unexpected(
        std::vector<CaseError>{{directory, 0, "cannot read the folder of cases: " + ec.message()}});
  std::sort(files.begin(), files.end());
  for (const auto& file : files) {
    std::ifstream stream(file, std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(stream)), {});
    const auto name =
        std::filesystem::relative(file, directory).replace_extension().generic_string();
    auto parsed = ParseCaseFile(file, name, text, is_requirement);
    if (parsed) {
      if (drafts == Drafts::kRefused && parsed->front().draft) {
        errors.push_back({file, 1,
                          "a draft, recorded from a host: it is no golden case before it was held "
                          "against the contract (docs/record.md); `touchstone run --drafts DIR` "
                          "plays drafts"});
        continue;
      }
      for (auto& one : *parsed) {
        // Messages of a play name the file as a reader of the repository knows it.
        const auto shown =
            std::filesystem::relative(file, directory.parent_path().parent_path(), ec);
        one.file = shown.empty() ? file : shown;
        cases.push_back(std::move(one));
      }
    } else {
      for (auto& error : parsed.error()) errors.push_back(std::move(error));
    }
  }
  if (!errors.empty()) return tl::unexpected(std::move(errors));
  return cases;
}

}  // namespace touchstone
