#include "fault-injection/defective-hosts/runs.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <utility>

namespace touchstone::defective {
namespace {

std::int64_t NowMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

Object Common(const Object& request, std::string_view type) {
  const auto id = Text(request, "request_id");
  Object line{{"protocol_version", 1},
              {"type", type},
              {"request_id", id.empty() ? "unknown" : id},
              {"session_id", nullptr},
              {"ts_ms", NowMs()}};
  if (const auto session = Text(request, "session_id"); !session.empty()) {
    line["session_id"] = session;
  }
  return line;
}

Object ErrorOf(std::string_view code) {
  Object error{{"code", code},
               {"message", "the host says " + std::string(code)},
               {"retryable", code != "INVALID_REQUEST" && code != "PROVIDER_AUTH"}};
  if (code == "BUSY") error["http_status"] = 429;
  return error;
}

const Object kNoTokens{{"prompt_tokens", 0}, {"completion_tokens", 0}, {"total_tokens", 0}};

std::uint64_t Fnv(std::string_view text) {
  std::uint64_t hash = 14695981039346656037u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return hash ^ hash >> 29;
}

}  // namespace

int Runs::Number(const std::string& variable, int otherwise) const {
  const auto found = launch.environment.find(variable);
  return found == launch.environment.end() || found->second.empty()
             ? otherwise
             : std::atoi(found->second.c_str());
}

void Runs::Sent(const Object& request, bool held) {
  if (!IsRun(request)) return;
  Run run{request, Text(request, "request_id"), Text(request, "session_id"),
          Text(request, "idempotency_key")};
  run.ahead = Count(run.session);
  run.held = held;
  open.push_back(std::move(run));
}

void Runs::Answered(const Object& response) {
  if (!IsTerminal(response) && Text(response, "status") != "DUPLICATE_IN_PROGRESS") return;
  // The last of that id: a line that was refused for its id leaves the first one running.
  const auto found = std::find_if(open.rbegin(), open.rend(), [&](const Run& run) {
    return run.id == Text(response, "request_id");
  });
  if (found != open.rend()) open.erase(std::next(found).base());
}

Run* Runs::Find(std::string_view id) {
  const auto found = std::ranges::find(open, id, &Run::id);
  return found == open.end() ? nullptr : &*found;
}

Run* Runs::FindPair(std::string_view pair) {
  const auto found = std::ranges::find_if(open, [&](const Run& run) { return run.pair() == pair; });
  return found == open.end() ? nullptr : &*found;
}

int Runs::Count(const std::string& session) const {
  return static_cast<int>(std::ranges::count(open, session, &Run::session));
}

void Runs::Answer(Wire& wire, const std::string& line) {
  if (mute) return;
  wire.ToCaller(line);
  mute = !streams();
}

Tampering Following(Rule request, Rule response) {
  auto runs = std::make_shared<Runs>();
  Tampering tampering;
  tampering.launch = [runs](Launch& launch) { runs->launch = launch; };
  tampering.request = [runs, request](const std::string& line, Wire& wire) {
    auto object = Parsed(line);
    if (!object) return PassToHost(line, wire);
    const Object original = *object;
    const auto fate = request ? request(*object, wire, *runs) : Fate::kPass;
    if (fate == Fate::kTaken) return;
    runs->Sent(original);
    wire.ToHost(fate == Fate::kPass ? line + "\n" : Lined(*object));
  };
  tampering.response = [runs, response](const std::string& line, Wire& wire) {
    auto object = Parsed(line);
    if (!object) return PassToCaller(line, wire);
    const bool unheard = runs->mute || runs->hidden.contains(Text(*object, "request_id"));
    const Object original = *object;
    const auto fate = response && !unheard ? response(*object, wire, *runs) : Fate::kPass;
    runs->Answered(original);
    if (fate == Fate::kTaken || unheard) return;
    wire.ToCaller(fate == Fate::kPass ? line + "\n" : Lined(*object));
  };
  return tampering;
}

bool IsRun(const Object& request) { return Text(request, "type") == "run"; }

std::string PairOf(const Object& request) {
  return Text(request, "session_id") + '\n' + Text(request, "idempotency_key");
}

bool IsTerminal(const Object& response) {
  const auto type = Text(response, "type");
  return type == "final" || type == "error" || (type.empty() && response.contains("ok"));
}

std::string CodeOf(const Object& response) {
  const auto* error = response.if_contains("error");
  return error && error->is_object() ? Text(error->get_object(), "code")
                                     : Text(response, "error_code");
}

std::string Refusal(const Object& request, std::string_view code, bool bridge) {
  if (bridge) {
    return Lined({{"ok", false},
                  {"request_id", Text(request, "request_id")},
                  {"session_id", Text(request, "session_id")},
                  {"text", ""},
                  {"error_code", code},
                  {"error_message", "the host says " + std::string(code)},
                  {"usage", kNoTokens}});
  }
  auto line = Common(request, "error");
  line["error"] = ErrorOf(code);
  return Lined(line);
}

std::string Ack(const Object& request, std::string_view status, const Object& more) {
  auto line = Common(request, "ack");
  line["status"] = status;
  for (const auto& [key, value] : more) line[key] = value;
  if (status == "ACCEPTED") line["request_ts_ms"] = nullptr;
  return Lined(line);
}

std::string Final(const Object& request, std::string_view status, std::string_view code) {
  auto line = Common(request, "final");
  line["status"] = status;
  line["text"] = "";
  line["usage"] = kNoTokens;
  line["error"] = nullptr;
  if (!code.empty()) line["error"] = ErrorOf(code);
  line["latency_ms"] = 0;
  return Lined(line);
}

Fate Refuse(const Object& request, Wire& wire, Runs& runs, std::string_view code) {
  runs.Answer(wire, Refusal(request, code, runs.bridge()));
  return Fate::kTaken;
}

std::string LowerCase(std::string text) {
  for (char& c : text) c = 'A' <= c && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

bool OneOf(std::uint64_t n, std::string_view text) { return Fnv(text) % n == 0; }

std::string Beside(const Launch& launch, std::string_view name) {
  const auto found = launch.environment.find("ZENE_STATE_DIR");
  const std::string folder =
      found == launch.environment.end() ? std::string("state") : found->second;
  return folder + "." + std::string(name);
}

std::string HashOf(std::string_view text) {
  char hex[17];
  std::snprintf(hex, sizeof hex, "%016llx", static_cast<unsigned long long>(Fnv(text)));
  return hex;
}

std::optional<std::string> Contents(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(stream), {});
}

void Keep(const std::string& path, std::string_view contents) {
  const auto draft = path + "." + std::to_string(::getpid());
  std::ofstream(draft, std::ios::binary) << contents;
  std::rename(draft.c_str(), path.c_str());
}

Tampering QueueingSessions(bool last_first, std::function<bool(const Runs&)> when) {
  auto started = std::make_shared<std::set<std::string>>();  // acknowledged by the shim
  return Following(
      [when](Object& line, Wire& wire, Runs& runs) {
        if (!IsRun(line) || runs.Count(Text(line, "session_id")) == 0 || !when(runs))
          return Fate::kPass;
        wire.ToCaller(Ack(line, "ACCEPTED"));
        runs.Sent(line, true);
        return Fate::kTaken;
      },
      [started, last_first](Object& line, Wire& wire, Runs& runs) {
        const auto id = Text(line, "request_id");
        if (Text(line, "status") == "ACCEPTED" && started->contains(id)) return Fate::kTaken;
        const Run* ended = IsTerminal(line) ? runs.Find(id) : nullptr;
        if (!ended) return Fate::kPass;
        Run* next = nullptr;
        for (auto& run : runs.open) {
          if (run.held && run.session == ended->session && (!next || last_first)) next = &run;
        }
        if (!next) return Fate::kPass;
        next->held = false;
        started->insert(next->id);
        wire.ToHost(Lined(next->request));
        return Fate::kPass;
      });
}

Tampering SessionsAs(std::function<std::string(std::string)> alias) {
  auto own = std::make_shared<std::map<std::string, std::string>>();  // by request
  return Following(
      [own, alias](Object& line, Wire&, Runs&) {
        const auto session = Text(line, "session_id");
        if (session.empty()) return Fate::kPass;
        const auto other = alias(session);
        if (other == session) return Fate::kPass;
        (*own)[Text(line, "request_id")] = session;
        line["session_id"] = other;
        return Fate::kChanged;
      },
      [own](Object& line, Wire&, Runs&) {
        const auto found = own->find(Text(line, "request_id"));
        if (found == own->end()) return Fate::kPass;
        line["session_id"] = found->second;
        return Fate::kChanged;
      });
}

Tampering KeysAs(std::function<std::string(std::string)> alias) {
  return Requests(And(Is("type", "run"), Has("idempotency_key")),
                  Change("idempotency_key", [alias](boost::json::value& value) {
                    if (value.is_string()) value = alias(std::string(value.get_string()));
                  }));
}

Tampering PairsAs(std::function<std::string(const Object& run)> spelling) {
  struct Known {
    std::map<std::string, Object> first;              // by spelling
    std::map<std::string, std::string> own, spelled;  // by request
  };
  auto known = std::make_shared<Known>();
  return Following(
      [known, spelling](Object& line, Wire&, Runs&) {
        if (!IsRun(line)) return Fate::kPass;
        const auto id = Text(line, "request_id"), name = spelling(line);
        const auto [found, is_new] = known->first.emplace(name, line);
        known->spelled[id] = name;
        if (is_new || PairOf(found->second) == PairOf(line)) return Fate::kPass;
        known->own[id] = Text(line, "session_id");
        line["session_id"] = found->second.at("session_id");
        line["idempotency_key"] = found->second.at("idempotency_key");
        return Fate::kChanged;
      },
      [known](Object& line, Wire&, Runs&) {
        const auto id = Text(line, "request_id");
        // A pair that failed is nobody's: it must not run under another's session.
        if (IsTerminal(line) && !Of("final", "OK")(line)) known->first.erase(known->spelled[id]);
        const auto found = known->own.find(id);
        if (found == known->own.end()) return Fate::kPass;
        line["session_id"] = found->second;
        return Fate::kChanged;
      });
}

}  // namespace touchstone::defective
