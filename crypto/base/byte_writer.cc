#include "covey/base/byte_writer.h"

namespace covey {

void ByteWriter::raw(ByteView bytes) { out_.insert(out_.end(), bytes.begin(), bytes.end()); }

void ByteWriter::little_endian(std::uint64_t value, int size_bytes) {
  for (int i = 0; i < size_bytes; ++i) out_.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

}  // namespace covey
