# Makes a C++ file of other files, so that a program carries them:
#
#   cmake -DOUT=assets.cc -DFILES=a.css|b.js -P EmbedFiles.cmake
#
# It defines touchstone::Asset(name) as conformance/report/asset.h declares it; a file's name is its
# last part.
string(REPLACE "|" ";" FILES "${FILES}")
set(ARRAYS "")
set(CASES "")
set(N 0)
foreach(FILE IN LISTS FILES)
  get_filename_component(NAME ${FILE} NAME)
  file(READ ${FILE} BYTES HEX)
  string(LENGTH "${BYTES}" DIGITS)
  math(EXPR SIZE "${DIGITS} / 2")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," BYTES "${BYTES}")
  string(REGEX REPLACE "(................................................................................)"
         "\\1\n" BYTES "${BYTES}")
  string(APPEND ARRAYS "constexpr unsigned char k${N}[] = {\n${BYTES}0};\n")
  string(APPEND CASES "    {\"${NAME}\", k${N}, ${SIZE}},\n")
  math(EXPR N "${N} + 1")
endforeach()
file(WRITE ${OUT} "// Made by ci/cmake/EmbedFiles.cmake.
#include \"conformance/report/asset.h\"

#include <cstdlib>

namespace touchstone {
namespace {

${ARRAYS}
struct File {
  std::string_view name;
  const unsigned char* bytes;
  std::size_t size;
};

}  // namespace

std::string_view Asset(std::string_view name) {
  static constexpr File kFiles[] = {
${CASES}  };
  for (const File& file : kFiles) {
    if (file.name == name) return {reinterpret_cast<const char*>(file.bytes), file.size};
  }
  std::abort();  // a name in the code that is no file in the folder
}

}  // namespace touchstone
")
