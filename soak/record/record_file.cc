#include "soak/record/record_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace touchstone::soak {

RecordFile::Descriptor::~Descriptor() { ::close(fd); }

tl::expected<RecordFile, std::string> RecordFile::Open(const std::string& path, int flags) {
  const int fd = ::open(path.c_str(), O_RDWR | O_APPEND | O_CLOEXEC | flags, 0644);
  if (fd < 0)
    return tl::unexpected(fmt::format("{}: cannot be written: {}", path, std::strerror(errno)));
  RecordFile file;
  file.file_ = std::make_unique<Descriptor>(fd);
  file.path_ = path;
  return file;
}

tl::expected<RecordFile, std::string> RecordFile::Create(const std::string& path) {
  return Open(path, O_CREAT | O_TRUNC);
}

tl::expected<RecordFile, std::string> RecordFile::Append(const std::string& path) {
  auto file = Open(path, 0);
  if (!file) return file;
  char last = '\n';
  const auto size = ::lseek(file->file_->fd, 0, SEEK_END);
  if (size > 0 && ::pread(file->file_->fd, &last, 1, size - 1) == 1 && last != '\n')
    file->Write("\n");
  return file;
}

void RecordFile::Write(std::string_view line) {
  while (!line.empty() && error_.empty()) {
    const auto written = ::write(file_->fd, line.data(), line.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      error_ = fmt::format("{}: cannot be written: {}", path_, std::strerror(errno));
      return;
    }
    line.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace touchstone::soak
