#pragma once

#include <filesystem>
#include <vector>

#include "covey/base/bytes.h"
#include "covey/base/result.h"

namespace covey::datasets {

// An array of an IDX file (http://yann.lecun.com/exdb/mnist): two zero bytes, a type, the number of
// dimensions, each dimension as a big-endian u32, the elements big-endian and row-major.
struct IdxArray {
  enum class Type : std::uint8_t { kU8 = 0x08, kI32 = 0x0C };

  Type type = Type::kU8;
  std::vector<std::uint64_t> shape;
  Bytes bytes;  // the elements as in the file

  std::int32_t i32(std::size_t element) const;  // of a kI32 array
};

// Reads a file, gzipped or not. `type` and `dimensions` are what the caller can use. kNotFound when
// it cannot be opened; kInvalidArgument, with the path and what was expected, when it is not such
// an array, is cut short or goes on behind its end.
Result<IdxArray> read_idx(const std::filesystem::path& path, IdxArray::Type type,
                          std::size_t dimensions);

}  // namespace covey::datasets
