#include "covey/datasets/idx.h"

#include <string>

#include "datasets/src/gz_file.h"

namespace covey::datasets {
namespace {

std::uint32_t big_endian(const std::uint8_t* bytes) {
  return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 |
         std::uint32_t{bytes[2]} << 8 | bytes[3];
}

std::string magic_text(std::uint32_t magic) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string text = "0x";
  for (int shift = 28; shift >= 0; shift -= 4) text += kHex[(magic >> shift) & 15];
  return text;
}

}  // namespace

std::int32_t IdxArray::i32(std::size_t element) const {
  return static_cast<std::int32_t>(big_endian(bytes.data() + 4 * element));
}

Result<IdxArray> read_idx(const std::filesystem::path& path, IdxArray::Type type,
                          std::size_t dimensions) {
  COVEY_ASSIGN_OR_RETURN(GzFile file, GzFile::open(path));
  COVEY_ASSIGN_OR_RETURN(const Bytes header, file.read_up_to(4 + 4 * dimensions));
  const auto wanted =
      static_cast<std::uint32_t>(static_cast<std::uint32_t>(type) << 8 | dimensions);
  if (header.size() < 4 || big_endian(header.data()) != wanted) {
    return file.refused("expected an IDX file that begins with " + magic_text(wanted) +
                        (header.size() < 4 ? ", found fewer than 4 bytes"
                                           : ", found " + magic_text(big_endian(header.data()))));
  }
  if (header.size() < 4 + 4 * dimensions) return file.refused("the file ends in its header");

  IdxArray array;
  array.type = type;
  constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 40;
  std::uint64_t size_bytes = type == IdxArray::Type::kI32 ? 4 : 1;
  for (std::size_t i = 0; i < dimensions; ++i) {
    const std::uint64_t dimension = big_endian(header.data() + 4 + 4 * i);
    if (dimension == 0 || dimension > kMaxBytes / size_bytes) {
      return file.refused("a dimension of the array is zero, or the array is too large");
    }
    array.shape.push_back(dimension);
    size_bytes *= dimension;
  }
  COVEY_ASSIGN_OR_RETURN(array.bytes, file.read_up_to(size_bytes + 1));
  if (array.bytes.size() == size_bytes) return array;
  return file.refused(
      "expected " + std::to_string(size_bytes) + " bytes of elements, found " +
      (array.bytes.size() > size_bytes ? "more" : std::to_string(array.bytes.size())));
}

}  // namespace covey::datasets
