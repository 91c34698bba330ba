#include "conformance/report/html_template.h"

#include <algorithm>
#include <cassert>

#include "conformance/report/asset.h"

namespace touchstone {

Template::Template(std::string_view file) {
  std::string_view text = Asset(file);
  while (true) {
    const auto open = text.find("{{");
    if (open == std::string_view::npos) break;
    const auto close = text.find("}}", open);
    assert(close != std::string_view::npos);
    pieces_.push_back({text.substr(0, open), text.substr(open + 2, close - open - 2)});
    text.remove_prefix(close + 2);
  }
  pieces_.push_back({text, {}});
}

Markup Template::Fill(std::initializer_list<std::pair<std::string_view, Filling>> fillings) const {
  Markup markup;
  for (const auto& [text, gap] : pieces_) {
    markup.html += text;
    if (gap.empty()) continue;
    const auto found = std::ranges::find(fillings, gap, [](const auto& one) { return one.first; });
    assert(found != fillings.end());
    markup.html += found->second.html();
  }
  for ([[maybe_unused]] const auto& filling : fillings)
    assert(std::ranges::count(pieces_, filling.first, &Piece::gap) > 0);
  return markup;
}

}  // namespace touchstone
