#pragma once

#include "covey/aggregation/ring/ring_vector.h"

namespace covey::secagg {

// How a masked vector is cut into chunks: all of the same number of elements but the last, each
// ending on a whole byte, then one chunk with the counters. Pure arithmetic.
class VectorLayout {
 public:
  struct Range {
    std::uint64_t first = 0;  // element
    std::uint64_t count = 0;
  };

  explicit VectorLayout(const ring::RingShape& shape);  // a valid one

  const ring::RingShape& shape() const { return shape_; }
  std::uint32_t chunk_count() const { return element_chunks_ + (shape_.counters > 0 ? 1 : 0); }
  bool is_counters(std::uint32_t chunk) const { return chunk == element_chunks_; }
  Range elements(std::uint32_t chunk) const;          // of a chunk that is not the counters'
  std::size_t size_bytes(std::uint32_t chunk) const;  // packed
  std::uint64_t total_bytes() const;

  // Small enough that a link of 256 kbit/s gets one across well within the idle time of a step: a
  // chunk is the least that counts as progress.
  static constexpr std::size_t kMaxChunkBytes = std::size_t{256} << 10;

 private:
  ring::RingShape shape_;
  std::uint64_t chunk_elements_;
  std::uint32_t element_chunks_;
};

}  // namespace covey::secagg
