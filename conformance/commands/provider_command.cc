#include <fmt/format.h>

#include <condition_variable>
#include <cstdio>
#include <mutex>

#include "conformance/commands/session.h"
#include "fault-injection/provider/server.h"

namespace touchstone {

int ProviderCommand(const Options& options, const Context& context) {
  provider::ServerOptions server_options;
  server_options.port = static_cast<std::uint16_t>(options.port);
  auto server = provider::Server::Start(server_options);
  if (!server) return Complain({server.error()});
  provider::Lane& lane = (*server)->OpenLane("");
  fmt::print(
      "mock provider on {0} (OpenAI: {0}/v1, Anthropic: {0}); every call is answered \"mock "
      "answer\"\n"
      "try: curl {0}/v1/chat/completions -d "
      "'{{\"model\":\"m\",\"messages\":[{{\"role\":\"user\",\"content\":\"hi\"}}]}}'\n"
      "Ctrl-C ends it\n",
      lane.base_url());
  std::fflush(stdout);
  // One line per call, until Ctrl-C.
  std::size_t shown = 0;
  while (!context.stop.stop_requested()) {
    lane.WaitUntil([&](const provider::Snapshot& journal) { return journal.calls.size() > shown; },
                   std::chrono::steady_clock::now() + std::chrono::milliseconds(250));
    const auto journal = lane.Journal();
    for (; shown < journal.calls.size(); ++shown) {
      const auto& call = journal.calls[shown];
      fmt::print("call {}: {} {} {}\n", call.number, call.method, call.path, call.body);
      std::fflush(stdout);
    }
  }
  return 0;
}

}  // namespace touchstone
