#pragma once

#include <filesystem>
#include <string>

#include "covey/base/result.h"
#include "covey/base/secret.h"

namespace covey::cli {

constexpr int kPrivateFile = 0600;
constexpr int kPublicFile = 0644;

// A file that is there whole or not at all, whenever the power fails: written beside its place and
// moved there by commit(). What can go wrong, except for the move, goes wrong before.
class SafeFile {
 public:
  // `mode`: kPrivateFile or kPublicFile.
  static Result<SafeFile> stage(std::filesystem::path path, ByteView content, int mode);
  SafeFile(SafeFile&& other) noexcept;
  SafeFile& operator=(SafeFile&&) = delete;
  ~SafeFile();  // removes what was not committed

  Status commit();           // in place of whatever is there
  Status commit_new_only();  // kAlreadyExists when something is there

 private:
  SafeFile(std::filesystem::path path, std::filesystem::path staged)
      : path_(std::move(path)), staged_(std::move(staged)) {}

  std::filesystem::path path_;
  std::filesystem::path staged_;  // empty once committed
};

Status write_file(const std::filesystem::path& path, ByteView content, int mode);
Status write_new_file(const std::filesystem::path& path, ByteView content, int mode);

// At most 32 MiB.
Result<SecretBytes> read_secret_file(const std::filesystem::path& path);
Result<std::string> read_text_file(const std::filesystem::path& path);

// Makes the folder, for its owner alone, unless it is there; kAlreadyExists when it holds
// something.
Status make_empty_folder(const std::filesystem::path& path);

// Holds off other processes that lock the same folder, until destroyed.
class FolderLock {
 public:
  static Result<FolderLock> acquire(const std::filesystem::path& folder);
  FolderLock(FolderLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  FolderLock& operator=(FolderLock&&) = delete;
  ~FolderLock();

 private:
  explicit FolderLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace covey::cli
