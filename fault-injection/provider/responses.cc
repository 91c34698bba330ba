#include "fault-injection/provider/responses.h"

#include <boost/json.hpp>

#include "fault-injection/provider/openai_service.h"

namespace touchstone::provider {

namespace {

namespace json = boost::json;

// Why an answer is incomplete, from a rule's finish_reason; "": it is complete.
std::string_view Incomplete(const Respond& respond) {
  if (respond.finish_reason == "length") return "max_output_tokens";
  if (respond.finish_reason == "content_filter") return "content_filter";
  return "";
}

json::value UsageJson(const Usage& usage) {
  return {{"input_tokens", usage.prompt_tokens},
          {"input_tokens_details", {{"cached_tokens", 0}}},
          {"output_tokens", usage.completion_tokens},
          {"output_tokens_details", {{"reasoning_tokens", 0}}},
          {"total_tokens", usage.prompt_tokens + usage.completion_tokens}};
}

json::object TextPart(std::string_view text) {
  return {{"type", "output_text"},
          {"annotations", json::array()},
          {"logprobs", json::array()},
          {"text", text}};
}

std::string MessageId(const Request& request) { return StableId("msg_", request); }

json::object MessageItem(const Request& request, std::string_view status, json::array content) {
  return {{"id", MessageId(request)},
          {"type", "message"},
          {"status", status},
          {"content", std::move(content)},
          {"role", "assistant"}};
}

std::string CallId(const Request& request, const ToolCall& call) {
  return StableId("fc_", request, call.id);
}

json::object CallItem(const Request& request, const ToolCall& call, std::string_view status,
                      std::string_view arguments) {
  return {{"id", CallId(request, call)}, {"type", "function_call"}, {"status", status},
          {"arguments", arguments},      {"call_id", call.id},      {"name", call.name}};
}

json::array Output(const Request& request, const Respond& respond) {
  json::array output;
  if (HasText(respond)) {
    const std::string_view status = Incomplete(respond).empty() ? "completed" : "incomplete";
    output.push_back(MessageItem(request, status, json::array{TextPart(TextOrDefault(respond))}));
  }
  for (const ToolCall& call : respond.tool_calls) {
    output.push_back(CallItem(request, call, "completed", call.arguments));
  }
  return output;
}

json::object Response(const Request& request, std::string_view status, json::array output,
                      json::value usage) {
  return {{"id", StableId("resp_", request)},
          {"object", "response"},
          {"created_at", StableTime(request)},
          {"status", status},
          {"background", false},
          {"error", nullptr},
          {"incomplete_details", nullptr},
          {"instructions", nullptr},
          {"max_output_tokens", nullptr},
          {"model", ModelOf(request)},
          {"output", std::move(output)},
          {"parallel_tool_calls", true},
          {"previous_response_id", nullptr},
          {"reasoning", {{"effort", nullptr}, {"summary", nullptr}}},
          {"service_tier", "default"},
          {"store", true},
          {"temperature", 1.0},
          {"text", {{"format", {{"type", "text"}}}}},
          {"tool_choice", "auto"},
          {"tools", json::array()},
          {"top_p", 1.0},
          {"truncation", "disabled"},
          {"usage", std::move(usage)},
          {"user", nullptr},
          {"metadata", json::object()}};
}

// The response when all is said.
json::object Whole(const Request& request, const Respond& respond) {
  const std::string_view incomplete = Incomplete(respond);
  json::value usage = respond.usage ? UsageJson(*respond.usage) : json::value(nullptr);
  json::object whole = Response(request, incomplete.empty() ? "completed" : "incomplete",
                                Output(request, respond), std::move(usage));
  if (!incomplete.empty()) whole["incomplete_details"] = {{"reason", incomplete}};
  return whole;
}

// Writes the events of one streamed response.
class Stream {
 public:
  Stream(const Request& request, const Respond& respond) : request_(request), respond_(respond) {}

  std::vector<std::string> Events() {
    const json::object begun = Response(request_, "in_progress", {}, nullptr);
    Event("response.created", {{"response", begun}});
    Event("response.in_progress", {{"response", begun}});
    if (HasText(respond_)) Message(TextOrDefault(respond_));
    for (const ToolCall& call : respond_.tool_calls) Call(call);
    const bool complete = Incomplete(respond_).empty();
    Event(complete ? "response.completed" : "response.incomplete",
          {{"response", Whole(request_, respond_)}});
    return std::move(events_);
  }

 private:
  void Message(std::string_view text) {
    const std::string id = MessageId(request_);
    const json::object place{
        {"item_id", id}, {"output_index", output_index_}, {"content_index", 0}};
    const auto at_place = [&](std::string_view key, json::value value) {
      json::object fields = place;
      fields[key] = std::move(value);
      return fields;
    };
    Item("response.output_item.added", MessageItem(request_, "in_progress", {}));
    Event("response.content_part.added", at_place("part", TextPart("")));
    for (const std::string_view piece : Pieces(text)) {
      json::object fields = at_place("delta", json::string(piece));
      fields["logprobs"] = json::array();
      Event("response.output_text.delta", std::move(fields));
    }
    json::object done = at_place("text", json::string(text));
    done["logprobs"] = json::array();
    Event("response.output_text.done", std::move(done));
    Event("response.content_part.done", at_place("part", TextPart(text)));
    const std::string_view status = Incomplete(respond_).empty() ? "completed" : "incomplete";
    Item("response.output_item.done", MessageItem(request_, status, json::array{TextPart(text)}));
    ++output_index_;
  }

  void Call(const ToolCall& call) {
    const json::object place{{"item_id", CallId(request_, call)}, {"output_index", output_index_}};
    Item("response.output_item.added", CallItem(request_, call, "in_progress", ""));
    for (const std::string_view piece : Pieces(call.arguments)) {
      json::object fields = place;
      fields["delta"] = piece;
      Event("response.function_call_arguments.delta", std::move(fields));
    }
    json::object fields = place;
    fields["name"] = call.name;
    fields["arguments"] = call.arguments;
    Event("response.function_call_arguments.done", std::move(fields));
    Item("response.output_item.done", CallItem(request_, call, "completed", call.arguments));
    ++output_index_;
  }

  void Item(std::string_view type, json::object item) {
    Event(type, {{"output_index", output_index_}, {"item", std::move(item)}});
  }

  void Event(std::string_view type, json::object fields) {
    json::object data{{"type", type}, {"sequence_number", events_.size()}};
    for (auto& [key, value] : fields) data[key] = std::move(value);
    events_.push_back(NamedEvent(type, json::serialize(data)));
  }

  const Request& request_;
  const Respond& respond_;
  int output_index_ = 0;
  std::vector<std::string> events_;
};

}  // namespace

Content Responses::Answer(const Request& request, const Respond& respond) const {
  Content content = OpenAiAnswer(request);
  if (request.stream) {
    content.pieces = Stream(request, respond).Events();
  } else {
    content.pieces = {json::serialize(Whole(request, respond))};
  }
  return content;
}

int Responses::StatusOf(ErrorKind kind) const { return OpenAiStatus(kind); }

Content Responses::Refuse(const Request& request, const Refusal& refusal) const {
  return OpenAiError(request, refusal);
}

std::string Responses::ErrorEvent(const Request&, const Refusal& refusal,
                                  std::size_t sequence) const {
  json::object error = OpenAiErrorJson(refusal);
  const json::object data{{"type", "error"},
                          {"sequence_number", sequence},
                          {"code", error["code"].is_null() ? error["type"] : error["code"]},
                          {"message", error["message"]},
                          {"param", error["param"]}};
  return NamedEvent("error", json::serialize(data));
}

}  // namespace touchstone::provider
