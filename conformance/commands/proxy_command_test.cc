// `touchstone proxy` as its user meets it: what is wrong with a config, and where.
#include <gtest/gtest.h>

#include "conformance/commands/cli_fixture.h"

namespace touchstone::testing {
namespace {

TEST_F(Cli, AFaultInAProxyConfigHasItsLine) {
  const auto refuse = [&](const std::string& text, std::initializer_list<const char*> words) {
    ExpectSays(Touchstone({"proxy", "--port", "0", "--config", Script("bad.json", text)}), 2,
               words);
  };
  refuse("[\n {\"name\":\"a\",\"upstream\":\"x:1\"},\n {\"name\":\"b\",\"upstream\":\"x\"}]",
         {"bad.json:3: proxy 2: upstream: \"host:port\" expected"});
  refuse(
      "[{\"name\":\"a\",\"upstream\":\"x:1\",\n\"toxics\":[{\"type\":\"latency\",\"attributes\":"
      "{\"latency\":-1}}]}]",
      {"bad.json:1: proxy 1: attribute \"latency\" of latency: an integer from 0"});
  refuse("{\"name\":\"a\"}", {"bad.json:1: expected a list of proxies"});
  refuse("[\n}", {"bad.json:2"});
}

}  // namespace
}  // namespace touchstone::testing
