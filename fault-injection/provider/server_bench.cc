// Requests per second of the provider over keep-alive connections, one blocking caller for each.
// items_per_second is what counts; callers and provider share the cores.
#include "fault-injection/provider/server.h"

#include <arpa/inet.h>
#include <benchmark/benchmark.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>
#include <string_view>

namespace touchstone::provider {
namespace {

Server& SharedServer() {
  static const std::unique_ptr<Server> server = Server::Start({}).value();
  return *server;
}

// An answer of some 300 bytes, header and body.
void KeepAlive(benchmark::State& state) {
  if (state.thread_index() == 0) SharedServer().OpenLane("bench");
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(SharedServer().port());
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const std::string body = R"({"model":"m","messages":[{"role":"user","content":"hello"}]})";
  const std::string request =
      "POST /lane/bench/v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: " +
      std::to_string(body.size()) + "\r\n\r\n" + body;
  if (::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    state.SkipWithError("connect");
  }
  std::array<char, 4096> buffer;
  for (auto _ : state) {
    // An answer is one write of the provider, so one read here.
    if (::send(socket, request.data(), request.size(), MSG_NOSIGNAL) < 0 ||
        ::recv(socket, buffer.data(), buffer.size(), 0) <= 0 ||
        !std::string_view(buffer.data(), buffer.size()).starts_with("HTTP/1.1 200 OK\r\n")) {
      state.SkipWithError("expected an answer with status 200");
      break;
    }
  }
  ::close(socket);
  state.SetItemsProcessed(state.iterations());
  if (state.thread_index() == 0) SharedServer().CloseLane("bench");
}
BENCHMARK(KeepAlive)->Threads(1)->Threads(8)->UseRealTime();

}  // namespace
}  // namespace touchstone::provider
