// HTML is made from the files of conformance/report/html/: {{name}} in them is a gap. What fills a
// gap is escaped unless it is Markup, and only a template makes Markup: text cannot become markup
// by an oversight.
//
// Pure values; any thread.
#pragma once

#include <concepts>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "conformance/report/html_text.h"

namespace touchstone {

// Is HTML already.
struct Markup {
  std::string html;
  Markup& operator+=(const Markup& more) {
    html += more.html;
    return *this;
  }
  bool empty() const { return html.empty(); }
};

// Text of the program's own, such as " open"; never anything that was read.
inline Markup Literal(std::string_view html) { return {std::string(html)}; }

class Filling {
 public:
  Filling(Markup markup) : html_(std::move(markup.html)) {}
  Filling(std::integral auto number) : html_(fmt::format("{}", number)) {}
  Filling(std::convertible_to<std::string_view> auto&& text)
      : html_(EscapeHtml(std::string_view(text))) {}
  const std::string& html() const { return html_; }

 private:
  std::string html_;
};

class Template {
 public:
  // `file` must be one of the folder's.
  explicit Template(std::string_view file);
  // Each gap must be filled, and nothing else.
  Markup Fill(std::initializer_list<std::pair<std::string_view, Filling>> fillings) const;

 private:
  struct Piece {
    std::string_view text, gap;  // the text, then the gap (empty: none)
  };
  std::vector<Piece> pieces_;
};

}  // namespace touchstone
