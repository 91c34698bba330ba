#include "conformance/fuzz/host_run.h"

#include <fmt/format.h>
#include <signal.h>

#include "conformance/drive/requests.h"

namespace touchstone::fuzz {
namespace {

// The mock provider's answer when it has no rules.
constexpr const char* kAnswer = "mock answer";
constexpr std::size_t kWriteAtOnce = 48 * 1024;  // less than a pipe holds

void Add(std::vector<Fault>& faults, const std::vector<Violation>& violations) {
  for (const auto& violation : violations) faults.push_back({violation, std::nullopt});
}

}  // namespace

void SetFuzzEnvironment(Conversation& talk, const HostSettings& settings) {
  talk.SetEnv("ZENE_MAX_REQUEST_BYTES", std::to_string(settings.limit));
  talk.SetEnv("ZENE_QUEUE_MAX", "1000000");
  talk.SetEnv("ZENE_QUEUE_WAIT_TIMEOUT_MS", "86400000");
  talk.SetEnv("ZENE_LOG_LEVEL", "error");
}

StreamHost::StreamHost(Rig& rig, const HostSettings& settings)
    : rig_(rig),
      settings_(settings),
      talk_(rig, Mode::kStream),
      account_(Mode::kStream, {settings.limit}, kAnswer) {
  SetFuzzEnvironment(talk_, settings);
}

StreamHost::~StreamHost() = default;

bool StreamHost::Start() {
  const auto* command = rig_.profile.CommandFor(Mode::kStream);
  if (!command) return false;
  // Its lines are judged here, against the oracle.
  auto host = talk_.Start("host", *command, Mode::kNone);
  if (host) {
    host_ = *host;
    return true;
  }
  own_faults_.push_back({{"LIFE-01", host.error()}, std::nullopt});
  return false;
}

void StreamHost::Write() {
  if (queued_.empty() || gone_) return;
  const auto times = host_->Send(queued_, Clock::now() + settings_.patience);
  queued_.clear();
  if (times.complete) return;
  gone_ = true;
  // Hung up or hung; Finish() tells which.
}

void StreamHost::Send(std::string_view bytes, std::size_t input, WriteStyle style) {
  if (style != WriteStyle::kWithOthers) Write();
  account_.Sent(bytes, input);
  if (style == WriteStyle::kByteByByte || style == WriteStyle::kInTwo) {
    const std::size_t piece = style == WriteStyle::kInTwo ? bytes.size() / 2 + 1 : 1;
    for (std::size_t at = 0; at < bytes.size() && !gone_; at += piece) {
      queued_ = bytes.substr(at, piece);
      Write();
    }
    return;
  }
  if (queued_.size() + bytes.size() > kWriteAtOnce) Write();
  queued_ += bytes;
  if (style == WriteStyle::kAlone) Write();
}

void StreamHost::Ping() {
  Send(fmt::format("{{\"protocol_version\":1,\"type\":\"ping\",\"request_id\":\"ping-{}{}\"}}\n",
                   settings_.tag, ++pings_),
       static_cast<std::size_t>(-1));
}

bool StreamHost::Flush(std::size_t outstanding) {
  Write();
  while (account_.outstanding() > outstanding) {
    if (!account_.faults().empty()) return false;
    const Line* line =
        host_->Await([](const Line&) { return true; }, Clock::now() + settings_.patience);
    if (!line) {
      gone_ = true;
      break;
    }
    account_.Received(line->bytes);
  }
  host_->ForgetConsumed();
  return !gone_ && account_.faults().empty();
}

bool StreamHost::Settle() {
  if (!Flush(0)) return false;
  // What is too much has mostly come by now; the rest is seen by the next.
  while (const Line* line = host_->Await([](const Line&) { return true; }, Clock::now()))
    account_.Received(line->bytes);
  account_.Settle();
  host_->ForgetConsumed();
  return account_.faults().empty();
}

void StreamHost::Finish(std::string_view tail, std::size_t input) {
  if (!host_) return;
  if (!tail.empty()) Send(tail, input, WriteStyle::kAlone);
  Write();
  host_->CloseStdin();
  const auto end = host_->AwaitEnd(Clock::now() + settings_.patience);
  while (const Line* line = host_->Await([](const Line&) { return true; }, Clock::now()))
    account_.Received(line->bytes);
  std::string how;
  if (!end) {
    how = fmt::format("did not exit within {} ms of EOF on stdin", settings_.patience.count());
  } else if (end->status != ExitStatus{false, 0}) {
    how = "ended with " + end->status.ToString();
  }
  account_.Settle(how.empty() ? "" : "; the host " + how);
  if (!how.empty()) {
    own_faults_.push_back(
        {{"FRAME-13", "after EOF on stdin the host must exit with status 0, it " + how},
         std::nullopt});
  }
  const auto out = host_->TextOf(Stream::kOut);
  if (end && !out.empty() && !out.ends_with('\n'))
    own_faults_.push_back({*JudgeTail(out.substr(out.rfind('\n') + 1)), std::nullopt});
  if (!end) return Kill();
  talk_.Retire(*host_);
  host_ = nullptr;
}

void StreamHost::Kill() {
  if (!host_) return;
  talk_.EndedByPlay(*host_);
  host_->Signal(SIGKILL);
  talk_.Retire(*host_);
  host_ = nullptr;
}

std::vector<Fault> StreamHost::faults() const {
  // Whose answer is missing says more than that the host has died.
  auto faults = account_.faults();
  faults.insert(faults.end(), own_faults_.begin(), own_faults_.end());
  Add(faults, talk_.Violations());
  return faults;
}

std::vector<Fault> RunOneShot(Conversation& talk, std::string_view bytes, std::size_t input,
                              const HostSettings& settings) {
  const Mode mode = talk.mode();
  Account account(mode, {settings.limit}, kAnswer);
  account.Sent(bytes, input);
  std::vector<Fault> faults;
  auto host = talk.Start("host", *talk.rig().profile.CommandFor(mode), Mode::kNone);
  if (!host) return {{{"LIFE-04", host.error()}, input}};
  (*host)->Send(bytes, Clock::now() + settings.patience);
  (*host)->CloseStdin();
  const auto end = (*host)->AwaitEnd(Clock::now() + 2 * settings.patience);
  while (const Line* line = (*host)->Await([](const Line&) { return true; }, Clock::now()))
    account.Received(line->bytes);
  const std::string requirement = mode == Mode::kBridge ? "BRIDGE-01" : "LIFE-04";
  if (!end) {
    faults.push_back({{requirement, "the one-shot hangs: it does not exit"}, input});
    (*host)->Signal(SIGKILL);
    talk.EndedByPlay(**host);
  } else if (end->status.signalled) {
    faults.push_back({{requirement, "the one-shot died of " + end->status.ToString()}, input});
    talk.EndedByPlay(**host);
  }
  const auto out = (*host)->TextOf(Stream::kOut);
  if (!out.empty() && !out.ends_with('\n'))
    faults.push_back({*JudgeTail(out.substr(out.rfind('\n') + 1)), input});
  account.Settle();
  for (Fault fault : account.faults()) {
    fault.input = input;
    faults.push_back(std::move(fault));
  }
  if (end && !end->status.signalled && faults.empty()) {
    // A valid request exits 0, a refused one should exit 2; where the host may choose, either.
    const auto ruling = JudgeRequest(bytes.substr(0, bytes.find('\n')), mode, {settings.limit});
    if (ruling.standing == Standing::kValid && end->status.value != 0)
      faults.push_back({{"EXIT-01", fmt::format("a request that was executed exits 0, got {}",
                                                end->status.ToString())},
                        input});
    if (ruling.standing == Standing::kInvalid && end->status.value != 2)
      faults.push_back(
          {{"EXIT-02", "INVALID_REQUEST exits 2, got " + end->status.ToString()}, input});
  }
  talk.Retire(**host);
  for (Fault lapse : account.lapses()) {
    lapse.input = input;
    faults.push_back(std::move(lapse));
  }
  return faults;
}

std::vector<Fault> RunFresh(Rig& rig, Mode mode, std::span<const std::string> inputs,
                            const HostSettings& settings, WriteStyle style) {
  std::vector<Fault> faults;
  if (mode != Mode::kStream) {
    Conversation talk(rig, mode);
    SetFuzzEnvironment(talk, settings);
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      for (auto& fault : RunOneShot(talk, inputs[i], i, settings)) faults.push_back(fault);
    }
    Add(faults, talk.Violations());
    return faults;
  }
  StreamHost host(rig, settings);
  if (host.Start()) {
    bool alive = true;
    for (std::size_t i = 0; i < inputs.size() && alive; ++i) {
      host.Send(inputs[i], i, style);
      if (i % 256 == 255) alive = host.Flush(512);
    }
    if (alive) host.Ping();
    host.Finish();
  }
  faults = host.faults();
  faults.insert(faults.end(), host.lapses().begin(), host.lapses().end());
  return faults;
}

}  // namespace touchstone::fuzz
