#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "covey/base/bytes.h"
#include "covey/base/result.h"

// Files as a store needs them: what is there is whole, and what was said to be there is there after
// the power failed. Nothing here throws, but for want of memory.
namespace covey::coordinator {

// Of the last system call that failed, from errno. `doing`: "writing", "opening", …
Error file_error(std::string_view doing, const std::string& path);

// An open file, closed when it ends.
class File {
 public:
  explicit File(int descriptor) : descriptor_(descriptor) {}
  File(File&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  File& operator=(File&&) = delete;
  ~File();

  // kNotFound when there is no such file.
  static Result<File> open_to_read(const std::string& path);

  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

// kDataLoss when the file ends before `out` is full. `path` is for the message. Thread-safe.
Status read_at(const File& file, std::uint64_t offset, MutableByteView out,
               const std::string& path);
Result<Bytes> read_whole(const std::string& path);

bool is_folder(const std::string& path);      // leaves errno alone
Status make_folder(const std::string& path);  // mode 0700, durable; also when it is there
Status sync_folder(const std::string& path);  // makes the names in it durable
Status empty_folder(const std::string& path);

Result<std::uint64_t> free_bytes(const std::string& path);  // of its disk, for this user

// kResourceExhausted when, with `size_bytes` more on the disk of `path`, less than `reserve_bytes`
// would be left.
Status check_space(const std::string& path, std::uint64_t size_bytes, std::uint64_t reserve_bytes);

// A file under way to its place: append, then publish. Before `publish` it has another name in the
// folder of incoming files, which must be on the same file system, and goes away with this object.
class IncomingFile {
 public:
  static Result<IncomingFile> create(const std::string& incoming_folder);
  IncomingFile(IncomingFile&& other) noexcept
      : file_(std::move(other.file_)), path_(std::exchange(other.path_, {})) {}
  IncomingFile& operator=(IncomingFile&&) = delete;
  ~IncomingFile();

  Status append(ByteView bytes);
  // Whole and durable under folder/name when it returns; what had that name is replaced in one
  // step. After an error the name stands for what it stood for, or for this file.
  Status publish(const std::string& folder, const std::string& name);

 private:
  IncomingFile(File file, std::string path) : file_(std::move(file)), path_(std::move(path)) {}

  File file_;
  std::string path_;  // empty: it has left
};

}  // namespace covey::coordinator
