// The bytes of a state database that holds the schema and nothing else, in WAL mode. Generated at
// build time from schema.h by store/image.
#pragma once

#include <cstddef>

namespace refhost {

extern const unsigned char kEmptyDatabase[];
extern const size_t kEmptyDatabaseBytes;

}  // namespace refhost
