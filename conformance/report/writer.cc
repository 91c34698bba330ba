#include "conformance/report/writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>

#include "conformance/report/html.h"

namespace touchstone {
namespace {

namespace fs = std::filesystem;

tl::expected<void, std::string> WriteFile(const fs::path& file, const std::string& text) {
  std::ofstream stream(file, std::ios::binary | std::ios::trunc);
  stream << text;
  stream.close();
  if (!stream) return tl::unexpected(fmt::format("{}: cannot write the report", file.string()));
  return {};
}

std::string TranscriptText(const Report& report, const CheckResult& result) {
  std::string text =
      fmt::format("check:        {}\nmode:         {}\nverdict:      {}\n", result.check,
                  ToString(result.mode), ToString(result.judgement.verdict));
  if (result.judgement.violations.empty())
    text += fmt::format("message:      {}\n", result.judgement.message);
  for (const auto& violation : result.judgement.violations) {
    text += fmt::format("violates:     {}: {}\n", violation.requirement, violation.message);
  }
  text += fmt::format("replay:       {}\n\n{}", ReplayCommand(report, result), kTranscriptPreamble);
  return text + result.judgement.transcript;
}

}  // namespace

tl::expected<void, std::string> WriteReport(Report& report, const fs::path& directory) {
  std::error_code ec;
  fs::create_directories(directory / "transcripts", ec);
  if (ec)
    return tl::unexpected(
        fmt::format("{}: cannot make the report folder: {}", directory.string(), ec.message()));
  for (const auto& old : fs::directory_iterator(directory / "transcripts", ec)) {
    if (old.path().extension() == ".txt") fs::remove(old.path(), ec);
  }
  for (CheckResult& result : report.results) {
    if (result.judgement.verdict == Verdict::kPass || result.judgement.verdict == Verdict::kSkip)
      continue;
    std::string name = fmt::format("{}.{}", result.check, ToString(result.mode));
    std::replace(name.begin(), name.end(), '/', '.');
    result.transcript_file = "transcripts/" + name + ".txt";
    if (auto written =
            WriteFile(directory / result.transcript_file, TranscriptText(report, result));
        !written)
      return written;
  }
  if (auto written = WriteFile(directory / "report.json", FormatJson(report)); !written)
    return written;
  if (auto written = WriteFile(directory / "junit.xml", FormatJunit(report)); !written)
    return written;
  if (auto written = WriteFile(directory / "summary.md", FormatMarkdown(report)); !written)
    return written;
  return WriteFile(directory / "report.html", FormatHtml(report, FreshNonce()));
}

}  // namespace touchstone
