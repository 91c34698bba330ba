// What a failure means for whoever meets it: golden/contract/advice.json. `touchstone explain` and
// docs/faq.md both come from here.
//
// Values; any thread may read them.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include <tl/expected.hpp>

#include "conformance/contract/catalogue.h"

namespace touchstone {

struct Advice {
  std::string sees;    // what the judge shows
  std::string cause;   // what it usually is, in hosts
  std::string remedy;  // "do" in the file
};

using AdviceBook = std::map<std::string, Advice>;  // by requirement

// An ID that the catalogue does not know, one given twice, or an empty text is an error.
tl::expected<AdviceBook, std::string> LoadAdvice(const std::filesystem::path& file,
                                                 const Catalogue& catalogue);

// docs/faq.md: the prose, with the advice in the place of its line "{{advice}}". The error: there
// is no such line, or an area of M1 in which no requirement has advice.
tl::expected<std::string, std::string> RenderFaq(const Catalogue& catalogue, const AdviceBook& book,
                                                 std::string_view prose);

}  // namespace touchstone
