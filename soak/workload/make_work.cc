#include "soak/workload/make_work.h"

#include <fmt/format.h>

#include <boost/json/serialize.hpp>

#include "soak/workload/words.h"

namespace touchstone::soak {

using boost::json::object;
using enum RequestKind;

std::string WithRequestId(std::string_view bytes, std::string_view id, std::string_view new_id) {
  std::string changed(bytes);
  const auto was = fmt::format("\"request_id\":\"{}\"", id);
  if (const auto at = changed.find(was); at != std::string::npos)
    changed.replace(at, was.size(), fmt::format("\"request_id\":\"{}\"", new_id));
  return changed;
}

WorkMaker::WorkMaker(const Mix& mix, WorkMode mode, std::string prefix, std::int64_t number,
                     Dice& dice, const std::string& long_prompt)
    : mix_(mix),
      mode_(mode),
      prefix_(std::move(prefix)),
      number_(number),
      dice_(dice),
      long_prompt_(long_prompt) {}

std::string WorkMaker::NewId() {
  return ++ids_ == 1 ? fmt::format("{}-{}", prefix_, number_)
                     : fmt::format("{}-{}.{}", prefix_, number_, ids_);
}

std::string WorkMaker::OneOfTheSessions() {
  return fmt::format("{}-session-{}", prefix_, dice_.Below(mix_.sessions));
}

std::string WorkMaker::OwnSession() { return fmt::format("{}-own-{}", prefix_, number_); }

WorkLine WorkMaker::Line(LineRole role, std::string_view type, std::vector<std::string> right,
                         std::string_view requirement, object fields) {
  WorkLine line;
  line.role = role;
  line.request_id = NewId();
  line.right = std::move(right);
  line.requirement = requirement;
  object request{{"protocol_version", 1}, {"type", type}, {"request_id", line.request_id}};
  for (auto& [key, value] : fields) request[key] = value;
  line.bytes = boost::json::serialize(request);
  return line;
}

WorkLine WorkMaker::Run(std::string_view word, const std::string& session,
                        std::vector<std::string> right, std::string_view requirement, object more) {
  const auto key = fmt::format("key-{}-{}", prefix_, number_);
  object fields{{"session_id", session},
                {"prompt", fmt::format("question {}: αβγ 🎉 \"quoted\" {}", number_, word)},
                {"idempotency_key", key}};
  for (auto& [name, value] : more) fields[name] = value;
  auto line = Line(LineRole::kRun, "run", std::move(right), requirement, std::move(fields));
  line.session_id = session;
  line.key = key;
  return line;
}

WorkLine WorkMaker::Answered(std::string_view kind, const std::string& session, object more) {
  const bool is_long = kind == words::kLong;
  const auto word = Word(kind, static_cast<int>(number_ % (is_long ? kLongWords : kWords)));
  const auto prompt_word = is_long ? fmt::format("{} {}", word, long_prompt_) : word;
  auto line = Run(prompt_word, session, {"OK"}, "LOAD-01", std::move(more));
  line.text = is_long ? LongAnswerTo(word, mix_.long_bytes) : AnswerTo(word);
  return line;
}

WorkLine WorkMaker::Close(const std::string& session, SendWhen when) {
  auto line = Line(LineRole::kClose, "session_close",
                   {mode_ == WorkMode::kBridge ? "OK" : "SESSION_CLOSED"}, "CTRL-09",
                   {{"session_id", session}});
  line.when = when;
  return line;
}

WorkLine WorkMaker::Ping() {
  return Line(LineRole::kPing, "ping", {mode_ == WorkMode::kBridge ? "OK" : "PONG"}, "CTRL-01", {});
}

// Either the provider never answers, so that only the cancel ends the run, or it answers about when
// the cancel comes.
void WorkMaker::MakeCancel(Work& work) {
  const bool race = dice_.Below(2) == 0;
  auto run = race ? Run(words::kRace, OneOfTheSessions(), {"CANCELED", "OK"}, "CTRL-02")
                  : Run(words::kHang, OneOfTheSessions(), {"CANCELED"}, "CTRL-02");
  auto cancel = Line(LineRole::kCancel, "cancel", {"CANCEL_ACCEPTED"}, "CTRL-02",
                     {{"session_id", run.session_id}, {"target_request_id", run.request_id}});
  if (race) {
    run.text = AnswerTo(std::string(words::kRace));
    cancel.right.emplace_back("INVALID_REQUEST");
  }
  cancel.when = SendWhen::kAfterAccepted;
  work.lines = {std::move(run), std::move(cancel)};
}

// The first takes slow_ms, so that it is under way when the second is read. In one-shots either of
// the two processes may be the one that runs.
void WorkMaker::MakeDuplicate(Work& work) {
  auto first = Answered(words::kSlow, OneOfTheSessions());
  auto second = first;
  second.request_id = NewId();
  second.bytes = WithRequestId(first.bytes, first.request_id, second.request_id);
  second.requirement = "IDEM-04";
  if (mode_ == WorkMode::kStream) {
    second.right = {"DUPLICATE_IN_PROGRESS", std::string(kReplayed)};
  } else {
    second.right = first.right = {"OK", std::string(kReplayed)};
    second.requirement = "IDEM-05";
  }
  work.lines = {std::move(first), std::move(second)};
}

void WorkMaker::MakeChurn(Work& work) {
  const auto session = OwnSession();
  if (mode_ == WorkMode::kStream && dice_.Below(2) == 0) {
    work.lines.push_back(Run(words::kHang, session, {"CANCELED"}, "CTRL-09"));
    work.lines.push_back(Close(session, SendWhen::kAfterAccepted));
  } else {
    work.lines.push_back(Answered(words::kAsk, session));
    work.lines.push_back(Close(session, SendWhen::kAfterAnswer));
  }
}

Work WorkMaker::Make(RequestKind kind) {
  Work work;
  work.kind = kind;
  auto& lines = work.lines;
  switch (kind) {
    case kOk:
    case kReplay:
      lines = {Answered(words::kAsk, OneOfTheSessions())};
      break;
    case kLong:
      lines = {Answered(words::kLong, OneOfTheSessions())};
      break;
    case kStreamed:
      lines = {Answered(words::kAsk, OneOfTheSessions(), {{"stream", true}})};
      break;
    case kTools:
      lines = {Answered(words::kTool, OwnSession())};
      lines.push_back(Close(OwnSession(), SendWhen::kAfterAnswer));
      break;
    case kRateLimited:
      lines = {Run(words::kLimited, OneOfTheSessions(), {"PROVIDER_RATE_LIMIT"}, "PROV-02")};
      break;
    case kDown:
      lines = {Run(words::kDown, OneOfTheSessions(), {"PROVIDER_DOWN"}, "PROV-04")};
      break;
    case kSlow:
      lines = {Answered(words::kSlow, OneOfTheSessions())};
      break;
    case kTimeout:
      lines = {Run(words::kHang, OneOfTheSessions(), {"TIMEOUT"}, "TIME-01",
                   {{"timeout_ms", mix_.timeout_ms}})};
      break;
    case kCancel:
      MakeCancel(work);
      break;
    case kDuplicate:
      MakeDuplicate(work);
      break;
    case kMalformed:
      lines = {Malformed()};
      break;
    case kPing:
      lines = {Ping()};
      break;
    case kSessionChurn:
      MakeChurn(work);
      break;
  }
  return work;
}

Work WorkMaker::Replay(const std::string& session, const std::string& key,
                       const std::string& text) {
  Work work;
  work.kind = kReplay;
  auto line = Line(LineRole::kReplay, "run", {std::string(kReplayed)}, "IDEM-01",
                   {{"session_id", session}, {"prompt", "again"}, {"idempotency_key", key}});
  line.session_id = session;
  line.key = key;
  line.text = text;
  work.lines = {std::move(line)};
  return work;
}

Work WorkMaker::Canary() {
  Work work;
  work.kind = kMalformed;
  work.lines = {Malformed()};
  auto ping = Ping();
  ping.when = SendWhen::kAfterAnswer;
  ping.requirement = "FRAME-07";
  work.lines.push_back(std::move(ping));
  return work;
}

}  // namespace touchstone::soak
