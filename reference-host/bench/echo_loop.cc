// What a host is measured against (`ci/bench`): as little as a program that speaks JSON lines can
// do. Answers each line of stdin with the same object, made a PONG.
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

int main() {
  std::ios::sync_with_stdio(false);
  for (std::string line; std::getline(std::cin, line);) {
    auto request = nlohmann::json::parse(line);
    request["type"] = "ack";
    request["status"] = "PONG";
    std::cout << request.dump() << '\n' << std::flush;
  }
  return 0;
}
