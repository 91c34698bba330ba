#include "conformance/record/draft.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>

#include "conformance/observe/framing.h"
#include "conformance/observe/strict_json.h"
#include "conformance/record/pattern.h"

namespace touchstone::record {
namespace {

using boost::json::array;
using boost::json::object;
using boost::json::value;

array Strings(const std::vector<std::string>& texts) {
  array list;
  for (const auto& text : texts) list.emplace_back(text);
  return list;
}

// Writes the lines of a draft, and gathers what is to be reviewed.
class Writer {
 public:
  Writer(const Case& script, Mode mode, const std::string& host, Draft& draft)
      : script_(script), mode_(mode), draft_(draft) {
    object head{
        {"case", draft.name},
        {"draft", true},
        {"requirements", Strings(script.requirements)},
        {"modes", array{ToString(mode)}},
        {"about", fmt::format("{}{} (Recorded from {}. It says what that host did, not what "
                              "is right: hold each value against docs/contract.md.)",
                              kDraftAbout, script.about, host)}};
    if (!script.env.empty()) head["env"] = script.env;
    if (!script.capabilities.empty()) head["capabilities"] = Strings(script.capabilities);
    if (!script.dialects.empty()) head["dialects"] = Strings(script.dialects);
    Line(head);
  }

  void Act(const Step& step) {
    object line{{step.kind, step.argument}};
    for (const auto& [key, modifier] : step.modifiers) {
      if (key != "modes") line[key] = modifier;
    }
    Line(line);
  }

  void Expect(const Heard& once, const Heard& again) {
    ++draft_.answers;
    if (!once.json || !again.json) {
      return Review(fmt::format("a line that is no JSON object cannot be expected: {}",
                                Excerpt(once.json ? again.bytes : once.bytes, 120)));
    }
    const auto pattern =
        PatternOf(mode_, once.json->get_object(), again.json->get_object(), once.request);
    object line{{"expect", pattern.object}};
    if (!pattern.notes.empty()) Note(line, fmt::format("{}", fmt::join(pattern.notes, "; ")));
    Line(line);
  }

  void Exit(std::optional<int> once, std::optional<int> again) {
    if (!once && !again) return;
    if (once == again) return Line(object{{"expect_exit", *once}});
    object line{{"expect_exit", "<any>"}};
    Note(line, "the exit status differed between two plays");
    Line(line);
  }

  void Calls(const Passage& once, const Passage& again) {
    if (!once.calls || !again.calls) return;
    object saw{{"calls", *once.calls}};
    const bool steady = once.calls == again.calls;
    if (!steady) saw["calls"] = "<integer>";
    if (!once.turns.empty() && once.turns == again.turns) saw["turns"] = Literal(once.turns);
    object line{{"provider_saw", saw}};
    if (!steady)
      Note(line, fmt::format("{} calls in one play, {} in another", *once.calls, *again.calls));
    Line(line);
  }

  // Of no line: the next one that is written carries it, or the last that was.
  void Review(const std::string& text) {
    draft_.reviews.push_back(text);
    waiting_ += (waiting_.empty() ? "" : "; ") + text;
  }

  void Finish() {
    if (waiting_.empty()) return;
    // Something must carry it; that nothing more comes holds of any right host.
    Line(object{{"expect_silence_ms", 20}});
  }

 private:
  void Note(object& line, const std::string& text) {
    draft_.reviews.push_back(text);
    line["note"] = std::string(kReviewNote) + text;
  }

  void Line(object line) {
    if (!waiting_.empty() && !line.contains("case")) {
      const value* own = line.if_contains("note");
      line["note"] = std::string(kReviewNote) + waiting_ +
                     (own && own->is_string() ? "; " + std::string(own->get_string()) : "");
      waiting_.clear();
    }
    draft_.text += ToJson(line) + "\n";
  }

  const Case& script_;
  const Mode mode_;
  Draft& draft_;
  std::string waiting_;
};

std::string Form(const Passage& passage) {
  std::string form;
  for (const auto& line : passage.lines) {
    const value* id = line.json ? line.json->get_object().if_contains("request_id") : nullptr;
    const value* type = line.json ? line.json->get_object().if_contains("type") : nullptr;
    form += fmt::format("{} {}\n", type ? ToJson(*type) : "a line", id ? ToJson(*id) : "of none");
  }
  return form;
}

std::optional<std::string> Difference(const Recording& once, const Recording& again) {
  if (once.passages.size() != again.passages.size()) return "the host was steady in neither";
  for (std::size_t i = 0; i < once.passages.size(); ++i) {
    const auto &a = once.passages[i], &b = again.passages[i];
    if (Form(a) != Form(b)) {
      return fmt::format("after step {} ({}) came\n{}in one play, and\n{}in another", i + 1,
                         a.step ? a.step->kind : "the end", Form(a), Form(b));
    }
  }
  return std::nullopt;
}

}  // namespace

std::string DraftName(const Case& script, Mode mode) {
  std::string name = script.name.substr(script.name.find('/') + 1);
  std::ranges::replace(name, '/', '-');
  return name + (mode == Mode::kStream    ? "-stream"
                 : mode == Mode::kOneShot ? "-one-shot"
                                          : "-bridge");
}

std::string DraftArea(const Case& script) {
  std::string area = script.requirements.front();
  area = area.substr(0, area.find('-'));
  for (char& c : area) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return area;
}

tl::expected<Draft, std::string> MakeDraft(const Case& script, Mode mode, const std::string& host,
                                           const Recording& once, const Recording& again) {
  for (const Recording* recording : {&once, &again}) {
    if (!recording->failure.empty()) return tl::unexpected(recording->failure);
  }
  if (const auto difference = Difference(once, again)) return tl::unexpected(*difference);
  Draft draft{DraftName(script, mode), DraftArea(script), {}, 0, {}};
  Writer writer(script, mode, host, draft);
  std::vector<std::string> told;
  for (const Recording* recording : {&once, &again}) {
    for (const auto& violation : recording->violations) {
      const auto text = fmt::format("breaks {}: {}", violation.requirement, violation.message);
      if (std::ranges::find(told, violation.requirement) != told.end()) continue;
      told.push_back(violation.requirement);
      writer.Review(text);
    }
  }
  for (std::size_t i = 0; i < once.passages.size(); ++i) {
    const auto &a = once.passages[i], &b = again.passages[i];
    if (a.step) writer.Act(*a.step);
    for (const auto& note : a.notes) writer.Review(note);
    for (std::size_t line = 0; line < a.lines.size(); ++line)
      writer.Expect(a.lines[line], b.lines[line]);
    writer.Exit(a.exit_status, b.exit_status);
    writer.Calls(a, b);
  }
  writer.Finish();
  return draft;
}

}  // namespace touchstone::record
