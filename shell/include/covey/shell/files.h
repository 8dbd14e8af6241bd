#pragma once

#include <cstdint>
#include <string>

#include "covey/base/bytes.h"
#include "covey/base/result.h"

namespace covey::shell {

Result<std::string> read_text_file(const std::string& path, std::size_t most_bytes);

// A file that is read where it lies, however large. Whoever cuts it short meanwhile ends this
// process.
class MappedFile {
 public:
  static Result<MappedFile> open(const std::string& path);
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&&) = delete;
  ~MappedFile();
  ByteView bytes() const { return bytes_; }

 private:
  explicit MappedFile(ByteView bytes) : bytes_(bytes) {}
  ByteView bytes_;
};

// A file that is there whole, under its name, or not at all: written aside, made durable, renamed.
// What was not finished is removed.
class AtomicFile {
 public:
  static Result<AtomicFile> create(const std::string& path);
  AtomicFile(AtomicFile&& other) noexcept;
  AtomicFile& operator=(AtomicFile&&) = delete;
  ~AtomicFile();
  Status append(ByteView bytes);
  Status finish();

 private:
  AtomicFile(std::string path, std::string aside, int descriptor)
      : path_(std::move(path)), aside_(std::move(aside)), descriptor_(descriptor) {}
  std::string path_;
  std::string aside_;
  int descriptor_;  // -1: finished, or moved from
};

}  // namespace covey::shell
