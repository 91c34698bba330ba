#include "fault-injection/defective-hosts/areas.h"
#include "fault-injection/defective-hosts/bending.h"

namespace touchstone::defective {
namespace {

bool IsBlankText(const std::string& text) { return text.find_first_not_of(" \t\r\n") == text.npos; }

Tampering OlderNamesWin() {
  Tampering tampering;
  tampering.launch = [](Launch& launch) {
    const auto& older = launch.environment["OPENAI_API_KEY"];
    if (!IsBlankText(older)) launch.environment["LLM_API_KEY"] = older;
  };
  return tampering;
}

Tampering BlankIsSet() {
  Tampering tampering;
  tampering.launch = [](Launch& launch) {
    const auto newer = launch.environment.find("LLM_API_KEY");
    if (newer != launch.environment.end() && IsBlankText(newer->second))
      launch.environment.erase("OPENAI_API_KEY");
  };
  return tampering;
}

std::string InAscii(const std::string& text) {
  std::string ascii;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xC0) == 0x80) continue;
    ascii += byte < 0x80 ? c : '?';
  }
  return ascii;
}

// What an assistant's earlier message says of its tool calls.
Tampering CallsInHistory(std::function<void(Object& message)> edit) {
  return Asked([edit](Object& body) {
    for (auto& message : body.at("messages").as_array()) {
      if (message.as_object().contains("tool_calls")) edit(message.as_object());
    }
  });
}

void ArgumentsAsObjects(Object& message) {
  for (auto& call : message.at("tool_calls").as_array()) {
    auto* arguments = At(call.as_object(), "function.arguments");
    if (!arguments || !arguments->is_string()) continue;
    if (auto parsed = Parsed(std::string(arguments->get_string()))) *arguments = *parsed;
  }
}

// An answer that comes in chunks is taken for one without a body.
Tampering NoChunks() {
  return Answers(
      [](const ProviderAnswer& answer) {
        return !HeaderOf(answer.headers, "transfer-encoding").empty();
      },
      [](ProviderAnswer& answer) { answer.body.clear(); });
}

}  // namespace

std::vector<Defect> WireDefects() {
  return {
      {"model-of-its-own",
       "WIRE-01",
       Subtlety::kBlatant,
       "LLM_MODEL is ignored: the provider's default model is asked.",
       [] { return Environment("LLM_MODEL", "gpt-4o-mini"); },
       {"wire/configured-model*", "wire/shape-of-a-call*"}},
      {"older-key-wins",
       "WIRE-01",
       Subtlety::kSubtle,
       "OPENAI_API_KEY beats LLM_API_KEY when both are set.",
       OlderNamesWin,
       {"wire/newer-names-win*"}},
      {"blank-key-hides-the-older-one",
       "WIRE-01",
       Subtlety::kSubtle,
       "A blank LLM_API_KEY counts as set, so that OPENAI_API_KEY is not looked at.",
       BlankIsSet,
       {"wire/older-names*"}},
      {"asks-twice",
       "WIRE-01",
       Subtlety::kBlatant,
       "Each answer is asked for twice, and the first one thrown away.",
       [] { return AsksAgain(Whole()); },
       {"wire/one-call-per-run*"}},
      {"asks-twice-now-and-then",
       "WIRE-01",
       Subtlety::kRare,
       "One in 50 calls is hedged with a second one, which is paid for, too.",
       [] {
         return Asks([](ProviderExchange& exchange) {
           if (exchange.number % 50 == 0) exchange.Fetch();
         });
       },
       {"load/thousand-requests*"},
       false},
      {"plain-text-call",
       "WIRE-01",
       Subtlety::kBlatant,
       "The provider is sent text/plain.",
       [] {
         return Asks([](ProviderExchange& exchange) {
           SetHeader(exchange.headers, "Content-Type", "text/plain");
         });
       },
       {"wire/shape-of-a-call*"}},
      {"key-without-bearer",
       "WIRE-01",
       Subtlety::kBlatant,
       "The Authorization header holds the bare key.",
       [] {
         return Asks([](ProviderExchange& exchange) {
           auto value = HeaderOf(exchange.headers, "authorization");
           if (value.starts_with("Bearer ")) value.erase(0, 7);
           SetHeader(exchange.headers, "Authorization", value);
         });
       },
       {"wire/shape-of-a-call*"}},
      {"ascii-prompts",
       "WIRE-01",
       Subtlety::kSubtle,
       "Letters beyond ASCII reach the provider as question marks.",
       [] {
         return Asks([](ProviderExchange& exchange) { exchange.body = InAscii(exchange.body); });
       },
       {"wire/shape-of-a-call*"}},
      {"no-chunks",
       "WIRE-01",
       Subtlety::kSubtle,
       "An answer in chunked coding is taken for an empty one.",
       NoChunks,
       {"prov/chunked-answer*"}},
      {"tools-are-not-offered",
       "WIRE-01",
       Subtlety::kBlatant,
       "The provider is not told which tools there are.",
       [] { return Asked(Remove("tools")); },
       {"wire/tools-are-offered*"}},
      {"results-without-their-calls",
       "WIRE-01",
       Subtlety::kSubtle,
       "After a round of tools the provider is shown the results, and not the calls.",
       [] { return CallsInHistory(Remove("tool_calls")); },
       {"wire/calls-before-their-results*"}},
      {"arguments-as-objects",
       "WIRE-01",
       Subtlety::kSubtle,
       "The arguments of earlier tool calls are sent as an object, not as a string.",
       [] { return CallsInHistory(ArgumentsAsObjects); },
       {"wire/calls-before-their-results*"}},
      {"second-choice",
       "WIRE-01",
       Subtlety::kSubtle,
       "Of several choices the last one is the answer.",
       [] {
         return Answers(Whole(), Content([](Object& body) {
                          auto* choices = body.if_contains("choices");
                          if (!choices || !choices->is_array()) return;
                          auto& all = choices->get_array();
                          while (all.size() > 1) all.erase(all.begin());
                        }));
       },
       {"prov/unknown-fields*"}},
  };
}

}  // namespace touchstone::defective
