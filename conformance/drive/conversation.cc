#include "conformance/drive/conversation.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>

#include "conformance/process/proc_stats.h"
#include "conformance/profile/substitute.h"

namespace touchstone {
namespace {

namespace fs = std::filesystem;

// In the environment of each process: by it a descendant is known that has left the process group.
constexpr const char* kTag = "TOUCHSTONE_PLAY";

// Settings of the person's own shell must not reach the host under test; a proxy would catch the
// calls to loopback.
bool IsForeign(std::string_view name) {
  for (std::string_view prefix : {"ZENE_", "LLM_", "OPENAI_", "ANTHROPIC_", "TOUCHSTONE_"}) {
    if (name.starts_with(prefix)) return true;
  }
  std::string lower(name);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return lower.ends_with("_proxy") || lower == "home";
}

// Nothing when no port is to be had: then ${provider.port} has no value, and the play says so.
std::unique_ptr<provider::Server> StartProvider() {
  auto server = provider::Server::Start({});
  return server ? std::move(*server) : nullptr;
}

}  // namespace

Conversation::Conversation(Rig& rig, Mode mode, Provider provider, provider::LaneOptions lane)
    : rig_(rig),
      mode_(mode),
      lane_name_(fmt::format("{}", rig.next_play++)),
      folder_(rig.scratch / lane_name_),
      state_dir_(folder_ / "state"),
      home_(folder_ / "home"),
      own_provider_(provider == Provider::kOwn ? StartProvider() : nullptr),
      lane_(own_provider_ ? &own_provider_->OpenLane("", lane)
                          : &rig.provider->OpenLane(lane_name_, lane)) {
  std::error_code ec;
  fs::create_directories(home_, ec);
}

Conversation::~Conversation() {
  entries_.clear();  // kills what still runs
  rig_.provider->CloseLane(lane_name_);
  std::error_code ec;
  fs::permissions(folder_, fs::perms::owner_all, fs::perm_options::add, ec);
  fs::remove_all(folder_, ec);
}

std::optional<std::string> Conversation::Variable(std::string_view name) const {
  if (name == "provider.base_url")
    return lane_->base_url() + (rig_.profile.dialect == "anthropic" ? "" : "/v1");
  // Of a shared provider it is nobody's business: what comes to it belongs to no play.
  if (name == "provider.port" && own_provider_) return std::to_string(own_provider_->port());
  if (name == "provider.key") return rig_.key;
  if (name == "provider.model") return rig_.model;
  if (name == "state_dir") return state_dir_.string();
  if (name == "closed_port") return std::to_string(closed_port_.port());
  if (name == "silent_port") return std::to_string(silent_port_.port());
  return std::nullopt;
}

bool Conversation::IsVariable(std::string_view name) {
  return std::ranges::find(kVariables, name) != std::end(kVariables);
}

void Conversation::SetEnv(const std::string& name, std::optional<std::string> value) {
  overrides_[name] = std::move(value);
}

std::vector<std::string> Conversation::Environment() const {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; *entry; ++entry) {
    const std::string_view text = *entry;
    const auto equals = text.find('=');
    if (equals != std::string_view::npos && !IsForeign(text.substr(0, equals))) {
      variables.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
  }
  variables["HOME"] = home_.string();
  variables["ZENE_STATE_DIR"] = state_dir_.string();
  const Lookup lookup = [this](std::string_view name) -> std::optional<boost::json::value> {
    const auto found = Variable(name);
    return found ? std::optional(boost::json::value(boost::json::string(*found))) : std::nullopt;
  };
  for (const auto& [name, text] : rig_.profile.environment)
    variables[name] = SubstituteText(text, lookup, true);
  for (const auto& [name, text] : overrides_) {
    if (text)
      variables[name] = SubstituteText(*text, lookup, true);
    else
      variables.erase(name);
  }
  std::vector<std::string> list;
  for (const auto& [name, text] : variables) list.push_back(name + "=" + text);
  return list;
}

tl::expected<HostProcess*, std::string> Conversation::Start(const std::string& label,
                                                            std::vector<std::string> argv,
                                                            Mode mode) {
  std::string name = label.empty() ? "host" : label;
  if (entries_.size() > 0 && label.empty()) name += fmt::format("#{}", entries_.size() + 1);
  const std::string tag = fmt::format("{}.{}", lane_name_, ++started_);
  auto environment = Environment();
  environment.push_back(fmt::format("{}={}", kTag, tag));
  auto host = HostProcess::Start(rig_.io, {std::move(argv), std::move(environment), {}}, mode, name,
                                 journal_);
  if (!host) return tl::unexpected(host.error());
  const auto marker = overrides_.find("ZENE_IDEMPOTENCY_REPLAY_MARKER");
  if (marker != overrides_.end() && marker->second && *marker->second != "true")
    (*host)->ReplaysAreUnmarked();
  entries_.push_back({label, tag, std::move(*host)});
  return entries_.back().host.get();
}

tl::expected<HostProcess*, std::string> Conversation::Start(const std::string& label) {
  const auto* command = rig_.profile.CommandFor(mode_);
  if (!command)
    return tl::unexpected(fmt::format("the profile has no command for mode {}", ToString(mode_)));
  return Start(label, *command, mode_);
}

HostProcess* Conversation::Find(const std::string& label) {
  for (auto it = entries_.rbegin(); it != entries_.rend(); ++it) {
    if (it->label == label) return it->host.get();
  }
  return nullptr;
}

tl::expected<HostProcess*, std::string> Conversation::ForRequest(const std::string& label) {
  HostProcess* current = Find(label);
  if (current && mode_ == Mode::kStream && !EntryOf(*current).finished) {
    // A host that drains, or whose stdout is closed, still reads requests; one that is gone does
    // not.
    const bool gone = EntryOf(*current).ended_by_play && current->AwaitExit(Clock::now());
    if (!gone && !current->killed()) return current;
  }
  if (current) FinishProcess(*current);
  return Start(label);
}

Conversation::Entry& Conversation::EntryOf(HostProcess& host) {
  return *std::find_if(entries_.begin(), entries_.end(),
                       [&](const Entry& entry) { return entry.host.get() == &host; });
}

void Conversation::EndedByPlay(HostProcess& host) { EntryOf(host).ended_by_play = true; }

void Conversation::FinishProcess(HostProcess& host) {
  Entry& entry = EntryOf(host);
  if (entry.finished) return;
  entry.finished = true;
  const bool stream = host.mode() == Mode::kStream;
  if (stream || host.mode() == Mode::kNone) host.CloseStdin();
  // What a check held back is read now: an end is an end of both streams.
  host.child().ResumeReading(Stream::kOut);
  host.child().ResumeReading(Stream::kErr);
  const auto patience = rig_.patience.Now();
  const auto end = host.AwaitEnd(Clock::now() + patience);
  const std::string requirement = stream                         ? "FRAME-13"
                                  : host.mode() == Mode::kBridge ? "BRIDGE-01"
                                                                 : "LIFE-04";
  if (!end) {
    rig_.patience.RanOut();
    if (host.mode() != Mode::kNone) {
      Blame(requirement,
            fmt::format("{} did not exit within {} ms {}", host.name(), patience.count(),
                        stream ? "of EOF on stdin" : "of its request"));
    }
    return;
  }
  if (stream && !entry.ended_by_play && end->status != ExitStatus{false, 0}) {
    Blame(requirement, fmt::format("{} must exit 0 after EOF on stdin, ended with {}", host.name(),
                                   end->status.ToString()));
  }
  if (!stream && !entry.ended_by_play && end->status.signalled && host.mode() != Mode::kNone) {
    Blame(requirement, fmt::format("{} died of {}", host.name(), end->status.ToString()));
  }
  if (!end->streams_ended && !host.killed()) {
    Blame("LIFE-08", fmt::format("{} ended, but {} ms later another process holds its stdout or "
                                 "stderr",
                                 host.name(), patience.count()));
  }
  BlameStrays(host);
}

void Conversation::BlameStrays(HostProcess& host) {
  const pid_t pid = host.child().pid();
  const std::string tag = EntryOf(host).tag;
  const auto strays = [&] {
    std::vector<ProcInfo> found;
    for (const auto& info : Descendants(::getpid())) {
      if (info.group == pid || info.session == pid || ProcEnvironment(info.pid, kTag) == tag)
        found.push_back(info);
    }
    return found;
  };
  auto left = strays();
  // Killed is not yet gone: the kernel gets a moment.
  for (const auto deadline = Clock::now() + std::chrono::milliseconds(500);
       !left.empty() && Clock::now() < deadline;) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    left = strays();
  }
  for (const auto& info : left) {
    // What outlives a SIGKILL of its host is LIFE-09's business.
    if (!host.killed()) {
      Blame("LIFE-08",
            fmt::format("process {} ({}) outlived {}", info.pid, info.name, host.name()));
    }
    ::kill(info.pid, SIGKILL);
  }
}

void Conversation::Retire(HostProcess& host) {
  FinishProcess(host);
  for (auto& violation : host.Violations()) violations_.push_back(std::move(violation));
  for (auto& violation : host.Owed()) violations_.push_back(std::move(violation));
  std::erase_if(entries_, [&](const Entry& entry) { return entry.host.get() == &host; });
}

void Conversation::Finish() {
  for (std::size_t i = 0; i < entries_.size(); ++i) FinishProcess(*entries_[i].host);
}

void Conversation::Blame(std::string requirement, std::string message) {
  journal_.Add(Clock::now(), "judge", "FAIL", requirement + ": " + message);
  violations_.push_back({std::move(requirement), std::move(message)});
}

std::vector<Violation> Conversation::Violations() const {
  std::vector<Violation> violations;
  for (const auto& entry : entries_) {
    for (auto& violation : entry.host->Violations()) violations.push_back(std::move(violation));
    // A play that was broken off owes answers by its own fault.
    if (!entry.finished) continue;
    for (auto& violation : entry.host->Owed()) violations.push_back(std::move(violation));
  }
  violations.insert(violations.end(), violations_.begin(), violations_.end());
  return violations;
}

std::vector<std::string> Conversation::LinesNotConsumed() const {
  std::vector<std::string> left;
  for (const auto& entry : entries_) {
    if (entry.host->mode() == Mode::kNone) continue;
    for (const Line* line : entry.host->Lines()) {
      if (!line->consumed) left.push_back(Excerpt(line->bytes, 300));
    }
  }
  return left;
}

std::string Conversation::Transcript() const {
  std::string text = journal_.ToString();
  const auto calls = lane_->Journal();
  text += fmt::format("\nprovider: {} call(s), {} probe(s), {} connection(s)\n", calls.calls.size(),
                      calls.probes, calls.connections);
  text += DescribeCalls(calls, journal_.started());
  for (const auto& entry : entries_) {
    const auto err = entry.host->TextOf(Stream::kErr);
    if (err.empty()) continue;
    text += fmt::format("\nlast of {}'s stderr:\n{}\n", entry.host->name(),
                        err.substr(err.size() > 4000 ? err.size() - 4000 : 0));
  }
  return text;
}

std::string DescribeCalls(const provider::Snapshot& snapshot, TimePoint start) {
  std::string text;
  const auto ms = [&](TimePoint at) {
    return std::chrono::duration<double, std::milli>(at - start).count();
  };
  for (const auto& call : snapshot.calls) {
    text +=
        fmt::format("{:>10.1f} ms  call {}: {} {} on connection {}, rule {}: ", ms(call.arrived_at),
                    call.number, call.method, call.path, call.connection, call.rule);
    if (call.answered)
      text += fmt::format("answered {} at {:.1f} ms", call.status, ms(*call.answered_at));
    else if (call.closed_by_caller)
      text += fmt::format("closed by the caller at {:.1f} ms", ms(*call.closed_at));
    else
      text += "still open";
    text += fmt::format("\n                 body: {}\n", Excerpt(call.body, 2000));
    if (!call.near_miss.empty())
      text += fmt::format("                 no rule matched: {}\n", call.near_miss);
  }
  return text;
}

}  // namespace touchstone
