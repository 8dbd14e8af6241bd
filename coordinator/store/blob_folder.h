#pragma once

#include <map>
#include <mutex>

#include "coordinator/store/durable_file.h"
#include "covey/coordinator/store.h"
#include "covey/crypto/digest.h"

namespace covey::coordinator {

// Files named by the SHA-256 of what they hold: blobs/ab/cdef…. A name appears when the file is
// whole and durable. A file is hashed once a process, by whoever opens it first, and again when its
// inode says that it was touched: opening a large one is cheap, and what a disk or a person has
// changed is not served.
//
// Not thread-safe, but for open and the readers it gives. Must outlive its writers.
class BlobFolder {
 public:
  // `blobs` and `incoming` are there and on one file system.
  BlobFolder(std::string blobs, std::string incoming, std::uint64_t reserve_bytes)
      : blobs_(std::move(blobs)), incoming_(std::move(incoming)), reserve_bytes_(reserve_bytes) {}

  Result<Digest> put(ByteView bytes);  // may use the reserve
  Result<std::unique_ptr<BlobWriter>> write();
  Result<std::shared_ptr<const BlobReader>> open(const Digest& digest) const;
  Result<Bytes> get(const Digest& digest) const;
  std::uint64_t free_bytes() const;     // before `write` is refused
  Status remove(const Digest& digest);  // also when it is not there

 private:
  class Writer;

  // Tells a file from another that came to have its name, and from itself as it was before it was
  // written to.
  struct Stamp {
    std::uint64_t inode = 0;
    std::uint64_t size_bytes = 0;
    std::int64_t modified_ns = 0;
    std::int64_t changed_ns = 0;
    bool operator==(const Stamp&) const = default;
  };

  static Result<Stamp> stamp_of(const File& file, const std::string& path);
  std::string folder_of(const Digest& digest) const;
  std::string path_of(const Digest& digest) const;
  Status check_digest(const File& file, const Stamp& stamp, const Digest& digest) const;
  Result<bool> has_whole(const Digest& digest) const;
  Status publish(IncomingFile file, const Digest& digest);
  bool is_verified(const Digest& digest, const Stamp& stamp) const;
  void set_verified(const Digest& digest, const Stamp& stamp) const;

  const std::string blobs_;
  const std::string incoming_;
  const std::uint64_t reserve_bytes_;
  mutable std::mutex hashing_;  // so that a thousand that ask for one file do not hash it each
  mutable std::mutex mutex_;
  mutable std::map<Digest, Stamp> verified_;  // guarded by mutex_
};

}  // namespace covey::coordinator
