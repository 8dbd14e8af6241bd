#pragma once

#include <map>
#include <string>

#include "covey/client/storage.h"

namespace covey::client {

// A folder of the file system, mode 0700, with one file for each value and each list, mode 0600,
// nothing encrypted: for devices whose disk is. One process at a time may have it open.
//
// A value is replaced in one step (written aside, fsync, rename, fsync of the folder). A record is
// appended behind a length and before a digest, then fsync: one that was cut off when the power
// failed is dropped, as it was never acknowledged; damage before it is kDataLoss. Other errors:
// kResourceExhausted when the disk is full, else kUnavailable. Not thread-safe.
class FileStorage final : public Storage {
 public:
  // Makes the folder when it is not there. kFailedPrecondition when another process has it open.
  static Result<FileStorage> open(const std::string& folder);
  FileStorage(FileStorage&& other) noexcept;
  FileStorage& operator=(FileStorage&& other) noexcept;
  ~FileStorage() override;

  Result<std::optional<SecretBytes>> get(std::string_view key) override;
  Status put(std::string_view key, ByteView value) override;
  Status append(std::string_view key, ByteView record) override;
  Result<std::vector<SecretBytes>> records(std::string_view key) override;
  Status erase(std::string_view key) override;

 private:
  FileStorage(std::string folder, int folder_descriptor, int lock_descriptor)
      : folder_(std::move(folder)), directory_(folder_descriptor), lock_(lock_descriptor) {}
  Status sync_folder() const;
  Result<std::string> path(std::string_view key, const char* ending) const;
  Result<std::optional<SecretBytes>> read_file(const std::string& path) const;
  Result<std::size_t> whole_bytes(std::string_view key, const std::string& path);

  std::string folder_;
  int directory_ = -1;
  int lock_ = -1;
  // By path: how much of a list is whole records, from where the next one is written.
  std::map<std::string, std::size_t> whole_bytes_;
};

}  // namespace covey::client
