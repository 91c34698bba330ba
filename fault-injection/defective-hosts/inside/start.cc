#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fault-injection/defective-hosts/inside/inside.h"

namespace touchstone::inside {
namespace {

char key[512], preloaded[1024];

void Keep(char* to, size_t size, const char* name) {
  const char* value = ::getenv(name);
  ::snprintf(to, size, "%s", value ? value : "");
}

__attribute__((constructor)) void Start() {
  char chosen[256];
  Keep(chosen, sizeof chosen, "TOUCHSTONE_INSIDE");
  Keep(key, sizeof key, "LLM_API_KEY");
  Keep(preloaded, sizeof preloaded, "LD_PRELOAD");
  ::unsetenv("TOUCHSTONE_INSIDE");
  ::unsetenv("LD_PRELOAD");
  if (chosen[0] == '\0') return;
  char* argument = ::strchr(chosen, '=');
  if (argument) *argument++ = '\0';
  const Breakage* const tables[] = {kLeaks, kFiles, kTools};
  for (const Breakage* table : tables) {
    for (const Breakage* row = table; row->name; ++row) {
      if (::strcmp(row->name, chosen) == 0) return row->start(argument ? argument : "");
    }
  }
  ::fprintf(stderr, "libinside: no breakage is named '%s'\n", chosen);
  ::_Exit(126);
}

}  // namespace

const char* Key() { return key; }
const char* Preloaded() { return preloaded; }

}  // namespace touchstone::inside
