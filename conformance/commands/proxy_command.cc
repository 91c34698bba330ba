#include <fmt/format.h>
#include <sys/resource.h>

#include <condition_variable>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <mutex>

#include "conformance/commands/session.h"
#include "fault-injection/proxy/api_server.h"

namespace touchstone {
namespace {

// Two descriptors for each connection: as many as the system allows.
void RaiseDescriptorLimit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

int ProxyCommand(const Options& options, const Context& context) {
  RaiseDescriptorLimit();
  proxy::ProxySet proxies(options.seed);
  if (!options.proxy_config.empty()) {
    std::ifstream stream(options.proxy_config, std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(stream)), {});
    const auto answer = proxies.Handle({"POST", "/populate", text});
    if (answer.status != 201) {
      return Complain({fmt::format("{}: {}", options.proxy_config.string(), answer.body),
                       answer.status == 500 ? 3 : 2});
    }
  }
  const auto api =
      proxy::ApiServer::Start({options.host, static_cast<std::uint16_t>(options.port)}, proxies);
  if (!api) return Complain({api.error()});
  const bool is_v6 = options.host.find(':') != std::string::npos;
  const std::string url = fmt::format("http://{}{}{}:{}", is_v6 ? "[" : "", options.host,
                                      is_v6 ? "]" : "", (*api)->port());
  fmt::print(
      "TCP fault proxy: API on {0}, seed {1}\n"
      "try: curl {0}/proxies -d '{{\"name\":\"p\",\"listen\":\"127.0.0.1:26379\","
      "\"upstream\":\"127.0.0.1:6379\"}}'\n"
      "Ctrl-C ends it\n",
      url, options.seed);
  std::fflush(stdout);

  std::mutex mutex;
  std::condition_variable_any ended;
  std::unique_lock lock(mutex);
  ended.wait(lock, context.stop, [] { return false; });

  const auto [count, totals] = proxies.summary();
  fmt::print("{} proxies, {} connections ({} open), {} bytes up, {} bytes down\n", count,
             totals.opened, totals.open, totals.sent_up, totals.sent_down);
  return 0;
}

}  // namespace touchstone
