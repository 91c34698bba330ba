// sample-live: shows the lines that come on stdin as a running soak, until stdin ends. Prints the
// address first. For the tests of ci/e2e, and for looking at a recorded soak.jsonl.
#include <cstdio>
#include <iostream>
#include <string>

#include "conformance/live/live_server.h"

int main() {
  const auto server = touchstone::LiveServer::Start({});
  if (!server) {
    std::fprintf(stderr, "%s\n", server.error().c_str());
    return 3;
  }
  std::printf("%s\n", (*server)->url().c_str());
  std::fflush(stdout);
  for (std::string line; std::getline(std::cin, line);) (*server)->Publish(line);
  return 0;
}
