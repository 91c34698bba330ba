// The file behind a RecordWriter. What was written is the kernel's at once: a kill of the judge
// loses no line. One thread at a time, as RecordWriter's sink is.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace touchstone::soak {

class RecordFile {
 public:
  // A new record: a file of that name is emptied.
  static tl::expected<RecordFile, std::string> Create(const std::string& path);
  // A resumed one. A last line that was cut becomes a line of its own, which readers skip.
  static tl::expected<RecordFile, std::string> Append(const std::string& path);

  // The whole line, with LF. After a fault (the disk is full) nothing more is written and `error`
  // says why: a record with a hole in the middle would be believed.
  void Write(std::string_view line);
  const std::string& error() const { return error_; }

 private:
  static tl::expected<RecordFile, std::string> Open(const std::string& path, int flags);

  struct Descriptor {
    explicit Descriptor(int fd) : fd(fd) {}
    ~Descriptor();
    int fd;
  };
  std::unique_ptr<Descriptor> file_;
  std::string path_, error_;
};

}  // namespace touchstone::soak
