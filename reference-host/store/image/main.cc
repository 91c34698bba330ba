// Runs at build time: writes the bytes of an empty state database as C++ source, so that a first
// start has nothing to build (see state_dir.h).
#include <cstdio>

#include "reference-host/store/schema.h"
#include "reference-host/store/sqlite_db.h"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const auto image = refhost::MakeDatabaseImage(refhost::kSchema);
  std::FILE* out = image ? std::fopen(argv[1], "w") : nullptr;
  if (!out) return 1;
  std::fputs("#include \"reference-host/store/empty_database.h\"\n\nnamespace refhost {\n", out);
  std::fputs("const unsigned char kEmptyDatabase[] = {", out);
  for (const char c : *image) std::fprintf(out, "%d,", static_cast<unsigned char>(c));
  std::fprintf(out, "};\nconst size_t kEmptyDatabaseBytes = sizeof kEmptyDatabase;\n}\n");
  return std::fclose(out) == 0 ? 0 : 1;
}
