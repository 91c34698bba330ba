#include <fmt/format.h>

#include <fstream>
#include <iterator>

#include "conformance/commands/session.h"
#include "conformance/contract/markdown.h"
#include "conformance/selftest/defects_page.h"

namespace touchstone {
namespace {

tl::expected<std::string, std::string> ReadFile(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return tl::unexpected(fmt::format("{}: cannot read", file.string()));
  return std::string((std::istreambuf_iterator<char>(stream)), {});
}

tl::expected<std::string, std::string> Render(const Options& options, const Catalogue& catalogue) {
  if (options.topic == "defects") return RenderDefects(catalogue);
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
