#include "covey/datasets/idx.h"

#include <zlib.h>

#include <algorithm>
#include <memory>
#include <string>

namespace covey::datasets {
namespace {

struct CloseGz {
  void operator()(gzFile file) const { gzclose(file); }
};
using GzFile = std::unique_ptr<gzFile_s, CloseGz>;

Error refused(const std::filesystem::path& path, const std::string& why) {
  return invalid_argument("'" + path.string() + "': " + why);
}

// Up to `size_bytes`; fewer only where the file ends. Grows with what is there, not with what a
// header claims. gzread passes a file through that is not gzipped.
Result<Bytes> read_up_to(gzFile file, const std::filesystem::path& path, std::uint64_t size_bytes) {
  constexpr std::uint64_t kStep = std::uint64_t{1} << 20;
  Bytes bytes;
  while (bytes.size() < size_bytes) {
    const auto step = static_cast<unsigned>(std::min(kStep, size_bytes - bytes.size()));
    const std::size_t have = bytes.size();
    bytes.resize(have + step);
    const int got = gzread(file, bytes.data() + have, step);
    int code = Z_OK;
    gzerror(file, &code);
    if (got < 0 || (code != Z_OK && code != Z_STREAM_END)) {
      return refused(path, "reading failed: the file is damaged or cut short");
    }
    bytes.resize(have + static_cast<std::size_t>(got));
    if (got == 0) break;
  }
  return bytes;
}

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
  const GzFile file(gzopen(path.c_str(), "rb"));
  if (file == nullptr) {
    return Error{ErrorCode::kNotFound, "'" + path.string() + "' cannot be opened"};
  }
  COVEY_ASSIGN_OR_RETURN(const Bytes header, read_up_to(file.get(), path, 4 + 4 * dimensions));
  const auto wanted =
      static_cast<std::uint32_t>(static_cast<std::uint32_t>(type) << 8 | dimensions);
  if (header.size() < 4 || big_endian(header.data()) != wanted) {
    return refused(path,
                   "expected an IDX file that begins with " + magic_text(wanted) +
                       (header.size() < 4 ? ", found fewer than 4 bytes"
                                          : ", found " + magic_text(big_endian(header.data()))));
  }
  if (header.size() < 4 + 4 * dimensions) return refused(path, "the file ends in its header");

  IdxArray array;
  array.type = type;
  constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 40;
  std::uint64_t size_bytes = type == IdxArray::Type::kI32 ? 4 : 1;
  for (std::size_t i = 0; i < dimensions; ++i) {
    const std::uint64_t dimension = big_endian(header.data() + 4 + 4 * i);
    if (dimension == 0 || dimension > kMaxBytes / size_bytes) {
      return refused(path, "a dimension of the array is zero, or the array is too large");
    }
    array.shape.push_back(dimension);
    size_bytes *= dimension;
  }
  COVEY_ASSIGN_OR_RETURN(array.bytes, read_up_to(file.get(), path, size_bytes + 1));
  if (array.bytes.size() == size_bytes) return array;
  return refused(
      path, "expected " + std::to_string(size_bytes) + " bytes of elements, found " +
                (array.bytes.size() > size_bytes ? "more" : std::to_string(array.bytes.size())));
}

}  // namespace covey::datasets
