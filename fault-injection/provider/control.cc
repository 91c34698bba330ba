#include "fault-injection/provider/control.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <numeric>

#include "fault-injection/provider/control_resource.h"
#include "fault-injection/provider/rule_text.h"

namespace touchstone::provider {

namespace {

namespace json = boost::json;

constexpr std::size_t kMaxName = 200;

struct Resource {
  std::string_view method;
  std::string_view path;  // one word; with "/NAME" any name follows
  ControlReply (*handle)(ControlRequest&);
  std::string_view about;
};

ControlReply GetIndex(ControlRequest& request);

constexpr std::array<Resource, 12> kResources{{
    {"GET", "", GetIndex, "this list"},
    {"GET", "rules", GetRules, "the rules that stand"},
    {"PUT", "rules", PutRules, "replaces them: a list of rules, or {\"rules\":[…]}"},
    {"POST", "reset", PostReset,
     "as if just started, but for the rules: journal, counters, states, barriers; {\"seed\":N}"},
    {"GET", "state", GetState, "the named state, the seed, what each rule has counted"},
    {"PUT", "state", PutState, "{\"state\":\"NAME\"}: a state that the rules know"},
    {"GET", "journal", GetJournal,
     "the calls; ?call= since= rule= matched= status= connection= dialect= method= path= text= "
     "state= ended= closed_by_caller= limit= times="},
    {"GET", "connections", GetConnections, "the TCP connections; ?since= open= limit= times="},
    {"GET", "wait", GetWait,
     "long poll until there are ?calls=N that fit (filters as for journal), or N held under "
     "&held=NAME; timeout_ms="},
    {"POST", "hold/NAME", PostHold,
     "holds calls before they are answered; the body is a match, as in a rule"},
    {"POST", "release/NAME", PostRelease, "lets them go, and later ones; ?calls=N: only the first"},
    {"GET", "holds", GetHolds, "the barriers, and who waits"},
}};

std::string_view WordOf(const Resource& resource) {
  return resource.path.substr(0, resource.path.find('/'));
}

bool IsNamed(const Resource& resource) { return resource.path.find('/') != std::string_view::npos; }

std::string FullPath(std::string_view path) { return fmt::format("{}/{}", kControlPrefix, path); }

ControlReply GetIndex(ControlRequest& request) {
  if (auto error = request.query.Error()) return *error;
  json::array resources;
  for (const Resource& resource : kResources) {
    resources.push_back(json::object{
        {"method", resource.method}, {"path", FullPath(resource.path)}, {"about", resource.about}});
  }
  return Say({{"control", "mock provider of touchstone"},
              {"resources", std::move(resources)},
              {"manual", "docs/provider-control.md, docs/provider-rules.md"}});
}

// How many letters have to be changed.
std::size_t Distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < from.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t k = 0; k < to.size(); ++k) {
      const std::size_t changed = diagonal + (from[i] == to[k] ? 0 : 1);
      diagonal = row[k + 1];
      row[k + 1] = std::min({changed, row[k] + 1, row[k + 1] + 1});
    }
  }
  return row.back();
}

ControlAnswer NoSuchPath(std::string_view path) {
  const std::string_view word = path.substr(0, std::min(path.find('/'), kMaxName));
  const auto nearest = std::min_element(
      kResources.begin() + 1, kResources.end(), [&](const Resource& a, const Resource& b) {
        return Distance(word, WordOf(a)) < Distance(word, WordOf(b));
      });
  return Refuse(404, "no_such_path",
                fmt::format("there is no {}; the nearest is {}, all are at {}",
                            Printable(FullPath(path.substr(0, kMaxName))), FullPath(nearest->path),
                            FullPath("")));
}

// The methods of the resource that the word names; HEAD goes wherever GET does.
std::string MethodsOf(std::string_view word) {
  std::string methods;
  for (const Resource& resource : kResources) {
    if (WordOf(resource) != word) continue;
    methods += fmt::format("{}{}", methods.empty() ? "" : ", ", resource.method);
    if (resource.method == "GET") methods += ", HEAD";
  }
  return methods;
}

}  // namespace

bool IsControl(std::string_view target) {
  if (!target.starts_with(kControlPrefix)) return false;
  target.remove_prefix(kControlPrefix.size());
  return target.empty() || target[0] == '/' || target[0] == '?';
}

ControlReply Control(const std::shared_ptr<LaneState>& lane, std::string_view method,
                     std::string_view target, std::string_view body) {
  target.remove_prefix(kControlPrefix.size());
  const std::size_t question = std::min(target.find('?'), target.size());
  std::string_view path = target.substr(0, question);
  if (!path.empty()) path.remove_prefix(1);
  const std::size_t slash = std::min(path.find('/'), path.size());
  const std::string_view word = path.substr(0, slash);
  const bool named = slash < path.size();

  const auto known = std::find_if(kResources.begin(), kResources.end(), [&](const Resource& r) {
    return WordOf(r) == word && IsNamed(r) == named;
  });
  if (known == kResources.end()) return NoSuchPath(path);
  const auto name = Decode(path.substr(std::min(slash + 1, path.size())), false);
  if (named && (!name || name->empty() || name->size() > kMaxName || !IsUtf8(*name))) {
    return Refuse(
        400, "bad_name",
        fmt::format("expected a name of 1 to {} bytes of UTF-8, percent-encoded", kMaxName));
  }
  const auto resource = std::find_if(kResources.begin(), kResources.end(), [&](const Resource& r) {
    return WordOf(r) == word && r.method == (method == "HEAD" ? "GET" : method);
  });
  if (resource == kResources.end()) {
    const std::string methods = MethodsOf(word);
    ControlAnswer answer = Refuse(405, "method_not_allowed",
                                  fmt::format("{} takes {}", FullPath(known->path), methods));
    answer.allow = methods;
    return answer;
  }
  ControlRequest request{lane, name.value_or(""),
                         ControlQuery(target.substr(std::min(question + 1, target.size()))), body};
  return resource->handle(request);
}

}  // namespace touchstone::provider
