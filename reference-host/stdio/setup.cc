#include "reference-host/stdio/setup.h"

#include <limits>

#include "reference-host/provider/fallback.h"
#include "reference-host/provider/retry.h"

namespace refhost {

HostSettings MakeHostSettings(const Config& config, Mode mode) {
  HostSettings settings;
  settings.admission = {config.max_concurrency, config.session_max_concurrency, config.queue_max};
  settings.default_timeout_ms = config.request_timeout_ms;
  settings.queue_wait_timeout_ms = config.queue_wait_timeout_ms;
  settings.replay_marker = config.idempotency_replay_marker;
  settings.one_shot = mode != Mode::kStream;
  return settings;
}

std::unique_ptr<Engine> MakeEngine(const Config& config) {
  const auto make = [&](const ProviderConfig& provider) -> std::unique_ptr<Provider> {
    return std::make_unique<RetryingProvider>(MakeProvider(provider, config.provider_timeout_ms),
                                              RandomBackoffMs);
  };
  auto provider = make(config.provider);
  if (config.fallback) {
    provider = std::make_unique<FallbackProvider>(std::move(provider), make(*config.fallback));
  }
  return std::make_unique<Engine>(std::move(provider));
}

StoreResult<std::unique_ptr<SqliteStore>> OpenStore(const Config& config, Mode mode) {
  StoreLimits limits;
  limits.session_ttl_ms = config.session_ttl_sec * 1000;
  limits.idempotency_ttl_ms = config.idempotency_ttl_sec * 1000;
  limits.idempotency_max_keys = config.idempotency_max_keys;
  limits.session_max_concurrency = config.session_max_concurrency;
  // The next one-shot has to read through the log before it can do anything else: keep it short.
  limits.checkpoint_pages = mode == Mode::kStream ? 1000 : 24;
  return SqliteStore::Open(config.state_dir, limits, UnixMs);
}

}  // namespace refhost
