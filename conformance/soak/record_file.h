// The file of a record: each line is handed to the system at once, so that it survives a SIGKILL of
// the judge.
//
// Append() from one thread at a time; the others from any.
#pragma once

#include <atomic>
#include <filesystem>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

namespace touchstone {

class RecordFile {
 public:
  enum class How { kAnew, kAppend };
  // The error names the file.
  static tl::expected<RecordFile, std::string> Open(const std::filesystem::path& file, How how);
  RecordFile(RecordFile&& other) noexcept;
  RecordFile& operator=(RecordFile&&) = delete;
  ~RecordFile();

  void Append(std::string_view lines);
  // 0, or the errno of the first write that failed; nothing is written after it.
  int error() const { return error_; }

 private:
  explicit RecordFile(int descriptor) : descriptor_(descriptor) {}

  int descriptor_;
  std::atomic<int> error_{0};
};

}  // namespace touchstone
