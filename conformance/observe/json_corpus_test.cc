// The corpus of golden/json (see its README.md), read by the judge's parser.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "conformance/observe/strict_json.h"

namespace touchstone {
namespace {

std::string Bytes(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string AsLine(const std::string& name, const std::string& bytes) {
  const std::string rest = name.substr(2);
  if (rest.starts_with("line_") || rest.starts_with("request_")) return bytes;
  return R"({"protocol_version":1,"type":"ping","request_id":"json","x":)" + bytes + "}";
}

TEST(JsonCorpus, IsReadAsItsNamesSay) {
  int accepted = 0, refused = 0, open = 0;
  const std::filesystem::path folder = TOUCHSTONE_SOURCE_DIR "/golden/json";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".json") continue;
    const std::string name = entry.path().filename();
    const bool is_json = ParseStrict(AsLine(name, Bytes(entry.path()))).has_value();
    if (name[0] == 'i') {
      ++open;  // either way, but without a crash
    } else if (name[0] == 'y' || name.starts_with("n_deep_") || name.starts_with("n_request_")) {
      EXPECT_TRUE(is_json) << name;
      ++accepted;
    } else {
      EXPECT_FALSE(is_json) << name;
      ++refused;
    }
  }
  EXPECT_GE(accepted, 150);
  EXPECT_GE(refused, 300);
  EXPECT_GE(open, 20);
}

}  // namespace
}  // namespace touchstone
