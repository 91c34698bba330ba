#include "conformance/soak/record_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace touchstone {

tl::expected<RecordFile, std::string> RecordFile::Open(const std::filesystem::path& file, How how) {
  const int flags = O_RDWR | O_CREAT | O_CLOEXEC | O_APPEND | (how == How::kAnew ? O_TRUNC : 0);
  const int descriptor = ::open(file.c_str(), flags, 0644);
  if (descriptor < 0) {
    return tl::unexpected(
        fmt::format("{}: the record cannot be opened: {}", file.string(), std::strerror(errno)));
  }
  RecordFile opened(descriptor);
  // A killed judge may have left half a line.
  const off_t size = ::lseek(descriptor, 0, SEEK_END);
  char last = '\n';
  if (size > 0 && ::pread(descriptor, &last, 1, size - 1) == 1 && last != '\n') opened.Append("\n");
  return opened;
}

RecordFile::RecordFile(RecordFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), error_(other.error_.load()) {}

RecordFile::~RecordFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void RecordFile::Append(std::string_view lines) {
  while (!lines.empty() && error_ == 0) {
    const ssize_t written = ::write(descriptor_, lines.data(), lines.size());
    if (written >= 0)
      lines.remove_prefix(static_cast<std::size_t>(written));
    else if (errno != EINTR)
      error_ = errno;
  }
}

}  // namespace touchstone
