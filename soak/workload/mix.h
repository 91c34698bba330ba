// What a soak sends, and what it does to host and provider meanwhile: read from a mix file
// (soak/mixes/*.json, docs/soak.md). Plain values.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace touchstone::soak {

enum class RequestKind {
  kOk,            // a run that the provider answers at once
  kLong,          // … with a long prompt and a long answer
  kStreamed,      // … with stream true
  kTools,         // … that asks for a tool first; for hosts with the capability
  kRateLimited,   // the provider says 429
  kDown,          // the provider says 503
  kSlow,          // the provider takes slow_ms
  kTimeout,       // timeout_ms runs out
  kCancel,        // a run, and its cancel; sometimes too late
  kReplay,        // an earlier run once more
  kDuplicate,     // a run twice at the same time
  kMalformed,     // one of the lines that no host may accept
  kPing,          //
  kSessionChurn,  // a new session, and its session_close, sometimes while its run is under way
};
inline constexpr int kRequestKinds = 14;
std::string_view ToString(RequestKind kind);  // as in a mix file: "ok", "session_churn"

enum class ChaosKind { kOutage, kSigterm, kSigkill };
std::string_view ToString(ChaosKind kind);  // "outage", "sigterm_restart", "sigkill_restart"

struct Chaos {
  ChaosKind what = ChaosKind::kOutage;
  double first_s = 0, every_s = 0;  // soaked time
  double for_s = 0;                 // of an outage
};

struct Mix {
  std::string name, about;
  std::array<int, kRequestKinds> weights = {};  // by RequestKind; not all 0
  int sessions = 16;                            // that runs are spread over
  int long_bytes = 16384;                       // of prompt and of answer
  int slow_ms = 400, timeout_ms = 250;
  std::vector<Chaos> chaos;
  std::optional<double> canary_every_s;  // an invalid request, and a ping after its answer

  int& weight(RequestKind kind) { return weights[static_cast<std::size_t>(kind)]; }
  int weight(RequestKind kind) const { return weights[static_cast<std::size_t>(kind)]; }
};

// Strict: an unknown key, a wrong type and an impossible number are errors. "default.json:4: …".
tl::expected<Mix, std::string> ParseMix(std::string_view text, const std::string& file);
tl::expected<Mix, std::string> ReadMixFile(const std::filesystem::path& path);
// By name among the mixes of a folder (soak/mixes), or a path of a file; the error lists the names.
tl::expected<Mix, std::string> FindMix(const std::filesystem::path& folder,
                                       const std::string& name_or_file);
std::vector<std::string> MixNames(const std::filesystem::path& folder);

// One piece of chaos, at its place in soaked time.
struct ChaosEvent {
  ChaosKind what;
  double from_s, until_s;  // until: of an outage
};
// The first that begins after `after_s`; none when the mix has no chaos. Of several at the same
// moment the one that the file names first: the others are left out.
std::optional<ChaosEvent> NextChaos(const Mix& mix, double after_s);

}  // namespace touchstone::soak
