#include "fault-injection/defective-hosts/bending.h"

#include <boost/json/serialize.hpp>

namespace touchstone::defective {

namespace json = boost::json;

Tampering Provider(ProviderProxy::Hook hook) {
  Tampering tampering;
  tampering.provider = std::move(hook);
  return tampering;
}

Tampering Asks(ProviderProxy::Hook hook) {
  return Provider([hook](ProviderExchange& exchange) {
    if (exchange.asks()) hook(exchange);
  });
}

Tampering Asked(Edit edit) {
  return Asks([edit](ProviderExchange& exchange) {
    const auto body = Parsed(exchange.body);
    if (!body) return;
    auto edited = *body;
    edit(edited);
    if (edited != *body) exchange.body = json::serialize(edited);
  });
}

WhichAnswer Status(int status) {
  return [status](const ProviderAnswer& answer) { return answer.status == status; };
}

WhichAnswer Whole(int status) {
  return
      [status](const ProviderAnswer& answer) { return answer.whole() && answer.status == status; };
}

WhichAnswer Cut() {
  return [](const ProviderAnswer& answer) { return answer.end == ProviderAnswer::End::kCut; };
}

Tampering Answers(WhichAnswer which, EditAnswer edit) {
  return Asks([which, edit](ProviderExchange& exchange) {
    auto answer = exchange.Fetch();
    if (which(answer)) edit(answer);
    exchange.Reply(answer);
  });
}

EditAnswer Becomes(int status) {
  return [status](ProviderAnswer& answer) { answer.status = status; };
}

EditAnswer Content(Edit edit) {
  return [edit](ProviderAnswer& answer) {
    auto body = Parsed(answer.body);
    if (!body) return;
    edit(*body);
    answer.body = json::serialize(*body);
  };
}

namespace {

// choices[0].message, or nullptr.
Object* MessageOf(Object& body) {
  auto* choices = body.if_contains("choices");
  if (!choices || !choices->is_array() || choices->get_array().empty()) return nullptr;
  auto& choice = choices->get_array()[0];
  auto* message = choice.is_object() ? choice.get_object().if_contains("message") : nullptr;
  return message && message->is_object() ? &message->get_object() : nullptr;
}

}  // namespace

EditAnswer Words(std::function<std::string(std::string)> change) {
  return Content([change](Object& body) {
    auto* message = MessageOf(body);
    auto* content = message ? message->if_contains("content") : nullptr;
    if (content && content->is_string()) *content = change(std::string(content->get_string()));
  });
}

Tampering AsksAgain(WhichAnswer which, int times) {
  return Asks([which, times](ProviderExchange& exchange) {
    auto answer = exchange.Fetch();
    for (int i = 0; i < times && which(answer); ++i) answer = exchange.Fetch();
    exchange.Reply(answer);
  });
}

ProviderAnswer Saying(const std::string& text) {
  ProviderAnswer answer;
  answer.status = 200;
  answer.headers = {{"Content-Type", "application/json"}};
  const Object message{{"role", "assistant"}, {"content", text}};
  const Object choice{{"index", 0}, {"message", message}, {"finish_reason", "stop"}};
  const Object usage{{"prompt_tokens", 1}, {"completion_tokens", 1}, {"total_tokens", 2}};
  answer.body =
      json::serialize(Object{{"choices", json::array{json::value(choice)}}, {"usage", usage}});
  return answer;
}

Tampering Inside(std::string breakage) {
  Tampering tampering;
  tampering.inside = std::move(breakage);
  return tampering;
}

namespace {

struct Call {
  std::string name;
  Object arguments;
};

// The call that a result belongs to.
Call CallWith(const json::array& messages, const std::string& id) {
  for (const auto& message : messages) {
    const auto* calls =
        message.is_object() ? message.get_object().if_contains("tool_calls") : nullptr;
    if (!calls || !calls->is_array()) continue;
    for (const auto& call : calls->get_array()) {
      if (!call.is_object() || Text(call.get_object(), "id") != id) continue;
      auto copy = call.get_object();
      const auto* name = At(copy, "function.name");
      const auto* arguments = At(copy, "function.arguments");
      Call found;
      if (name && name->is_string()) found.name = std::string(name->get_string());
      if (arguments && arguments->is_string())
        found.arguments = Parsed(std::string(arguments->get_string())).value_or(Object());
      return found;
    }
  }
  return {};
}

}  // namespace

Edit ToolResults(EditResult edit) {
  return [edit](Object& body) {
    auto* messages = body.if_contains("messages");
    if (!messages || !messages->is_array()) return;
    auto& all = messages->get_array();
    for (auto& message : all) {
      if (!message.is_object() || Text(message.get_object(), "role") != "tool") continue;
      auto call = CallWith(all, Text(message.get_object(), "tool_call_id"));
      edit(call.name, call.arguments, message.get_object());
    }
  };
}

EditAnswer ToolCalls(std::function<void(json::array&)> edit) {
  return Content([edit](Object& body) {
    auto* message = MessageOf(body);
    auto* calls = message ? message->if_contains("tool_calls") : nullptr;
    if (calls && calls->is_array()) edit(calls->get_array());
  });
}

}  // namespace touchstone::defective
