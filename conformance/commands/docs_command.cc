#include <fmt/format.h>

#include <fstream>
#include <iterator>

#include "conformance/commands/session.h"
#include "conformance/contract/markdown.h"
#include "conformance/selftest/defects_page.h"
#include "fault-injection/proxy/toxic_types.h"

namespace touchstone {
namespace {

tl::expected<std::string, std::string> ReadFile(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return tl::unexpected(fmt::format("{}: cannot read", file.string()));
  return std::string((std::istreambuf_iterator<char>(stream)), {});
}

// The page is written by hand; the table of toxics in it, between two marks, is not.
tl::expected<std::string, std::string> RenderProxy(const Options& options) {
  constexpr std::string_view kBegin = "<!-- toxics: generated -->\n", kEnd = "<!-- end -->\n";
  auto page = ReadFile(options.data_dir / "docs/proxy.md");
  if (!page) return page;
  const auto begin = page->find(kBegin), end = page->find(kEnd);
  if (begin == std::string::npos || end == std::string::npos || end < begin)
    return tl::unexpected(
        std::string("docs/proxy.md: the marks around the table of toxics are missing"));
  return page->substr(0, begin + kBegin.size()) + proxy::RenderToxics() + page->substr(end);
}

tl::expected<std::string, std::string> Render(const Options& options, const Catalogue& catalogue) {
  if (options.topic == "defects") return RenderDefects(catalogue);
  if (options.topic == "proxy") return RenderProxy(options);
  const auto prose = ReadFile(options.data_dir / "golden/contract/prose.md");
  if (!prose) return tl::unexpected(prose.error());
  const auto page = RenderContract(catalogue, *prose);
  if (!page) return tl::unexpected("golden/contract/prose.md: " + page.error());
  return *page;
}

}  // namespace

int DocsCommand(const Options& options) {
  auto catalogue = Catalogue::Load(options.data_dir / "golden/contract/requirements.json");
  if (!catalogue) return Complain({catalogue.error(), 2});
  const auto page = Render(options, *catalogue);
  if (!page) return Complain({page.error(), 2});
  if (!options.check) {
    fmt::print("{}", *page);
    return 0;
  }
  const auto file = fmt::format("docs/{}.md", options.topic);
  const auto committed = ReadFile(options.data_dir / file);
  if (committed && *committed == *page) return 0;
  return Complain(
      {fmt::format("{} is stale; mend it with: touchstone docs {} > {}", file, options.topic, file),
       1});
}

}  // namespace touchstone
