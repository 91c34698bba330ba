#include <boost/json/serialize.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "fault-injection/defective-hosts/areas.h"
#include "fault-injection/defective-hosts/bending.h"

namespace touchstone::defective {
namespace {

namespace json = boost::json;
using boost::json::value;

std::string ReplaceText(Object& message, const std::string& text) {
  const auto before = Text(message, "content");
  message["content"] = text;
  return before;
}

bool IsAgain(const value& part, const char* id) {
  return part.is_object() && Text(part.get_object(), id).ends_with("#again");
}

void RemoveAgains(json::array& parts, const char* id) {
  for (auto it = parts.begin(); it != parts.end();)
    it = IsAgain(*it, id) ? parts.erase(it) : it + 1;
}

// The second of each pair of calls, and its result.
void HideAgains(Object& body) {
  auto& messages = body.at("messages").as_array();
  RemoveAgains(messages, "tool_call_id");
  for (auto& message : messages) {
    auto* calls = message.as_object().if_contains("tool_calls");
    if (calls && calls->is_array()) RemoveAgains(calls->get_array(), "id");
  }
}

void AddAgains(json::array& calls) {
  const json::array once = calls;
  for (auto call : once) {
    auto& fields = call.as_object();
    fields["id"] = Text(fields, "id") + "#again";
    calls.push_back(std::move(call));
  }
}

// The host executes each call of an answer twice, and shows one result.
Tampering ExecutesTwice() {
  return Asks([](ProviderExchange& exchange) {
    if (auto body = Parsed(exchange.body)) {
      HideAgains(*body);
      exchange.body = json::serialize(*body);
    }
    auto answer = exchange.Fetch();
    ToolCalls(AddAgains)(answer);
    exchange.Reply(answer);
  });
}

// All results of a round under the id of its first call.
Tampering FirstIdForAll() {
  return Asked([](Object& body) {
    std::string first;
    for (auto& message : body.at("messages").as_array()) {
      auto& fields = message.get_object();
      if (Text(fields, "role") != "tool") {
        first.clear();
      } else if (first.empty()) {
        first = Text(fields, "tool_call_id");
      } else {
        fields["tool_call_id"] = first;
      }
    }
  });
}

// A host that gives up on a call which it does not understand: the provider is not asked again.
Tampering GivesUp(bool (*on)(const std::string& tool, const Object& arguments)) {
  return Asks([on](ProviderExchange& exchange) {
    bool gives_up = false;
    if (auto body = Parsed(exchange.body)) {
      ToolResults([&](const std::string& tool, Object& arguments, Object&) {
        gives_up |= on(tool, arguments);
      })(*body);
    }
    if (!gives_up) return;
    ProviderAnswer rejected;
    rejected.status = 400;
    exchange.Reply(rejected);
  });
}

// Each command in a shell of its own, which always ends well.
Tampering LosesTheExitStatus(std::string (*wrap)(const std::string& command)) {
  return Answers(Whole(), ToolCalls([wrap](json::array& calls) {
                   for (auto& call : calls) {
                     auto* text = At(call.as_object(), "function.arguments");
                     auto arguments = text && text->is_string()
                                          ? Parsed(std::string(text->get_string()))
                                          : std::nullopt;
                     const auto command = arguments ? Text(*arguments, "command") : std::string();
                     if (command.empty()) continue;
                     (*arguments)["command"] = wrap(command);
                     *text = json::serialize(*arguments);
                   }
                 }));
}

// What a file tool without a fence would have read.
Tampering ReadsAnything(bool (*which)(const std::string& path)) {
  return Asked(ToolResults([which](const std::string& tool, Object& arguments, Object& message) {
    const auto path = Text(arguments, "path");
    if (!which(path) || (tool != "read_file" && tool != "list_files")) return;
    const auto up = path.find("../");
    const auto real = path.starts_with('/') || up == path.npos
                          ? std::filesystem::path(path)
                          : std::filesystem::path("/" + path.substr(path.rfind("../") + 3));
    std::error_code ec;
    if (std::filesystem::is_directory(real, ec)) {
      std::string names;
      for (const auto& entry : std::filesystem::directory_iterator(real, ec))
        names += entry.path().filename().string() + "\n";
      ReplaceText(message, names);
    } else if (std::ifstream stream(real); stream) {
      ReplaceText(message, std::string(std::istreambuf_iterator<char>(stream), {}));
    }
  }));
}

std::string AsOutput(const std::string& text, std::size_t limit) { return text.substr(0, limit); }

// All of a command's output is sent; here what "yes" had still to say.
Tampering OutputWithoutLimit() {
  return Asked(ToolResults([](const std::string&, Object&, Object& message) {
    auto text = Text(message, "content");
    while (text.size() > (32 << 10) && text.size() < (1 << 20)) text += AsOutput(text, 32 << 10);
    message["content"] = text;
  }));
}

// Bytes, not characters, are counted; the half of a character becomes U+FFFD in JSON.
Tampering CutInsideACharacter() {
  return Asked(ToolResults([](const std::string&, Object&, Object& message) {
    auto text = Text(message, "content");
    if (text.size() < (60 << 10)) return;
    auto at = text.size() / 2;
    while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0) != 0xC0) --at;
    auto end = at + 1;
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) ++end;
    message["content"] = text.substr(0, at) + "\xEF\xBF\xBD" + text.substr(end);
  }));
}

// The provider's further rounds, after the host's own last one: the calls alone, for nobody may
// run them.
Tampering EndlessRounds() {
  return Asks([](ProviderExchange& exchange) {
    auto answer = exchange.Fetch();
    const bool asks_for_tools = answer.body.find("\"tool_calls\"") != answer.body.npos;
    if (asks_for_tools && exchange.number >= 10) {
      for (int i = 0; i < 6 && answer.whole(); ++i) answer = exchange.Fetch();
    }
    exchange.Reply(answer);
  });
}

// The limit of rounds ends a run with a made-up answer.
Tampering RoundLimitIsOk() {
  return Asks([](ProviderExchange& exchange) {
    auto answer = exchange.Fetch();
    if (exchange.number >= 10 && answer.body.find("\"tool_calls\"") != answer.body.npos)
      answer = Saying("I could not finish, here is what I have.");
    exchange.Reply(answer);
  });
}

std::string UnderAWatch(const std::string& command) {
  std::string quoted;
  for (const char c : command) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return "timeout -s KILL 0.2 sh -c '" + quoted + "' 2>/dev/null; true";
}

bool IsUnknown(const std::string& tool, const Object&) {
  return tool != "run_command" && tool != "read_file" && tool != "write_file" &&
         tool != "list_files";
}
bool LacksItsField(const std::string& tool, const Object& arguments) {
  return tool == "run_command" && !arguments.contains("command");
}
bool IsAbsolute(const std::string& path) { return path.starts_with('/'); }
bool GoesUp(const std::string& path) { return path.find("../") != path.npos; }
bool GoesUpLater(const std::string& path) {
  return path.find("../") != path.npos && !path.starts_with("../");
}

}  // namespace

std::vector<Defect> ToolDefects() {
  return {
      {"tools-run-twice",
       "TOOL-01",
       Subtlety::kBlatant,
       "Each tool call is executed twice, though its result is shown once.",
       ExecutesTwice,
       {"tool/executed-once*"}},
      {"second-call-is-dropped",
       "TOOL-01",
       Subtlety::kSubtle,
       "Of several calls in one answer only the first is executed.",
       [] {
         return Answers(Whole(), ToolCalls([](json::array& calls) {
                          while (calls.size() > 1) calls.pop_back();
                        }));
       },
       {"tool/two-calls-in-one-round*"}},
      {"results-under-the-first-id",
       "TOOL-01",
       Subtlety::kSubtle,
       "All results of a round are shown under the id of its first call.",
       FirstIdForAll,
       {"tool/results-under-their-ids*"}},
      {"tool-results-are-user-words",
       "TOOL-01",
       Subtlety::kBlatant,
       "A tool's result is shown as if the user had said it.",
       [] {
         return Asked(ToolResults(
             [](const std::string&, Object&, Object& message) { message["role"] = "user"; }));
       },
       {"tool/result-is-shown*", "wire/round-of-tools*"},
       true,
       {"WIRE-01"}},
      {"tool-timeout-ignored",
       "TOOL-02",
       Subtlety::kBlatant,
       "ZENE_TOOL_TIMEOUT_MS is ignored: a tool has as long as its run.",
       [] { return Environment("ZENE_TOOL_TIMEOUT_MS", std::nullopt); },
       {"tool/killed-after-its-time*"},
       false},
      {"tool-timeout-is-not-told",
       "TOOL-02",
       Subtlety::kSubtle,
       "Of a tool that ran out of time the provider is told as of one that ended well.",
       [] { return LosesTheExitStatus(UnderAWatch); },
       {"tool/timeout-is-told*"}},
      {"other-sessions-are-spared",
       "TOOL-02",
       Subtlety::kSubtle,
       "A tool's descendant that called setsid is not killed with it.",
       [] { return Inside("spare-other-sessions"); },
       {"tool/tree-is-gone-after-its-time*"},
       false,
       {"CTRL-06", "LIFE-08"}},
      {"unknown-tool-ends-the-run",
       "TOOL-03",
       Subtlety::kSubtle,
       "A tool that does not exist ends the run; the provider is not told.",
       [] { return GivesUp(IsUnknown); },
       {"tool/mistakes-are-told*"}},
      {"missing-argument-ends-the-run",
       "TOOL-03",
       Subtlety::kSubtle,
       "A call that lacks an argument ends the run; the provider is not told.",
       [] { return GivesUp(LacksItsField); },
       {"tool/mistakes-are-told*"}},
      {"failed-command-looks-fine",
       "TOOL-03",
       Subtlety::kSubtle,
       "Of a command that fails the provider is told its output, and not that it failed.",
       [] {
         return LosesTheExitStatus(
             [](const std::string& command) { return "(" + command + "\n); true"; });
       },
       {"tool/mistakes-are-told*", "tool/failure-is-told*"}},
      {"absolute-paths-are-read",
       "TOOL-04",
       Subtlety::kBlatant,
       "read_file and list_files take an absolute path.",
       [] { return ReadsAnything(IsAbsolute); },
       {"tool/files-stay-in-the-work-directory*"}},
      {"dot-dot-is-read",
       "TOOL-04",
       Subtlety::kBlatant,
       "read_file and list_files go up by \"..\".",
       [] { return ReadsAnything(GoesUp); },
       {"tool/files-stay-in-the-work-directory*"}},
      {"dot-dot-within-is-read",
       "TOOL-04",
       Subtlety::kSubtle,
       "\"..\" is looked for at a path's beginning only.",
       [] { return ReadsAnything(GoesUpLater); },
       {"tool/files-stay-in-the-work-directory*"}},
      {"links-are-followed",
       "TOOL-04",
       Subtlety::kSubtle,
       "File tools follow a symlink out of the work directory.",
       [] { return Inside("follow-links"); },
       {"tool/symlink-out-of-the-work-directory*"}},
      {"key-in-tools-environment",
       "TOOL-05",
       Subtlety::kBlatant,
       "The provider's key is in a tool's environment, under another name.",
       [] { return Inside("key-in-tools-environment"); },
       {"tool/no-key-in-the-environment*"},
       true,
       {"SEC-01"}},
      {"tools-write-to-stdout",
       "TOOL-06",
       Subtlety::kBlatant,
       "A tool inherits the host's stdout.",
       [] { return Inside("tools-on-stdout"); },
       {"tool/output-is-not-the-hosts*"},
       true,
       {"FRAME-01"}},
      {"tool-output-without-limit",
       "TOOL-06",
       Subtlety::kSubtle,
       "All of a tool's output is sent to the provider, however long.",
       OutputWithoutLimit,
       {"tool/output-is-bounded*"}},
      {"tool-output-cut-in-a-character",
       "TOOL-06",
       Subtlety::kSubtle,
       "Long output is cut in the middle of a character, which then is U+FFFD.",
       CutInsideACharacter,
       {"tool/output-is-cut-at-a-character*"}},
      {"endless-rounds",
       "TOOL-08",
       Subtlety::kBlatant,
       "A provider that asks for tools for ever is obeyed for hundreds of rounds.",
       EndlessRounds,
       {"tool/rounds-are-bounded*"}},
      {"last-round-is-made-up",
       "TOOL-08",
       Subtlety::kSubtle,
       "When the rounds are used up the run ends OK, with an answer of the host's own.",
       RoundLimitIsOk,
       {"tool/rounds-are-bounded*"}},
  };
}

}  // namespace touchstone::defective
