#include "conformance/contract/advice.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <fstream>
#include <string>
#include <utility>
#include <vector>

namespace touchstone {
namespace {

const std::filesystem::path kContract = TOUCHSTONE_SOURCE_DIR "/golden/contract";

Catalogue TheCatalogue() { return *Catalogue::Load(kContract / "requirements.json"); }

tl::expected<AdviceBook, std::string> Loaded(const std::string& text) {
  char name[] = "/tmp/touchstone-advice-XXXXXX";
  const int handle = ::mkstemp(name);
  ::close(handle);
  std::ofstream(name) << text;
  auto book = LoadAdvice(name, TheCatalogue());
  std::filesystem::remove(name);
  return book;
}

TEST(AdviceTest, TheBookCoversWhatAReaderWillMeet) {
  const auto book = LoadAdvice(kContract / "advice.json", TheCatalogue());
  ASSERT_TRUE(book) << book.error();
  EXPECT_GE(book->size(), 40u);
  EXPECT_TRUE(book->contains("FRAME-13"));
}

TEST(AdviceTest, AFaultInTheFileIsToldWithItsName) {
  const std::string right = R"({"id":"FRAME-01","sees":"x","cause":"y","do":"z"})";
  EXPECT_TRUE(Loaded("{\"advice\":[" + right + "]}"));
  for (const auto& [text, says] : std::vector<std::pair<std::string, std::string>>{
           {"", "touchstone-advice"},
           {"{}", "expected"},
           {"{\"advice\":[" + right + "," + right + "]}", "FRAME-01 is there twice"},
           {R"({"advice":[{"id":"FRAME-99","sees":"x","cause":"y","do":"z"}]})", "FRAME-99"},
           {R"({"advice":[{"id":"FRAME-01","sees":"x","cause":"","do":"z"}]})", "not be empty"},
           {R"({"advice":[5]})", "is no requirement"},
       }) {
    const auto book = Loaded(text);
    ASSERT_FALSE(book) << text;
    EXPECT_NE(book.error().find(says), std::string::npos) << book.error();
  }
}

TEST(AdviceTest, ThePageHasEachAreaOfM1) {
  const auto catalogue = TheCatalogue();
  auto book = *LoadAdvice(kContract / "advice.json", catalogue);
  const auto page = RenderFaq(catalogue, book, "before\n\n{{advice}}\nafter\n");
  ASSERT_TRUE(page) << page.error();
  for (const char* part :
       {"before\n\n## Framing (FRAME)\n", "### FRAME-13\n", "\nafter\n", "**What to do:** "})
    EXPECT_NE(page->find(part), std::string::npos) << part;
  EXPECT_FALSE(RenderFaq(catalogue, book, "no place"));
  std::erase_if(book, [](const auto& entry) { return entry.first.starts_with("ADMIT-"); });
  const auto incomplete = RenderFaq(catalogue, book, "{{advice}}\n");
  ASSERT_FALSE(incomplete);
  EXPECT_NE(incomplete.error().find("ADMIT"), std::string::npos);
}

}  // namespace
}  // namespace touchstone
