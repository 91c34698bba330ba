// The file tools. Every path is resolved by the kernel in one step, beneath the work directory
// (openat2), so that no "..", absolute path or link leads out of it, not even a link that is put in
// place while the tool runs (TOOL-04). Only regular files are read and written.
#pragma once

#include <string>

#include <tl/expected.hpp>

namespace refhost {

// What to tell the provider if it did not work.
template <typename T>
using FileResult = tl::expected<T, std::string>;

struct FileText {
  std::string bytes;  // at most as many as were asked for
  bool cut = false;   // there were more
};

FileResult<FileText> ReadFileBeneath(int dir_fd, const std::string& path, size_t max_bytes);

// Replaces the content; makes the file and its directories if they are missing.
FileResult<void> WriteFileBeneath(int dir_fd, const std::string& path, const std::string& content);

// One name per line, sorted; directories end in '/'.
FileResult<FileText> ListFilesBeneath(int dir_fd, const std::string& path, size_t max_bytes);

}  // namespace refhost
