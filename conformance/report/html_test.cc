#include "conformance/report/html.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "conformance/observe/strict_json.h"
#include "conformance/report/samples/samples.h"
#include "conformance/report/soak_model.h"

namespace touchstone {
namespace {

constexpr std::string_view kNonce = "0123456789abcdef";

std::size_t CountOf(std::string_view text, std::string_view words) {
  std::size_t count = 0;
  for (auto at = text.find(words); at != std::string_view::npos; at = text.find(words, at + 1))
    ++count;
  return count;
}

std::string PageOf(std::string_view sample) { return FormatHtml(*SampleReport(sample), kNonce); }

TEST(HtmlText, ShowsWhatCannotBeSeen) {
  const std::pair<std::string, std::string> shown[] = {
      {"plain ü € 😀", "plain ü € 😀"},
      {"a\nb\tc", "a\nb\tc"},
      {std::string("\0\x1b\r\x7f", 4), "\\x00\\x1b\\x0d\\x7f"},
      {"\xc2\x85", "\\u{85}"},
      {"\xe2\x80\xae", "\\u{202e}"},
      {"\xe2\x81\xa6", "\\u{2066}"},
      {"\xef\xbb\xbf", "\\u{feff}"},
      {"\xef\xbf\xbf", "\\u{ffff}"},
      {"\xff", "\\xff"},
      {"\xc3(", "\\xc3("},
      {"\xc0\xaf", "\\xc0\\xaf"},
      {"\xed\xa0\x80", "\\xed\\xa0\\x80"},
      {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},
      {"\xe2\x82", "\\xe2\\x82"}};
  for (const auto& [bytes, text] : shown) EXPECT_EQ(Visible(bytes), text);
  EXPECT_EQ(Visible("äöü", 2), "äö…");
  EXPECT_EQ(Visible("äö", 2), "äö");
  for (int c = 0; c < 256; ++c)
    EXPECT_TRUE(IsValidUtf8(Visible(std::string(3, static_cast<char>(c))))) << c;
}

TEST(HtmlText, IsNeverMarkup) {
  EXPECT_EQ(EscapeHtml("<a href=\"x\" id='y'>&amp;"),
            "&lt;a href=&quot;x&quot; id=&#39;y&#39;&gt;&amp;amp;");
  EXPECT_EQ(EscapeJsonForScript(R"({"a":"</script><!--"})"),
            R"({"a":"\u003c/script\u003e\u003c!--"})");
}

TEST(HtmlPage, SaysVerdictAndReasonsFirst) {
  const auto page = PageOf("fail");
  const auto verdict = page.find("is <strong>nonconformant</strong>");
  const auto reason = page.find("is broken: stdout must carry one JSON object per line");
  const auto failures = page.find("id=\"failures\""), matrix = page.find("id=\"requirements\"");
  ASSERT_NE(matrix, std::string::npos);
  EXPECT_LT(verdict, reason);
  EXPECT_LT(reason, failures);
  EXPECT_LT(failures, matrix);
  const auto good = PageOf("pass");
  EXPECT_NE(good.find("is <strong>conformant</strong>"), std::string::npos);
  EXPECT_NE(good.find("none was seen broken"), std::string::npos);
  EXPECT_EQ(good.find("id=\"failures\""), std::string::npos);
}

TEST(HtmlPage, HasAllWithoutScripts) {
  const Report report = *SampleReport("fail");
  const auto page = FormatHtml(report, kNonce);
  for (const auto& row : report.ledger.requirements) {
    EXPECT_NE(page.find("<tr id=\"" + row.requirement->id + "\""), std::string::npos);
    EXPECT_NE(page.find(row.requirement->text), std::string::npos);
  }
  for (const auto& result : report.results) {
    EXPECT_NE(page.find(result.check), std::string::npos);
    if (result.judgement.verdict == Verdict::kFail) {
      EXPECT_NE(page.find(EscapeHtml(ReplayCommand(report, result))), std::string::npos);
    }
  }
  // A diagram: an arrow in each direction, and where the rule was seen broken.
  for (const char* kind : {"ch", "hc", "hp", "ph", "note", "bad"})
    EXPECT_NE(page.find(std::string("<li class=\"") + kind + "\">"), std::string::npos) << kind;
  EXPECT_NE(page.find("Seen broken by"), std::string::npos);
}

TEST(HtmlPage, SaysOnceWhatHasOneCause) {
  Report report = *SampleReport("pass");
  report.ledger.blocking = {"FRAME-01 (MUST M1) is broken: the first line\nand a second"};
  for (int i = 0; i < 900; ++i) {
    Judgement unplayed;
    unplayed.verdict = Verdict::kFail;
    unplayed.message = "not played: the host let 30 plays run into their deadlines";
    report.results[0].judgement = unplayed;
    report.results.push_back(report.results[0]);
  }
  report.results[1].judgement =
      Judgement::From({{"FRAME-01", "one message"}, {"REQ-02", "one message"}}, "");
  const auto page = FormatHtml(report, kNonce);
  EXPECT_EQ(CountOf(page, "<details class=\"failure "), 1u);
  EXPECT_NE(page.find("901 checks not played"), std::string::npos);
  EXPECT_EQ(CountOf(page, "<span class=\"said\">one message</span>"), 1u);
  EXPECT_EQ(page.find("and a second"), std::string::npos);
}

TEST(HtmlPage, AsksNothingOfTheNetwork) {
  for (const auto name : SampleNames()) {
    const auto page = PageOf(name);
    EXPECT_NE(page.find("default-src 'none'"), std::string::npos);
    EXPECT_NE(page.find("connect-src &#39;none&#39;;"), std::string::npos);
    EXPECT_EQ(page.find("<link rel=\"stylesheet"), std::string::npos);
    EXPECT_EQ(page.find("@import"), std::string::npos);
    EXPECT_EQ(page.find(" src=\"http"), std::string::npos);
    EXPECT_EQ(page.find(" href=\"http"), std::string::npos);
    EXPECT_EQ(page.find(" style=\""), std::string::npos);  // the policy would refuse it
  }
}

TEST(HtmlPage, HostileTextStaysText) {
  const auto page = PageOf("hostile");
  EXPECT_TRUE(IsValidUtf8(page));
  const auto json = ParseStrict(FormatJson(*SampleReport("hostile")));
  EXPECT_TRUE(json) << json.error().message;
  EXPECT_EQ(page.find("<script>window"), std::string::npos);
  EXPECT_EQ(page.find("<img"), std::string::npos);
  EXPECT_EQ(page.find("<svg onload"), std::string::npos);
  for (const char* turner : {"\xe2\x80\xae", "\xe2\x81\xa7", "\xe2\x80\x8b", "\x1b", "\x07"})
    EXPECT_EQ(page.find(turner), std::string::npos);
  EXPECT_EQ(page.find('\0'), std::string::npos);
  // Each script is one of ours.
  EXPECT_EQ(CountOf(page, "<script"),
            CountOf(page, "<script nonce=\"0123456789abcdef\">") +
                CountOf(page, "<script type=\"application/json\" id=\"soak-data-"));
  EXPECT_EQ(CountOf(page, "<script"), CountOf(page, "</script>"));
  // It is all there, for whoever looks for it.
  EXPECT_NE(page.find("&lt;/script&gt;&lt;script&gt;window.hacked=1"), std::string::npos);
  EXPECT_NE(page.find("\\u{202e}"), std::string::npos);
  EXPECT_NE(page.find("{{gap}}"), std::string::npos);
}

TEST(HtmlPage, StaysSmallHoweverManyFail) {
  const Report report = *SampleReport("many");
  ASSERT_EQ(report.results.size(), 2000u);
  const auto page = FormatHtml(report, kNonce);
  EXPECT_LT(page.size(), 3u << 20);
  EXPECT_NE(page.find("The diagram is left out"), std::string::npos);
  EXPECT_NE(page.find("more, which the table of results lists"), std::string::npos);
  for (const auto& result : report.results)
    ASSERT_NE(page.find(">" + result.check + "<"), std::string::npos) << result.check;
  // Text that grows when it is escaped counts as what it becomes.
  Report hostile = report;
  for (auto& result : hostile.results) {
    result.judgement.message = std::string(5000, '&');
    for (auto& violation : result.judgement.violations) violation.message = std::string(5000, '\1');
  }
  EXPECT_LT(FormatHtml(hostile, kNonce).size(), 3u << 20);
}

TEST(HtmlPage, CarriesTheChartsOnlyWhereThereIsASoak) {
  const auto page = PageOf("soak");
  for (const char* words : {"Chart.js v", "MIT licence", "soak-data-1", "leaky-host", "rises",
                            "provider outage", "Theil–Sen"})
    EXPECT_NE(page.find(words), std::string::npos) << words;
  EXPECT_EQ(PageOf("fail").find("Chart.js v"), std::string::npos);
  for (const char* words : {"Since the baseline", "frame/old-check", "0.30 % (95 % confidence)",
                            "at most 1.5 ratio: yes", "no quiet machine"})
    EXPECT_NE(page.find(words), std::string::npos) << words;
}

TEST(SoakModel, JoinsWindowsAndKeepsTheWorse) {
  std::vector<soak::Window> windows(1440);
  for (std::size_t i = 0; i < windows.size(); ++i) {
    windows[i].from_s = 60.0 * static_cast<double>(i);
    windows[i].seconds = 60;
    windows[i].answered = 10;
    windows[i].outcomes = {{"OK", 10}};
    windows[i].latency.p99_ms = i == 77 ? 500 : 1;
  }
  const auto joined = JoinWindows(windows, 400);
  EXPECT_LE(joined.size(), 400u);
  std::int64_t answered = 0;
  double worst = 0;
  for (const auto& window : joined) {
    answered += window.answered;
    worst = std::max(worst, window.latency.p99_ms);
  }
  EXPECT_EQ(answered, 14400);
  EXPECT_EQ(worst, 500);
  EXPECT_EQ(joined.back().from_s + joined.back().seconds, 86400);
  EXPECT_TRUE(JoinWindows({}, 400).empty());
}

TEST(Markdown, HoldsHostileTextInCode) {
  const auto text = FormatMarkdown(*SampleReport("hostile"));
  EXPECT_TRUE(IsValidUtf8(text));
  EXPECT_NE(text.find("❌"), std::string::npos);
  // Nothing of the host begins a line, where it could be a heading, a table or a fence.
  EXPECT_EQ(text.find("\n# heading"), std::string::npos);
  EXPECT_EQ(text.find("\n@everyone"), std::string::npos);
  for (const char* turner : {"\xe2\x80\xae", "\x1b"})
    EXPECT_EQ(text.find(turner), std::string::npos);
  EXPECT_LT(FormatMarkdown(*SampleReport("many")).size(), 60'000u);
}

TEST(Markdown, SaysWhatAPersonNeeds) {
  const auto text = FormatMarkdown(*SampleReport("soak"));
  for (const char* words : {"is nonconformant for milestone M1", "**Because**",
                            "LIFE-01 (MUST M1) is broken", "--only 'life/one-terminal' --modes S",
                            "2 regressed, 1 vanished", "Soak in mode S: **fail**"})
    EXPECT_NE(text.find(words), std::string::npos) << words << text;
  EXPECT_TRUE(FormatMarkdown(*SampleReport("pass")).starts_with("## ✅ `good-host` is conformant"));
}

}  // namespace
}  // namespace touchstone
