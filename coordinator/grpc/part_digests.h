#pragma once

#include <map>
#include <mutex>
#include <utility>

#include "coordinator/grpc/blob_parts.h"
#include "covey/crypto/digest.h"

namespace covey::coordinator {

// The digests of blobs' parts: a model goes to each device of a round, and its parts are hashed
// once. A blob is named by its content, so what was right once stays right; a part that the disk
// has changed since does not fit its digest, and no device takes it. Thread-safe.
class PartDigests {
 public:
  // `part`: of the blob, at this offset.
  Digest of(const Digest& blob, std::uint64_t offset, ByteView part) {
    const bool is_whole = offset % kSentPartBytes == 0;  // else a download that goes on
    const Key key{blob, offset};
    if (is_whole) {
      const std::lock_guard lock(mutex_);
      const auto known = digests_.find(key);
      if (known != digests_.end()) return known->second;
    }
    const Digest digest = crypto::sha256(part);
    if (!is_whole) return digest;
    const std::lock_guard lock(mutex_);
    if (digests_.size() == kMost) digests_.clear();
    digests_.emplace(key, digest);
    return digest;
  }

 private:
  using Key = std::pair<Digest, std::uint64_t>;
  static constexpr std::size_t kMost = 16'384;  // of 4 GiB

  std::mutex mutex_;
  std::map<Key, Digest> digests_;
};

}  // namespace covey::coordinator
