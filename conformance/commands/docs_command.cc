#include <fmt/format.h>

#include <fstream>
#include <iterator>

#include "conformance/commands/session.h"
#include "conformance/contract/markdown.h"

namespace touchstone {
namespace {

tl::expected<std::string, std::string> ReadFile(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return tl::unexpected(fmt::format("{}: cannot read", file.string()));
  return std::string((std::istreambuf_iterator<char>(stream)), {});
}

}  // namespace

int DocsCommand(const Options& options) {
  auto catalogue = Catalogue::Load(options.data_dir / "golden/contract/requirements.json");
  if (!catalogue) return Complain({catalogue.error(), 2});
  const auto prose = ReadFile(options.data_dir / "golden/contract/prose.md");
  if (!prose) return Complain({prose.error(), 2});
  const auto page = RenderContract(*catalogue, *prose);
  if (!page) return Complain({"golden/contract/prose.md: " + page.error(), 2});
  if (!options.check) {
    fmt::print("{}", *page);
    return 0;
  }
  const auto committed = ReadFile(options.data_dir / "docs/contract.md");
  if (committed && *committed == *page) return 0;
  return Complain(
      {"docs/contract.md is stale; mend it with: touchstone docs contract > docs/contract.md", 1});
}

}  // namespace touchstone
