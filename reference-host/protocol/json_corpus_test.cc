// The corpus of golden/json (see its README.md), read by the host's parser.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "reference-host/protocol/request.h"

namespace refhost {
namespace {

std::string Bytes(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string AsLine(const std::string& name, const std::string& bytes) {
  const std::string group = name.substr(2, name.find('_', 2) - 2);
  if (group == "line" || group == "request") return bytes;
  return R"({"protocol_version":1,"type":"ping","request_id":"json","x":)" + bytes + "}";
}

TEST(JsonCorpus, IsAnsweredAsItsNamesSay) {
  int accepted = 0, refused = 0, open = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(TOUCHSTONE_SOURCE_DIR "/golden/json")) {
    if (entry.path().extension() != ".json") continue;
    const std::string name = entry.path().filename();
    const auto request = ParseRequest(AsLine(name, Bytes(entry.path())));
    if (name[0] == 'y') {
      EXPECT_TRUE(request && std::holds_alternative<PingRequest>(*request)) << name;
      ++accepted;
    } else if (name[0] == 'n') {
      EXPECT_FALSE(request) << name;
      ++refused;
    } else {
      ++open;  // either way, but without a crash
    }
    const std::string id = request ? "json" : request.error().request_id;
    EXPECT_TRUE(id == "json" || id == "unknown") << name << ": " << id;
  }
  EXPECT_GE(accepted, 150);
  EXPECT_GE(refused, 300);
  EXPECT_GE(open, 20);
}

}  // namespace
}  // namespace refhost
