#include "fault-injection/provider/models.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <optional>

namespace touchstone::provider {

namespace {

namespace json = boost::json;

constexpr std::string_view kModel = "mock-model";
constexpr std::int64_t kCreated = 1'700'000'000;

json::object OpenAiModel(std::string_view id) {
  return {{"id", id}, {"object", "model"}, {"created", kCreated}, {"owned_by", "touchstone"}};
}

json::object AnthropicModel(std::string_view id) {
  return {{"type", "model"}, {"id", id}, {"display_name", id}, {"created_at", Rfc3339(kCreated)}};
}

json::object GeminiModel(std::string_view id) {
  return {{"name", fmt::format("models/{}", id)},
          {"version", "001"},
          {"displayName", id},
          {"inputTokenLimit", 1048576},
          {"outputTokenLimit", 8192},
          {"supportedGenerationMethods", {"generateContent"}}};
}

// `id` "": the list.
json::object ModelsJson(const Probe& probe, std::string_view id) {
  const std::string_view model = id.empty() ? kModel : id;
  if (probe.path.find("/v1beta/") != std::string_view::npos) {
    if (!id.empty()) return GeminiModel(model);
    return {{"models", json::array{GeminiModel(model)}}};
  }
  if (probe.anthropic) {
    if (!id.empty()) return AnthropicModel(model);
    return {{"data", json::array{AnthropicModel(model)}},
            {"has_more", false},
            {"first_id", model},
            {"last_id", model}};
  }
  if (!id.empty()) return OpenAiModel(model);
  return {{"object", "list"}, {"data", json::array{OpenAiModel(model)}}};
}

// The model that the path names; "" for the list, nothing when it is about something else.
std::optional<std::string_view> ModelId(std::string_view path) {
  constexpr std::string_view kModels = "/models";
  if (path.ends_with(kModels)) return "";
  const std::size_t at = path.rfind("/models/");
  if (at == std::string_view::npos) return std::nullopt;
  return path.substr(at + kModels.size() + 1);
}

ProbeAnswer Refused(const Probe& probe, int status, std::string_view words) {
  Request request;
  request.lane = probe.lane;
  request.number = 0;
  const Dialect* dialect = DialectOf(probe.path);
  if (dialect == nullptr) dialect = DialectOf(probe.anthropic ? "/messages" : "/chat/completions");
  return {status, dialect->Error(request, status, words)};
}

}  // namespace

ProbeAnswer AnswerProbe(const Probe& probe) {
  if (probe.upgrade) {
    ProbeAnswer answer = Refused(probe, 426, "There is no other protocol here than HTTP/1.1.");
    answer.content.headers.emplace_back("Upgrade", "HTTP/1.1");
    return answer;
  }
  if (DialectOf(probe.path) == nullptr) {
    if (const auto id = ModelId(probe.path)) {
      ProbeAnswer answer;
      answer.content.type = "application/json";
      answer.content.pieces = {json::serialize(ModelsJson(probe, *id))};
      return answer;
    }
  }
  if (probe.head) return {};
  return Refused(probe, 404, "There is nothing to get here.");
}

}  // namespace touchstone::provider
