#include <fmt/format.h>

#include <fstream>
#include <iterator>

#include "conformance/commands/flags.h"
#include "conformance/commands/session.h"
#include "conformance/contract/advice.h"
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

tl::expected<std::string, std::string> RenderAdvice(const Options& options,
                                                    const Catalogue& catalogue) {
  const auto folder = options.data_dir / "golden/contract";
  const auto prose = ReadFile(folder / "faq.md");
  if (!prose) return prose;
  const auto book = LoadAdvice(folder / "advice.json", catalogue);
  if (!book) return tl::unexpected(book.error());
  return RenderFaq(catalogue, *book, *prose);
}

tl::expected<std::string, std::string> Render(const Options& options, const std::string& name,
                                              const Catalogue& catalogue) {
  if (name == "defects") return RenderDefects(catalogue);
  if (name == "faq") return RenderAdvice(options, catalogue);
  if (name == "proxy") return RenderProxy(options);
  const auto prose = ReadFile(options.data_dir / "golden/contract/prose.md");
  if (!prose) return tl::unexpected(prose.error());
  const auto page = RenderContract(catalogue, *prose);
  if (!page) return tl::unexpected("golden/contract/prose.md: " + page.error());
  return *page;
}

class DocsCommand : public Command {
 public:
  void AddFlags(CLI::App& app, Options&) override {
    app.add_option("page", page_, "contract, defects, faq or proxy")
        ->required()
        ->check(CLI::IsMember({"contract", "defects", "faq", "proxy"}));
    app.add_flag("--check", check_, "compare with docs/ instead of printing; exit 1 when stale");
  }

  int Run(const Options& options, const Context&) override {
    auto catalogue = Catalogue::Load(options.data_dir / "golden/contract/requirements.json");
    if (!catalogue) return Complain({catalogue.error(), 2});
    const auto page = Render(options, page_, *catalogue);
    if (!page) return Complain({page.error(), 2});
    if (!check_) {
      fmt::print("{}", *page);
      return 0;
    }
    const auto file = fmt::format("docs/{}.md", page_);
    const auto committed = ReadFile(options.data_dir / file);
    if (committed && *committed == *page) return 0;
    return Complain(
        {fmt::format("{} is stale; mend it with: touchstone docs {} > {}", file, page_, file), 1});
  }

 private:
  std::string page_;
  bool check_ = false;
};

const CommandRegistration<DocsCommand> kDocs(
    {.name = "docs",
     .about = "the reference pages that are generated from data",
     .group = CommandGroup::kJudgeItself,
     .starts_processes = false});

}  // namespace
}  // namespace touchstone
