// Where a soak stands: written every few seconds, so that one whose judge was killed can go on. All
// else is in the record.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <tl/expected.hpp>

namespace touchstone {

struct Checkpoint {
  double soaked_s = 0;
  std::int64_t starts = 0;       // of the schedule
  std::int64_t start_at_ns = 0;  // the last of them, on the schedule
  std::int64_t position = 0;     // pieces of work given out
  int segment = 1;
  bool complete = false;
  // The windows that were open, as lines of the record.
  std::vector<std::string> open_windows;
};

// Atomic: whoever reads sees the old one or the new one, whole. The error names the file.
tl::expected<void, std::string> WriteCheckpoint(const std::filesystem::path& file,
                                                const Checkpoint& checkpoint);
tl::expected<Checkpoint, std::string> ReadCheckpoint(const std::filesystem::path& file);

}  // namespace touchstone
