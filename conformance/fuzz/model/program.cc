#include "conformance/fuzz/model/program.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "conformance/observe/strict_json.h"

namespace touchstone::model {
namespace {

constexpr std::array<std::string_view, 8> kActs = {
    "ping", "run", "cancel", "session_close", "malformed", "release", "eof", "term"};
constexpr std::array<std::string_view, 5> kTwists = {"fresh", "same-pair", "same-key", "same-id",
                                                     "colon"};
constexpr std::array<std::string_view, 7> kProviders = {"ok",       "held", "slow",     "auth",
                                                        "rejected", "down", "held-down"};

template <typename E, std::size_t N>
std::optional<E> Named(const std::array<std::string_view, N>& names, std::string_view name) {
  const auto found = std::ranges::find(names, name);
  if (found == names.end()) return std::nullopt;
  return static_cast<E>(found - names.begin());
}

template <typename E, std::size_t N>
std::string_view NameOf(const std::array<std::string_view, N>& names, E value) {
  return names[static_cast<std::size_t>(value)];
}

rc::Gen<bool> Seldom(int percent) {
  return rc::gen::map(rc::gen::inRange(0, 100), [=](int n) { return n >= 100 - percent; });
}

rc::Gen<Step> Steps() {
  using rc::gen::set;
  const auto act = rc::gen::weightedElement<Act>({{46, Act::kRun},
                                                  {14, Act::kCancel},
                                                  {5, Act::kClose},
                                                  {5, Act::kPing},
                                                  {5, Act::kMalformed},
                                                  {22, Act::kRelease},
                                                  {1, Act::kEof},
                                                  {2, Act::kTerm}});
  const auto twist = rc::gen::weightedElement<Twist>({{50, Twist::kFresh},
                                                      {30, Twist::kSamePair},
                                                      {7, Twist::kSameKey},
                                                      {7, Twist::kSameId},
                                                      {6, Twist::kColon}});
  const auto provider = rc::gen::weightedElement<Provider>({{34, Provider::kOk},
                                                            {40, Provider::kHeld},
                                                            {6, Provider::kSlow},
                                                            {5, Provider::kAuth},
                                                            {5, Provider::kRejected},
                                                            {5, Provider::kDown},
                                                            {5, Provider::kHeldDown}});
  return rc::gen::build<Step>(set(&Step::act, act), set(&Step::pick, rc::gen::inRange(0, 5)),
                              set(&Step::session, rc::gen::inRange(0, 3)), set(&Step::twist, twist),
                              set(&Step::provider, provider), set(&Step::short_timeout, Seldom(6)),
                              set(&Step::at_once, Seldom(35)));
}

}  // namespace

rc::Gen<Program> Programs(int steps) {
  // A generator's size bounds the length of containers; within a step it must not.
  auto list = rc::gen::resize(
      steps, rc::gen::container<std::vector<Step>>(rc::gen::resize(rc::kNominalSize, Steps())));
  auto limits =
      rc::gen::resize(rc::kNominalSize,
                      rc::gen::build<Limits>(rc::gen::set(&Limits::slots, rc::gen::inRange(1, 4)),
                                             rc::gen::set(&Limits::queue, rc::gen::inRange(0, 4))));
  return rc::gen::build<Program>(rc::gen::set(&Program::limits, std::move(limits)),
                                 rc::gen::set(&Program::steps, std::move(list)));
}

Program ProgramOf(std::uint64_t seed, int number, int steps) {
  const rc::Random root(seed * 1'000'003 + static_cast<std::uint64_t>(number));
  return Programs(steps)(root, rc::kNominalSize).value();
}

std::string Name(Provider provider) { return std::string(NameOf(kProviders, provider)); }

std::string Write(const Program& program) {
  std::string text =
      fmt::format("{{\"slots\":{},\"queue\":{}}}\n", program.limits.slots, program.limits.queue);
  for (const Step& step : program.steps) {
    boost::json::object line{{"act", NameOf(kActs, step.act)}};
    if (step.act == Act::kRun || step.act == Act::kCancel || step.act == Act::kRelease ||
        step.act == Act::kMalformed)
      line["pick"] = step.pick;
    if (step.act == Act::kRun || step.act == Act::kCancel || step.act == Act::kClose)
      line["session"] = step.session;
    if (step.act == Act::kRun || step.act == Act::kCancel)
      line["twist"] = NameOf(kTwists, step.twist);
    if (step.act == Act::kRun) {
      line["provider"] = NameOf(kProviders, step.provider);
      if (step.short_timeout) line["short_timeout"] = true;
    }
    if (step.at_once) line["at_once"] = true;
    text += ToJson(line) + "\n";
  }
  return text;
}

namespace {

std::optional<int> Number(const boost::json::object& line, std::string_view key, int least,
                          int most) {
  const auto* value = line.if_contains(key);
  if (!value) return least;
  if (!value->is_int64() || value->get_int64() < least || value->get_int64() > most)
    return std::nullopt;
  return static_cast<int>(value->get_int64());
}

std::string_view Text(const boost::json::object& line, std::string_view key,
                      std::string_view otherwise) {
  const auto* value = line.if_contains(key);
  if (!value) return otherwise;
  return value->is_string() ? std::string_view(value->get_string()) : std::string_view();
}

bool True(const boost::json::object& line, std::string_view key) {
  const auto* value = line.if_contains(key);
  return value && value->is_bool() && value->get_bool();
}

std::optional<Step> ReadStep(const boost::json::object& line) {
  const auto act = Named<Act>(kActs, Text(line, "act", ""));
  const auto twist = Named<Twist>(kTwists, Text(line, "twist", "fresh"));
  const auto provider = Named<Provider>(kProviders, Text(line, "provider", "ok"));
  const auto pick = Number(line, "pick", 0, 1000), session = Number(line, "session", 0, 2);
  if (!act || !twist || !provider || !pick || !session) return std::nullopt;
  return Step{
      *act, *pick, *session, *twist, *provider, True(line, "short_timeout"), True(line, "at_once")};
}

}  // namespace

tl::expected<Program, std::string> ReadProgram(std::string_view text) {
  Program program;
  for (int number = 1; !text.empty(); ++number) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const auto json = ParseStrict(line);
    const auto* object = json ? json->if_object() : nullptr;
    if (!object) return tl::unexpected(fmt::format("line {}: a JSON object is expected", number));
    if (number == 1) {
      const auto slots = Number(*object, "slots", 1, 1024);
      const auto queue = Number(*object, "queue", 0, 1'000'000);
      if (!slots || !queue || !object->contains("slots"))
        return tl::unexpected(std::string("line 1: {\"slots\":1,\"queue\":0} is expected"));
      program.limits = {*slots, *queue};
      continue;
    }
    const auto step = ReadStep(*object);
    if (!step) return tl::unexpected(fmt::format("line {}: no step of a program", number));
    program.steps.push_back(*step);
  }
  return program;
}

}  // namespace touchstone::model
