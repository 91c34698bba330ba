#include "soak/workload/mix.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/stream_parser.hpp>
#include <cmath>
#include <fstream>
#include <numeric>
#include <sstream>

#include "soak/json/places.h"
#include "soak/json/reader.h"

namespace touchstone::soak {
namespace {

constexpr std::array<std::string_view, kRequestKinds> kKinds = {
    "ok",      "long",   "streamed", "tools",     "rate_limited", "down", "slow",
    "timeout", "cancel", "replay",   "duplicate", "malformed",    "ping", "session_churn"};
constexpr std::array<std::string_view, 3> kChaos = {"outage", "sigterm_restart", "sigkill_restart"};

constexpr double kWeek = 7 * 24 * 3600;

void ReadWeights(const boost::json::value& json, std::optional<JsonError>& error, Mix& mix) {
  ObjectReader reader(json, "weights", error);
  for (std::size_t i = 0; i < kKinds.size(); ++i)
    reader.ReadWithin(kKinds[i], 0, 1'000'000, mix.weights[i]);
  reader.RefuseUnknown();
  if (std::accumulate(mix.weights.begin(), mix.weights.end(), 0) == 0)
    reader.Fail("", "no kind of request has a weight above 0");
}

Chaos ReadChaos(const boost::json::value& json, const std::string& path,
                std::optional<JsonError>& error) {
  ObjectReader reader(json, path, error);
  Chaos chaos;
  std::string what;
  reader.Read("what", what);
  const auto known = std::find(kChaos.begin(), kChaos.end(), what);
  if (known == kChaos.end()) {
    reader.Fail(
        "what",
        fmt::format("expected outage, sigterm_restart or sigkill_restart, got \"{}\"", what));
    return chaos;
  }
  chaos.what = static_cast<ChaosKind>(known - kChaos.begin());
  reader.Take("every_s", true);
  reader.ReadWithin("every_s", 1.0, kWeek, chaos.every_s);
  chaos.first_s = chaos.every_s;
  reader.ReadWithin("first_s", 0.0, kWeek, chaos.first_s);
  if (chaos.what == ChaosKind::kOutage) {
    reader.Take("for_s", true);
    reader.ReadWithin("for_s", 0.1, kWeek, chaos.for_s);
    if (chaos.for_s >= chaos.every_s)
      reader.Fail("for_s", "an outage as long as the time between two never ends");
  }
  reader.RefuseUnknown();
  return chaos;
}

Mix ReadMix(const boost::json::value& json, std::optional<JsonError>& error) {
  ObjectReader reader(json, "", error);
  Mix mix;
  reader.Read("about", mix.about);
  if (const auto* weights = reader.Take("weights", true)) ReadWeights(*weights, error, mix);
  reader.ReadWithin("sessions", 1, 10'000, mix.sessions);
  reader.ReadWithin("long_bytes", 64, 512 * 1024, mix.long_bytes);
  reader.ReadWithin("slow_ms", 1, 30'000, mix.slow_ms);
  reader.ReadWithin("timeout_ms", 50, 30'000, mix.timeout_ms);
  reader.ForEach("chaos", false, [&](const boost::json::value& element, const std::string& path) {
    mix.chaos.push_back(ReadChaos(element, path, error));
  });
  if (double every_s = 0; reader.Take("canary_every_s", false)) {
    reader.ReadWithin("canary_every_s", 1.0, kWeek, every_s);
    mix.canary_every_s = every_s;
  }
  reader.RefuseUnknown();
  return mix;
}

std::string Joined(const std::vector<std::string>& names) {
  std::string joined;
  for (const auto& name : names) joined += (joined.empty() ? "" : ", ") + name;
  return joined;
}

}  // namespace

std::string_view ToString(RequestKind kind) { return kKinds[static_cast<std::size_t>(kind)]; }

std::string_view ToString(ChaosKind kind) { return kChaos[static_cast<std::size_t>(kind)]; }

tl::expected<Mix, std::string> ParseMix(std::string_view text, const std::string& file) {
  boost::system::error_code wrong;
  boost::json::stream_parser parser;
  const auto parsed = parser.write_some(text.data(), text.size(), wrong);
  const auto rest = std::string_view(text).substr(std::min(parsed, text.size()));
  if (!wrong && rest.find_first_not_of(" \t\r\n") != std::string_view::npos)
    wrong = boost::json::error::extra_data;
  if (!wrong) parser.finish(wrong);
  if (wrong) {
    const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<long>(parsed), '\n');
    return tl::unexpected(fmt::format("{}:{}: not JSON: {}", file, line, wrong.message()));
  }
  const JsonPlaces places(text);
  std::optional<JsonError> error;
  Mix mix = ReadMix(parser.release(), error);
  if (!error && places.repeated()) error = JsonError{*places.repeated(), "this key is given twice"};
  if (error) {
    return tl::unexpected(fmt::format("{}:{}: {}{}{}", file, places.LineOf(error->path),
                                      error->path, error->path.empty() ? "" : ": ",
                                      error->message));
  }
  mix.name = std::filesystem::path(file).stem().string();
  return mix;
}

tl::expected<Mix, std::string> ReadMixFile(const std::filesystem::path& path) {
  std::ifstream in(path);
  std::ostringstream text;
  if (!in || !(text << in.rdbuf()))
    return tl::unexpected(fmt::format("{}: cannot be read as a mix of requests", path.string()));
  return ParseMix(text.str(), path.string());
}

std::vector<std::string> MixNames(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    if (entry.path().extension() == ".json") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

tl::expected<Mix, std::string> FindMix(const std::filesystem::path& folder,
                                       const std::string& name_or_file) {
  const bool is_file = name_or_file.find('/') != std::string::npos ||
                       std::filesystem::path(name_or_file).extension() == ".json";
  if (is_file) return ReadMixFile(name_or_file);
  const auto names = MixNames(folder);
  if (std::find(names.begin(), names.end(), name_or_file) == names.end()) {
    return tl::unexpected(
        fmt::format("no mix is called \"{}\"; known are {} (in {}), or give a file", name_or_file,
                    Joined(names), folder.string()));
  }
  return ReadMixFile(folder / (name_or_file + ".json"));
}

std::optional<ChaosEvent> NextChaos(const Mix& mix, double after_s) {
  std::optional<ChaosEvent> next;
  for (const Chaos& chaos : mix.chaos) {
    double times = std::max(0.0, std::floor((after_s - chaos.first_s) / chaos.every_s));
    double from_s = chaos.first_s + times * chaos.every_s;
    while (from_s <= after_s) from_s = chaos.first_s + ++times * chaos.every_s;
    if (!next || from_s < next->from_s) next = ChaosEvent{chaos.what, from_s, from_s + chaos.for_s};
  }
  return next;
}

}  // namespace touchstone::soak
