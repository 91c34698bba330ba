#include <fmt/format.h>
#include <sys/resource.h>

#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <optional>

#include "conformance/commands/flags.h"
#include "conformance/commands/session.h"
#include "conformance/observe/json_file.h"
#include "fault-injection/proxy/api_server.h"
#include "fault-injection/proxy/config.h"

namespace touchstone {
namespace {

// Two descriptors for each connection: as many as the system allows.
void RaiseDescriptorLimit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

// Makes the proxies of the file; each is looked at alone first, so that a fault has its line.
std::optional<CommandError> Populate(const std::filesystem::path& path, proxy::ProxySet& proxies) {
  const auto file = ReadJsonFile(path);
  if (!file) return CommandError{file.error(), 2};
  const auto* list = file->value.if_array();
  if (list == nullptr) return CommandError{file->Fault({}, "expected a list of proxies"), 2};
  for (std::size_t i = 0; i < list->size(); ++i) {
    const auto config = proxy::ReadNewProxy((*list)[i]);
    if (config) continue;
    std::string_view why = config.error().message;
    constexpr std::string_view kOfTheApi = "bad request body: ";
    if (why.starts_with(kOfTheApi)) why.remove_prefix(kOfTheApi.size());
    return CommandError{fmt::format("{}:{}: proxy {}: {}", path.string(),
                                    LineOf(file->text, {std::to_string(i)}), i + 1, why),
                        2};
  }
  const auto answer = proxies.Handle({"POST", "/populate", file->text});
  if (answer.status == 201) return std::nullopt;
  return CommandError{fmt::format("{}: {}", path.string(), answer.body),
                      answer.status == 500 ? 3 : 2};
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
    if (const auto fault = Populate(config_, proxies)) return Complain(*fault);
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
         R"(
  touchstone proxy                                where Toxiproxy's clients expect it, on port 8474
  curl localhost:8474/proxies -d '{"name":"p","upstream":"127.0.0.1:9009"}'
  curl localhost:8474/proxies/p/toxics -d '{"type":"latency","attributes":{"latency":500}}')"});

}  // namespace
}  // namespace touchstone
