#pragma once

#include <algorithm>
#include <memory>
#include <string>

#include "covey/aggregation/federation/messages.h"
#include "covey/coordinator/store.h"

namespace covey::coordinator {

// What goes to a caller at a time. A part is the least that counts as progress, and what a lost
// connection costs at most: small enough for a link of 64 kbit/s within the idle times.
inline constexpr std::size_t kSentPartBytes = std::size_t{256} << 10;
static_assert(kSentPartBytes <= federation::kPartBytes);

// Reads a blob part by part from an offset on, never the whole.
class BlobParts {
 public:
  // kOutOfRange when the blob ends before `offset`. Shared with other calls that read it.
  static Result<BlobParts> create(std::shared_ptr<const BlobReader> blob, std::uint64_t offset) {
    if (offset > blob->size_bytes()) {
      return Error{ErrorCode::kOutOfRange, "expected an offset of at most " +
                                               std::to_string(blob->size_bytes()) + ", found " +
                                               std::to_string(offset)};
    }
    return BlobParts(std::move(blob), offset);
  }

  std::uint64_t size_bytes() const { return blob_->size_bytes(); }
  std::uint64_t offset() const { return offset_; }  // of the next part
  // False, and nothing in `part`, at the end.
  Result<bool> next(std::string& part) {
    const std::uint64_t left = blob_->size_bytes() - offset_;
    part.resize(std::min<std::uint64_t>(left, kSentPartBytes));
    if (part.empty()) return false;
    const MutableByteView out(reinterpret_cast<std::uint8_t*>(part.data()), part.size());
    COVEY_RETURN_IF_ERROR(blob_->read(offset_, out));
    offset_ += part.size();
    return true;
  }

 private:
  BlobParts(std::shared_ptr<const BlobReader> blob, std::uint64_t offset)
      : blob_(std::move(blob)), offset_(offset) {}

  std::shared_ptr<const BlobReader> blob_;
  std::uint64_t offset_;
};

}  // namespace covey::coordinator
