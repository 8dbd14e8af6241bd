// Ring elements of any width and number: what was packed unpacks to the same, and any bytes unpack
// to what packs to them.

#include "covey/aggregation/ring/packing.h"
#include "covey/aggregation/ring/ring_vector.h"
#include "covey/base/byte_writer.h"
#include "fuzz/fuzz_input.h"
#include "fuzz/fuzz_target.h"

namespace covey::fuzz {
namespace {

using namespace covey::ring;

template <typename Lane>
void round_trips(std::uint32_t bits, std::size_t count, FuzzInput& input) {
  const Lane mask = static_cast<Lane>(~std::uint64_t{0} >> (64 - bits));
  const std::size_t size = packed_size_bytes(bits, count);
  COVEY_CHECK(size == (bits * count + 7) / 8);

  Bytes any(size);  // any bytes on the wire
  std::ranges::copy(input.raw(size), any.begin());
  std::vector<Lane> lanes(count);
  unpack_add<Lane>(any, bits, lanes);
  Bytes packed(size);
  pack<Lane>(lanes, bits, packed);
  COVEY_CHECK(has_clean_padding(packed, bits, count));
  COVEY_CHECK((packed == any) == has_clean_padding(any, bits, count));

  std::vector<Lane> sum(count);  // any lanes, with bits above b, added twice
  for (Lane& lane : lanes) lane = static_cast<Lane>(input.number());
  pack<Lane>(lanes, bits, packed);
  unpack_add<Lane>(packed, bits, sum);
  for (std::size_t i = 0; i < count; ++i) COVEY_CHECK(sum[i] == (lanes[i] & mask));
  unpack_add<Lane>(packed, bits, sum);
  for (std::size_t i = 0; i < count; ++i) {
    COVEY_CHECK(((sum[i] ^ static_cast<Lane>(lanes[i] + lanes[i])) & mask) == 0);
  }
}

}  // namespace

std::vector<Bytes> seeds() {
  std::vector<Bytes> out;
  for (const int bits : {2, 7, 15, 16, 17, 31, 32, 33, 57, 63, 64}) {
    ByteWriter input;
    input.u8(static_cast<std::uint8_t>(bits - 2));
    input.u16(37);  // elements
    for (int i = 0; i < 600; ++i) input.u8(static_cast<std::uint8_t>(i * 37 + bits));
    out.push_back(input.take());
  }
  return out;
}

}  // namespace covey::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace covey;
  fuzz::FuzzInput input({data, size});
  const std::uint32_t bits = 2 + input.below(63);
  const std::size_t count = input.below(1024);
  switch (ring::lane_bits(bits)) {
    case 16:
      fuzz::round_trips<std::uint16_t>(bits, count, input);
      break;
    case 32:
      fuzz::round_trips<std::uint32_t>(bits, count, input);
      break;
    default:
      fuzz::round_trips<std::uint64_t>(bits, count, input);
  }
  return 0;
}
