#include "conformance/fuzz/corpus.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "conformance/observe/strict_json.h"

namespace touchstone::fuzz {
namespace {

namespace fs = std::filesystem;

tl::expected<std::vector<fs::path>, std::string> FilesOf(const fs::path& folder) {
  std::error_code ec;
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder, ec)) {
    const auto name = entry.path().filename().string();
    const auto extension = entry.path().extension();
    if (entry.is_regular_file() && !name.starts_with(".") && extension != ".md" &&
        extension != ".py")
      files.push_back(entry.path());
  }
  if (ec) return tl::unexpected(folder.string() + ": " + ec.message());
  std::ranges::sort(files);
  return files;
}

std::string Read(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

tl::expected<fs::path, std::string> Write(const fs::path& file, std::string_view bytes) {
  std::error_code ec;
  fs::create_directories(file.parent_path(), ec);
  std::ofstream stream(file, std::ios::binary | std::ios::trunc);
  stream << bytes;
  stream.close();
  if (!stream) return tl::unexpected(file.string() + ": cannot be written");
  return file;
}

// FNV-1a.
std::string NameOf(const Finding& finding) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (unsigned char c : BytesOf(finding)) hash = (hash ^ c) * 0x100000001b3u;
  std::string name = finding.minimal.violation.requirement;
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
  return fmt::format("{}-{:08x}", name, hash & 0xffffffffu);
}

}  // namespace

tl::expected<std::vector<NamedInput>, std::string> LoadCorpus(const fs::path& folder) {
  auto files = FilesOf(folder);
  if (!files) return tl::unexpected(files.error());
  std::vector<NamedInput> inputs;
  for (const auto& file : *files) {
    NamedInput input{file.filename().string(), Read(file)};
    if (!input.bytes.ends_with('\n')) input.bytes += '\n';
    inputs.push_back(std::move(input));
  }
  return inputs;
}

tl::expected<std::vector<NamedInput>, std::string> LoadJsonCorpus(const fs::path& folder) {
  auto files = FilesOf(folder);
  if (!files) return tl::unexpected(files.error());
  std::vector<NamedInput> inputs;
  for (const auto& file : *files) {
    if (file.extension() != ".json") continue;
    const auto name = file.filename().string();
    auto bytes = Read(file);
    if (bytes.find('\n') != bytes.npos) continue;
    const auto group = name.substr(std::min<std::size_t>(2, name.size()));
    if (!group.starts_with("line_") && !group.starts_with("request_")) {
      // An id of its own, so that it is known which one was answered.
      bytes = fmt::format(R"({{"protocol_version":1,"type":"ping","request_id":"json-{}","x":{}}})",
                          inputs.size(), bytes);
    }
    inputs.push_back({name, bytes + "\n"});
  }
  return inputs;
}

std::string BytesOf(const Finding& finding) {
  std::string bytes;
  for (const auto& input : finding.minimal.inputs) bytes += input;
  return bytes;
}

tl::expected<fs::path, std::string> AddToCorpus(const fs::path& folder, const Finding& finding) {
  return Write(folder / (NameOf(finding) + ".txt"), BytesOf(finding));
}

tl::expected<fs::path, std::string> Promote(const fs::path& folder, const Finding& finding) {
  const auto& violation = finding.minimal.violation;
  const auto bytes = BytesOf(finding);
  const auto name = "found-" + NameOf(finding);
  boost::json::object head{
      {"case", name},
      {"requirements", {violation.requirement}},
      {"modes", {ToString(finding.mode)}},
      {"about", "Found by touchstone fuzz and made minimal: " + violation.message}};
  std::string text = ToJson(head) + "\n";
  text += fmt::format("{{\"env\":{{\"ZENE_MAX_REQUEST_BYTES\":\"{}\"}}}}\n", finding.limit);
  text += fmt::format("{{\"send_raw\":{{\"base64\":\"{}\"}}}}\n", EncodeBase64(bytes));
  if (finding.mode != Mode::kStream) text += "{\"close_stdin\":true}\n";
  // An answer to each line, in any order.
  for (std::string_view rest = bytes; !rest.empty();) {
    const auto lf = rest.find('\n');
    const auto ruling = JudgeRequest(rest.substr(0, lf), finding.mode, {finding.limit});
    rest = lf == rest.npos ? std::string_view() : rest.substr(lf + 1);
    if (ruling.standing == Standing::kBlank) continue;
    boost::json::object outcome{{"request_id", ruling.request_id}};
    if (ruling.id_is_free) outcome["request_id"] = "<string>";
    if (ruling.standing == Standing::kValid) outcome["ok"] = true;
    if (ruling.standing == Standing::kInvalid || ruling.standing == Standing::kShould) {
      outcome["ok"] = false;
      outcome["code"] = "INVALID_REQUEST";
    }
    text += ToJson(boost::json::object{{"outcome", outcome}}) + "\n";
    if (finding.mode != Mode::kStream) break;
  }
  if (finding.mode == Mode::kStream) {
    // A line too many must not be taken for an answer to the ping.
    text += "{\"expect_silence_ms\":200}\n";
    text += R"({"send":{"protocol_version":1,"type":"ping","request_id":"good-after"}})"
            "\n";
    text += R"({"outcome":{"request_id":"good-after","ok":true},"requirements":["FRAME-07"]})"
            "\n";
  }
  return Write(folder / (name + ".jsonl"), text);
}

std::string AsPrintf(std::string_view bytes) {
  std::string text = "'";
  for (unsigned char c : bytes) {
    if (c == '\n')
      text += "\\n";
    else if (c == '\'')
      text += "\\047";
    else if (c == '\\')
      text += "\\\\";
    else if (c == '%')
      text += "%%";
    else if (c < 0x20 || c >= 0x7f)
      text += fmt::format("\\{:03o}", c);
    else
      text += static_cast<char>(c);
  }
  return text + "'";
}

std::string EncodeBase64(std::string_view bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i)
      group = group << 8 | (at + i < bytes.size() ? static_cast<unsigned char>(bytes[at + i]) : 0);
    for (std::size_t i = 0; i < 4; ++i) {
      const bool padding = at + i > bytes.size();
      text += padding ? '=' : kDigits[group >> (18 - 6 * i) & 63];
    }
  }
  return text;
}

}  // namespace touchstone::fuzz
