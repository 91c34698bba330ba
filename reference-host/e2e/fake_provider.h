// A provider made of raw sockets, so that it can misbehave at any byte. Every request is handed to
// the script, which answers on the connection as it likes; requests are kept for the test to look
// at.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "reference-host/e2e/host_process.h"

namespace refhost {

class FakeProvider {
 public:
  struct Call {
    int number = 0;  // from 1
    std::string head;
    Json body;
    std::string prompt;  // content of the last message; as JSON text if it is no string
    int fd = -1;

    void Send(const std::string& bytes) const;
    void Answer(const std::string& text) const;  // 200, with usage 3 + 4
    // Asks for tool calls: {{"id",…},{"name",…},{"arguments",…}} each; usage 3 + 4 as well.
    void AskFor(const Json& calls) const;
    void AnswerJson(const Json& body) const;
    void Status(int status, const std::string& headers = "") const;
    void Reset() const;  // RST instead of FIN when the script returns
    // Waits until the host has closed the connection.
    bool AwaitClose(int timeout_ms = 10000) const;
  };
  using Script = std::function<void(const Call&)>;

  explicit FakeProvider(Script script);
  ~FakeProvider();

  Env EnvFor(const TempDir& dir) const;
  int calls() const { return calls_; }
  Call call(size_t index);
  std::string base_url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/v1"; }

 private:
  void Accept();
  void Serve(int fd);

  Script script_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<int> calls_{0};
  std::mutex mutex_;
  std::vector<Call> seen_;
  std::vector<std::jthread> threads_;
  std::jthread accepter_;
};

}  // namespace refhost
