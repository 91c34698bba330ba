#include "conformance/soak/checkpoint.h"

#include <fmt/format.h>

#include <cstring>
#include <fstream>
#include <sstream>

#include "conformance/observe/strict_json.h"

namespace touchstone {
namespace {

constexpr int kVersion = 1;

std::string Cannot(const std::filesystem::path& file, const char* what) {
  return fmt::format("{}: the checkpoint cannot be {}: {}", file.string(), what,
                     std::strerror(errno));
}

}  // namespace

tl::expected<void, std::string> WriteCheckpoint(const std::filesystem::path& file,
                                                const Checkpoint& checkpoint) {
  boost::json::array open;
  for (const auto& line : checkpoint.open_windows) open.emplace_back(line);
  const boost::json::object json{{"version", kVersion},
                                 {"soaked_s", checkpoint.soaked_s},
                                 {"starts", checkpoint.starts},
                                 {"start_at_ns", checkpoint.start_at_ns},
                                 {"position", checkpoint.position},
                                 {"segment", checkpoint.segment},
                                 {"complete", checkpoint.complete},
                                 {"open_windows", std::move(open)}};
  const std::filesystem::path beside = file.string() + ".new";
  std::ofstream stream(beside, std::ios::trunc);
  stream << ToJson(json) << "\n";
  stream.close();
  if (!stream) return tl::unexpected(Cannot(beside, "written"));
  std::error_code ec;
  std::filesystem::rename(beside, file, ec);
  if (ec)
    return tl::unexpected(
        fmt::format("{}: the checkpoint cannot be replaced: {}", file.string(), ec.message()));
  return {};
}

tl::expected<Checkpoint, std::string> ReadCheckpoint(const std::filesystem::path& file) {
  std::ifstream stream(file);
  if (!stream) return tl::unexpected(Cannot(file, "read"));
  std::ostringstream text;
  text << stream.rdbuf();
  const auto json = ParseStrict(text.str());
  const auto* object = json ? json->if_object() : nullptr;
  const auto not_one = [&](const std::string& why) {
    return tl::unexpected(fmt::format("{}: not a checkpoint of a soak: {}", file.string(), why));
  };
  if (!object) return not_one("expected a JSON object");
  Checkpoint read;
  try {
    if (object->at("version").as_int64() != kVersion) return not_one("of another version");
    read.soaked_s = object->at("soaked_s").to_number<double>();
    read.starts = object->at("starts").as_int64();
    read.start_at_ns = object->at("start_at_ns").as_int64();
    read.position = object->at("position").as_int64();
    read.segment = object->at("segment").to_number<int>();
    read.complete = object->at("complete").as_bool();
    for (const auto& line : object->at("open_windows").as_array())
      read.open_windows.emplace_back(line.as_string());
  } catch (const std::exception& error) {
    return not_one(error.what());
  }
  return read;
}

}  // namespace touchstone
