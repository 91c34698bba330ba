#include "conformance/report/html.h"

#include <fmt/format.h>

#include <cmath>
#include <random>

#include "conformance/report/asset.h"

namespace touchstone {

std::string FreshNonce() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}{:08x}{:08x}", random(), random(), random(), random());
}

std::string FramePage(const Page& page, std::string_view nonce) {
  static const Template kPage("page.html"), kScript("script.html");
  Markup scripts = page.data;
  for (const auto asset : page.scripts)
    scripts += kScript.Fill({{"nonce", nonce}, {"code", Literal(Asset(asset))}});
  return kPage
      .Fill({{"nonce", nonce},
             {"connect", page.connect},
             {"version", page.version},
             {"title", page.title},
             {"css", Literal(Asset("report.css"))},
             {"body", page.body},
             {"scripts", scripts}})
      .html;
}

Markup Section(std::string_view id, std::string_view title, std::string_view note,
               const Markup& content) {
  static const Template kSection("section.html");
  return kSection.Fill({{"id", id}, {"title", title}, {"note", note}, {"content", content}});
}

Markup Fact(std::string_view name, std::string_view value) {
  static const Template kFact("fact.html");
  return kFact.Fill({{"name", name}, {"value", value}});
}

std::string_view GlyphOf(std::string_view verdict) {
  if (verdict == "pass") return "✓";
  if (verdict == "fail") return "✕";
  if (verdict == "skip") return "–";
  if (verdict == "inconclusive") return "?";
  if (verdict == "flaky") return "~";
  if (verdict == "uncovered") return "○";
  return "!";
}

std::string_view LabelOf(std::string_view verdict) {
  return verdict == "harness_bug" ? "bug in the harness" : verdict;
}

std::string Plural(std::int64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string TimeSpan(double seconds) {
  if (seconds < 60) return fmt::format("{:.1f} s", seconds);
  const auto whole = std::llround(seconds);
  if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
  return fmt::format("{} h {} min", whole / 3600, whole / 60 % 60);
}

Markup Table(std::string_view caption, const std::vector<std::string>& head,
             const std::vector<std::vector<std::string>>& rows) {
  static const Template kTable("table.html"), kHead("table-head.html"), kRow("table-row.html"),
      kCell("table-cell.html");
  Markup heads, body;
  for (const auto& text : head) heads += kHead.Fill({{"text", text}});
  for (const auto& row : rows) {
    Markup cells;
    for (const auto& text : row) cells += kCell.Fill({{"text", text}});
    body += kRow.Fill({{"cells", cells}});
  }
  return kTable.Fill({{"caption", caption}, {"head", heads}, {"rows", body}});
}

std::string FormatHtml(const Report& report, std::string_view nonce) {
  PageContext context{report, std::vector<std::string>(report.results.size())};
  static const Template kEntry("toc-entry.html"), kFooter("footer.html"),
      kLicence("chart-licence.html");
  Markup contents, sections;
  const auto add = [&](std::string_view id, std::string_view title, const Markup& section) {
    if (section.empty()) return;
    contents += kEntry.Fill({{"id", id}, {"title", title}});
    sections += section;
  };
  const Markup failures = FailureSection(context);
  add("baseline", "Baseline", BaselineSection(context));
  add("failures", "Failures", failures);
  add("soak", "Soak", SoakSection(context));
  add("requirements", "Requirements", MatrixSection(context));
  add("statistics", "Statistics", StatisticSection(context));
  add("benchmarks", "Benchmarks", BenchmarkSection(context));
  add("results", "Results", ResultSection(context));

  const bool charts = !report.soaks.empty();
  const Markup footer = kFooter.Fill(
      {{"version", report.version}, {"licences", charts ? kLicence.Fill({}) : Markup()}});
  Page page;
  page.title = fmt::format("{} {}: {}", GlyphOf(report.ledger.exit_status == 0 ? "pass" : "fail"),
                           Visible(report.host_name, 80), ToString(report.ledger.overall));
  page.version = report.version;
  page.body = Heading(context, contents, sections, footer);
  page.scripts = {"report.js"};
  if (charts) {
    page.scripts = {"chart.min.js", "charts.js", "soak.js", "report.js"};
    page.data = ChartData(context);
  }
  return FramePage(page, nonce);
}

}  // namespace touchstone
