#include "conformance/run/waivers.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <charconv>
#include <set>

#include "conformance/contract/shape.h"
#include "conformance/observe/json_file.h"
#include "conformance/observe/strict_json.h"

namespace touchstone {
namespace {

using boost::json::object;
using std::chrono::year_month_day;

std::optional<year_month_day> AsDate(std::string_view text) {
  int parts[3] = {};
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const std::pair<int, int> places[] = {{0, 4}, {5, 2}, {8, 2}};
  for (int i = 0; i < 3; ++i) {
    const char* begin = text.data() + places[i].first;
    const char* end = begin + places[i].second;
    if (std::from_chars(begin, end, parts[i]).ptr != end) return std::nullopt;
  }
  const year_month_day date{std::chrono::year(parts[0]),
                            std::chrono::month(static_cast<unsigned>(parts[1])),
                            std::chrono::day(static_cast<unsigned>(parts[2]))};
  return date.ok() ? std::optional(date) : std::nullopt;
}

std::string DateText(year_month_day date) {
  return fmt::format("{:04}-{:02}-{:02}", int(date.year()), unsigned(date.month()),
                     unsigned(date.day()));
}

// Reads one entry; every fault is said with the line it stands on.
class EntryReader {
 public:
  EntryReader(const JsonFile& file, std::size_t index)
      : file_(file), path_{"waivers", std::to_string(index)} {}

  tl::expected<Waiver, std::string> Read(
      const object& entry, const std::function<bool(const std::string&)>& is_requirement) {
    Waiver waiver;
    waiver.where = fmt::format("{}:{}", file_.file.string(), LineOf(file_.text, path_));
    for (const auto& [key_view, value] : entry) {
      const std::string key(key_view);
      if (!value.is_string() || value.get_string().empty())
        return Fault(key, "expected a string that is not empty");
      const std::string text(value.get_string());
      if (key == "requirement") {
        if (!is_requirement(text))
          return Fault(key, fmt::format("\"{}\" is no requirement of the contract", text));
        waiver.requirement = text;
      } else if (key == "check") {
        waiver.check = text;
      } else if (key == "mode") {
        waiver.mode = ModeFromString(text);
        if (!waiver.mode) return Fault(key, fmt::format("expected S, O or B, got \"{}\"", text));
      } else if (key == "message") {
        waiver.message = text;
      } else if (key == "reason") {
        waiver.reason = text;
      } else if (key == "owner") {
        waiver.owner = text;
      } else if (key == "expires") {
        const auto date = AsDate(text);
        if (!date)
          return Fault(key, fmt::format("expected a date such as 2026-12-31, got \"{}\"", text));
        waiver.expires = *date;
      } else {
        return Fault(key,
                     "unknown key; known: requirement check mode message reason owner expires");
      }
    }
    if (waiver.requirement.empty() == waiver.check.empty())
      return Fault("", "a waiver names either a `requirement` or a `check`");
    for (const char* needed : {"reason", "owner", "expires"}) {
      if (!entry.contains(needed)) return Fault("", fmt::format("`{}` is missing", needed));
    }
    return waiver;
  }

 private:
  tl::unexpected<std::string> Fault(const std::string& key, const std::string& message) const {
    auto path = path_;
    if (!key.empty()) path.push_back(key);
    return tl::unexpected(fmt::format("{}:{}: {}{}", file_.file.string(), LineOf(file_.text, path),
                                      key.empty() ? "" : "`" + key + "`: ", message));
  }

  const JsonFile& file_;
  const std::vector<std::string> path_;
};

}  // namespace

bool Waiver::Matches(const CheckResult& result, const Violation& violation) const {
  if (!requirement.empty() && violation.requirement != requirement) return false;
  if (!check.empty() && ::fnmatch(check.c_str(), result.check.c_str(), 0) != 0) return false;
  if (mode && *mode != result.mode) return false;
  return violation.message.find(message) != std::string::npos;
}

std::string Waiver::Subject() const {
  auto text = requirement.empty() ? "check " + check : "requirement " + requirement;
  if (mode) text += fmt::format(" [{}]", ToString(*mode));
  return text;
}

tl::expected<std::vector<Waiver>, std::string> LoadWaivers(
    const std::filesystem::path& path,
    const std::function<bool(const std::string&)>& is_requirement) {
  auto file = ReadJsonFile(path);
  if (!file) return tl::unexpected(file.error());
  const auto* root = file->value.if_object();
  const auto* list = root && root->size() == 1 ? root->if_contains("waivers") : nullptr;
  if (!list || !list->is_array())
    return tl::unexpected(file->Fault({}, "expected {\"waivers\":[…]}"));
  std::vector<Waiver> waivers;
  for (std::size_t i = 0; i < list->get_array().size(); ++i) {
    const auto* entry = list->get_array()[i].if_object();
    if (!entry)
      return tl::unexpected(file->Fault({"waivers", std::to_string(i)}, "expected an object"));
    auto waiver = EntryReader(*file, i).Read(*entry, is_requirement);
    if (!waiver) return tl::unexpected(waiver.error());
    waivers.push_back(std::move(*waiver));
  }
  return waivers;
}

std::string WaiversFor(const std::vector<CheckResult>& results, year_month_day today) {
  std::set<std::string> broken;
  for (const auto& result : results) {
    for (const auto& violation : result.judgement.violations) broken.insert(violation.requirement);
  }
  const year_month_day expires{std::chrono::sys_days(today) + std::chrono::days(30)};
  std::string text = "{\"waivers\":[";
  for (const auto& id : broken) {
    const object entry{{"requirement", id},
                       {"reason", "recorded by --write-waivers: say why this may fail"},
                       {"owner", "say who mends it"},
                       {"expires", DateText(expires)}};
    text += fmt::format("{}\n  {}", id == *broken.begin() ? "" : ",", ToJson(entry));
  }
  return text + "\n]}\n";
}

year_month_day Today() {
  return std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now());
}

}  // namespace touchstone
