#include "reference-host/stdio/setup.h"

#include <algorithm>

#include "reference-host/provider/fallback.h"
#include "reference-host/provider/retry.h"

namespace refhost {

namespace {

// A stopped owner is replaced within this and a little more: less than 2 x the grace, unless the
// grace is so short that a process that is merely busy would be taken for dead.
int64_t LeaseMs(const Config& config) {
  constexpr int64_t kShortest = 500;
  return std::max(kShortest, config.cancel_grace_ms * 3 / 2);
}

}  // namespace

HostSettings MakeHostSettings(const Config& config, Mode mode) {
  HostSettings settings;
  settings.admission = {config.max_concurrency, config.session_max_concurrency, config.queue_max};
  settings.default_timeout_ms = config.request_timeout_ms;
  settings.queue_wait_timeout_ms = config.queue_wait_timeout_ms;
  settings.replay_marker = config.idempotency_replay_marker;
  settings.one_shot = mode != Mode::kStream;
  settings.watch_claims_ms = std::min<int64_t>(100, LeaseMs(config) / 6);
  return settings;
}

std::unique_ptr<Engine> MakeEngine(const Config& config) {
  const auto make = [&](const ProviderConfig& provider) -> std::unique_ptr<Provider> {
    return std::make_unique<RetryingProvider>(
        MakeProvider(provider, {config.provider_timeout_ms, Toolbox::Specs()}), RandomBackoffMs);
  };
  auto provider = make(config.provider);
  if (config.fallback) {
    provider = std::make_unique<FallbackProvider>(std::move(provider), make(*config.fallback));
  }
  return std::make_unique<Engine>(std::move(provider));
}

std::unique_ptr<Toolbox> MakeToolbox(const Config& config) {
  ToolSettings settings;
  settings.state_dir = config.state_dir;
  settings.timeout_ms = config.tool_timeout_ms;
  settings.environment = config.tool_environment;
  settings.secrets = {config.provider.api_key};
  if (config.fallback) settings.secrets.push_back(config.fallback->api_key);
  return std::make_unique<Toolbox>(std::move(settings));
}

StoreResult<std::unique_ptr<SqliteStore>> OpenStore(const Config& config, Mode mode) {
  StoreLimits limits;
  limits.lease_ms = LeaseMs(config);
  limits.session_ttl_ms = config.session_ttl_sec * 1000;
  limits.idempotency_ttl_ms = config.idempotency_ttl_sec * 1000;
  limits.idempotency_max_keys = config.idempotency_max_keys;
  limits.session_max_concurrency = config.session_max_concurrency;
  // The next one-shot has to read through the log before it can do anything else: keep it short.
  limits.checkpoint_pages = mode == Mode::kStream ? 1000 : 24;
  return SqliteStore::Open(config.state_dir, limits, UnixMs);
}

}  // namespace refhost
