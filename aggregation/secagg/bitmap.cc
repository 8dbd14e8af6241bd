#include "covey/aggregation/secagg/bitmap.h"

#include <bit>

namespace covey::secagg {

bool Bitmap::is_valid(ByteView bytes, std::size_t size) {
  if (bytes.size() != (size + 7) / 8) return false;
  return size % 8 == 0 || (bytes.back() >> (size % 8)) == 0;
}

Bitmap Bitmap::from_valid(ByteView bytes, std::size_t size) {
  Bitmap out(size);
  out.bytes_.assign(bytes.begin(), bytes.end());
  return out;
}

Bitmap Bitmap::load(ByteReader& in, std::size_t size) {
  const ByteView bytes = in.sized();
  if (in.ok() && is_valid(bytes, size)) return from_valid(bytes, size);
  in.fail();
  return Bitmap(size);
}

std::size_t Bitmap::count() const {
  std::size_t total = 0;
  for (const std::uint8_t byte : bytes_) total += static_cast<std::size_t>(std::popcount(byte));
  return total;
}

}  // namespace covey::secagg
