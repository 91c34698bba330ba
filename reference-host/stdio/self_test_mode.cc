#include "reference-host/stdio/self_test_mode.h"

#include <unistd.h>

#include <chrono>
#include <future>
#include <thread>

#include "reference-host/protocol/json_text.h"
#include "reference-host/provider/http_answer.h"
#include "reference-host/provider/http_client.h"
#include "reference-host/stdio/exit_status.h"
#include "reference-host/stdio/line_writer.h"
#include "reference-host/stdio/setup.h"

namespace refhost {
namespace {

constexpr Milliseconds kProbeTime{4500};

struct Probe {
  bool ok = false;
  std::string detail;
  std::optional<int> http_status;
};

std::string MaskKey(const std::string& key) {
  if (key.empty()) return "";
  return key.size() < 12 ? "***" : "***" + key.substr(key.size() - 4);
}

// Lists the provider's models: reaches it and shows the key, and costs nothing.
Probe AskForModels(const ProviderConfig& provider) {
  const auto url = ParseUrl(provider.base_url);
  if (!url) return {false, "the base URL is wrong", {}};
  if (provider.api_key.empty()) return {false, "no key is configured", {}};
  HttpRequest request;
  request.method = "GET";
  if (provider.kind == ProviderKind::kAnthropic) {
    request.path = "/v1/models";
    request.headers = {{"x-api-key", provider.api_key}, {"anthropic-version", "2023-06-01"}};
  } else {
    request.path = "/models";
    request.headers = {{"Authorization", "Bearer " + provider.api_key}};
  }
  std::stop_source stop;
  std::promise<void> finished;
  // The idle timeout alone would let a provider that drips go on for ever.
  std::jthread watchdog([&stop, done = finished.get_future()]() mutable {
    if (done.wait_for(kProbeTime) == std::future_status::timeout) stop.request_stop();
  });
  const auto response = Exchange(*url, request, {.idle_timeout = kProbeTime}, stop.get_token());
  finished.set_value();
  if (!response) {
    const ProviderError error = DescribeFault(response.error());
    if (error.fault == ProviderFault::kCanceled) return {false, "no answer within 4.5 s", {}};
    return {false, error.message, {}};
  }
  const int status = response->status;
  // A server without a list of models is there all the same, and has not refused the key.
  const bool ok = (status >= 200 && status < 300) || status == 404 || status == 405;
  return {ok, ok ? "reached" : "refused with HTTP status " + std::to_string(status), status};
}

void AppendProbe(std::string& out, const char* role, const ProviderConfig& provider,
                 const Probe& probe) {
  out += out.back() == '[' ? "{" : ",{";
  AppendField(out, "role", role);
  AppendField(out, "provider", Name(provider.kind));
  AppendField(out, "model", provider.model);
  const auto url = ParseUrl(provider.base_url);
  AppendField(out, "base_url", url ? url->Display() : "");
  AppendField(out, "api_key", MaskKey(provider.api_key));
  AppendField(out, "ok", probe.ok);
  AppendField(out, "detail", probe.detail);
  if (probe.http_status) AppendField(out, "http_status", int64_t{*probe.http_status});
  out += '}';
}

void AppendCheck(std::string& out, const char* name, bool ok, const std::string& detail) {
  out += out.back() == '[' ? "{" : ",{";
  AppendField(out, "name", name);
  AppendField(out, "ok", ok);
  AppendField(out, "detail", ReplaceBadUtf8(detail));
  out += '}';
}

}  // namespace

int RunSelfTestMode(const Config& config) {
  const bool is_echo = config.provider.kind == ProviderKind::kEcho;
  const bool has_key = is_echo || !config.provider.api_key.empty();
  std::string problems;
  for (const auto& problem : config.problems) problems += (problems.empty() ? "" : "; ") + problem;
  StoreResult<std::unique_ptr<SqliteStore>> store = tl::unexpected(StoreError{"not tried"});
  if (config.problems.empty()) store = OpenStore(config, Mode::kOneShot);

  std::future<Probe> fallback;
  if (config.fallback && config.fallback->kind != ProviderKind::kEcho) {
    fallback = std::async(std::launch::async, AskForModels, *config.fallback);
  }
  const Probe probe = is_echo ? Probe{true, "needs no network", {}} : AskForModels(config.provider);
  std::string probes = "[";
  AppendProbe(probes, "primary", config.provider, probe);
  if (config.fallback) {
    AppendProbe(probes, "fallback", *config.fallback,
                fallback.valid() ? fallback.get() : Probe{true, "needs no network", {}});
  }
  std::string checks = "[";
  AppendCheck(checks, "configuration", problems.empty(), problems);
  AppendCheck(checks, "state_dir", store.has_value(), store ? "" : store.error().message);
  AppendCheck(checks, "provider", probe.ok, probe.detail);

  const bool ok = has_key && problems.empty() && store && probe.ok;
  std::string out = "{";
  AppendField(out, "ok", ok);
  AppendField(out, "status", ok ? "PASS" : "FAIL");
  out += has_key ? ",\"missing_required_env\":[]" : ",\"missing_required_env\":[\"LLM_API_KEY\"]";
  out += ",\"provider_probe_results\":" + probes + "]";
  out += ",\"checks\":" + checks + "]";
  out += ",\"capabilities\":[\"tools\",\"inspect\"]}";
  if (!WriteLine(STDOUT_FILENO, out)) return kExitNoReader;
  return ok ? kExitOk : kExitConfiguration;
}

}  // namespace refhost
