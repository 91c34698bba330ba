// report.html: one file that opens offline and asks nothing of the network. Verdict and reasons
// first, then what failed, every requirement, the soaks, and all results.
//
// Made of the templates in html/; the sections are one file each. It stays below 3 MiB for 2000
// results: diagrams and long messages give way first, and the page says so.
#pragma once

#include <string>
#include <string_view>

#include "conformance/report/html_template.h"
#include "conformance/report/report.h"

namespace touchstone {

// `nonce`: what the page's own scripts are known by (Content-Security-Policy). A host that could
// guess it could try to smuggle in a script; see FreshNonce.
std::string FormatHtml(const Report& report, std::string_view nonce);
std::string FreshNonce();

// The frame that all pages share: head, style, scripts.
struct Page {
  std::string title, version;
  std::string connect = "'none'";  // whom scripts may talk to, as the policy names them
  Markup body;
  std::vector<std::string_view> scripts;  // assets, run in this order at the end
  Markup data;                            // what they read
};
std::string FramePage(const Page& page, std::string_view nonce);

// What a section may need of the others.
struct PageContext {
  const Report& report;
  // For each result the id of its failure, if the page has one for it.
  std::vector<std::string> failure_ids;
};

// Each is empty when there is nothing to show.
Markup FailureSection(PageContext& context);  // sets failure_ids, so it comes first
Markup MatrixSection(const PageContext& context);
Markup ResultSection(const PageContext& context);
Markup BaselineSection(const PageContext& context);
Markup StatisticSection(const PageContext& context);
Markup BenchmarkSection(const PageContext& context);
Markup SoakSection(const PageContext& context);
Markup ChartData(const PageContext& context);
Markup Heading(const PageContext& context, const Markup& contents, const Markup& sections,
               const Markup& footer);

// Small words that sections share.
Markup Section(std::string_view id, std::string_view title, std::string_view note,
               const Markup& content);
Markup Fact(std::string_view name, std::string_view value);
std::string_view GlyphOf(std::string_view verdict);             // "✓", "✕", …
std::string_view LabelOf(std::string_view verdict);             // "bug in the harness"
std::string Plural(std::int64_t count, std::string_view noun);  // "1 check", "12 checks"
std::string TimeSpan(double seconds);                           // "0.3 s", "12 min", "23 h 59 min"
Markup Table(std::string_view caption, const std::vector<std::string>& head,
             const std::vector<std::vector<std::string>>& rows);

}  // namespace touchstone
