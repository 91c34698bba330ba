#include <fmt/format.h>
#include <sys/resource.h>

#include <condition_variable>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <mutex>

#include "conformance/commands/flags.h"
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

class ProxyCommand : public Command {
 public:
  void AddFlags(CLI::App& app, Options& options) override {
    app.add_option("--host", host_, "where the API listens")->default_str("127.0.0.1");
    app.add_option("--port", port_, "of the API; 0: a free one, printed")
        ->check(CLI::Range(0, 65535))
        ->default_str("8474");
    app.add_option("--config", config_,
                   "proxies to begin with: a JSON file as POST /populate takes it")
        ->check(CLI::ExistingFile);
    AddSeedFlag(app, options);
  }

  int Run(const Options& options, const Context& context) override;

 private:
  std::string host_ = "127.0.0.1";
  int port_ = 8474;
  std::filesystem::path config_;
};

int ProxyCommand::Run(const Options& options, const Context& context) {
  RaiseDescriptorLimit();
  proxy::ProxySet proxies(options.seed);
  if (!config_.empty()) {
    std::ifstream stream(config_, std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(stream)), {});
    const auto answer = proxies.Handle({"POST", "/populate", text});
    if (answer.status != 201) {
      return Complain(
          {fmt::format("{}: {}", config_.string(), answer.body), answer.status == 500 ? 3 : 2});
    }
  }
  const auto api = proxy::ApiServer::Start({host_, static_cast<std::uint16_t>(port_)}, proxies);
  if (!api) return Complain({api.error()});
  const bool is_v6 = host_.find(':') != std::string::npos;
  const std::string url =
      fmt::format("http://{}{}{}:{}", is_v6 ? "[" : "", host_, is_v6 ? "]" : "", (*api)->port());
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

const CommandRegistration<ProxyCommand> kProxy(
    {.name = "proxy",
     .about = "the TCP fault proxy with Toxiproxy's HTTP API, until Ctrl-C (docs/proxy.md)",
     .group = CommandGroup::kFaults,
     .examples =
         R"(  touchstone proxy                                where Toxiproxy's clients expect it, on port 8474
  curl localhost:8474/proxies -d '{"name":"p","upstream":"127.0.0.1:9009"}'
  curl localhost:8474/proxies/p/toxics -d '{"type":"latency","attributes":{"latency":500}}')"});

}  // namespace
}  // namespace touchstone
