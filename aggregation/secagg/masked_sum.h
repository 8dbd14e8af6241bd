#pragma once

#include <map>
#include <vector>

#include "covey/aggregation/secagg/bitmap.h"
#include "covey/aggregation/secagg/graph.h"
#include "covey/aggregation/secagg/vector_layout.h"
#include "covey/base/byte_reader.h"
#include "covey/base/byte_writer.h"

namespace covey::secagg {

// The running sum of masked vectors: one accumulator, whoever sends what in which order. A device's
// chunks wait in a bounded staging area until all of them are there, and are then folded in at
// once: what a device sent before it failed is dropped and leaves no trace.
class MaskedSum {
 public:
  enum class Added {
    kStaged,    // more chunks are to come
    kFolded,    // that was the last one: the vector is in the sum
    kRepeated,  // this chunk, or the whole vector, was there already
    kBusy,      // no room to stage another vector now; the device must send the chunk again later
    kWrongLength,  // no chunk of this layout
    kConflict,     // another chunk with this index is staged
  };

  // `staging_bytes`: how much of unfinished vectors may wait; room for one vector is always there.
  MaskedSum(const ring::RingShape& shape, std::uint32_t devices, std::size_t staging_bytes);

  // `data` lies within `message`, which is kept until the vector is folded: nothing is copied.
  Added add(Position position, std::uint32_t chunk, Bytes message, ByteView data);
  void discard(Position position);  // the staged part of one device

  std::vector<Position> staged() const;  // who has one

  const Bitmap& contributors() const { return contributors_; }
  ring::RingVector& sum() { return sum_; }
  const ring::RingVector& sum() const { return sum_; }

  void save(ByteWriter& out) const;  // the sum and who is in it; staged parts are sent again
  void load(ByteReader& in);         // fails `in` when it does not fit

 private:
  struct Chunk {
    Bytes message;
    ByteView data;
  };
  struct Staged {
    std::vector<Chunk> chunks;  // by index; empty while it has not come
    std::uint32_t missing = 0;
  };

  void fold(const Staged& staged);

  VectorLayout layout_;
  std::size_t most_staged_;  // vectors
  ring::RingVector sum_;
  Bitmap contributors_;
  std::map<Position, Staged> staged_;
};

}  // namespace covey::secagg
