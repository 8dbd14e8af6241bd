#include "covey/base/byte_reader.h"

namespace covey {

ByteView ByteReader::raw(std::size_t size_bytes) {
  if (size_bytes > rest_.size()) {
    fail();
    return {};
  }
  const ByteView out = rest_.first(size_bytes);
  rest_ = rest_.subspan(size_bytes);
  return out;
}

ByteView ByteReader::sized() {
  const std::uint64_t size_bytes = u64();
  if (size_bytes > rest_.size()) {
    fail();
    return {};
  }
  return raw(static_cast<std::size_t>(size_bytes));
}

std::uint64_t ByteReader::little_endian(std::size_t size_bytes) {
  const ByteView view = raw(size_bytes);
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < view.size(); ++i) value |= std::uint64_t{view[i]} << (8 * i);
  return value;
}

Status ByteReader::finish(const char* what) const {
  if (!ok_) return Error{ErrorCode::kDataLoss, std::string(what) + " is cut short or damaged"};
  if (!rest_.empty()) {
    return Error{ErrorCode::kDataLoss, std::string(what) + " has " + std::to_string(rest_.size()) +
                                           " bytes more than it should"};
  }
  return {};
}

}  // namespace covey
