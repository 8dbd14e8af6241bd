#include "covey/aggregation/ring/packing.h"

#include <random>

#include "support/catch.h"
#include "support/seeds.h"

namespace covey::ring {
namespace {

// The naive twin: one bit at a time.
template <typename Lane>
Bytes pack_bitwise(const std::vector<Lane>& lanes, std::uint32_t bits) {
  Bytes out((lanes.size() * bits + 7) / 8);
  for (std::size_t i = 0; i < lanes.size() * bits; ++i) {
    const std::uint64_t bit = (std::uint64_t{lanes[i / bits]} >> (i % bits)) & 1;
    out[i / 8] = static_cast<std::uint8_t>(out[i / 8] | (bit << (i % 8)));
  }
  return out;
}

template <typename Lane>
std::vector<Lane> random_lanes(std::size_t count, std::mt19937_64& random) {
  std::vector<Lane> lanes(count);
  for (Lane& lane : lanes) lane = static_cast<Lane>(random());
  return lanes;
}

template <typename Lane>
void check_all_widths(std::mt19937_64& random) {
  constexpr std::uint32_t kWidth = sizeof(Lane) * 8;
  for (std::uint32_t bits = 2; bits <= kWidth; ++bits) {
    const std::vector<Lane> lanes = random_lanes<Lane>(random() % 70, random);
    const Lane mask = static_cast<Lane>(~std::uint64_t{0} >> (64 - bits));
    Bytes packed(packed_size_bytes(bits, lanes.size()), 0xa5);
    pack<Lane>(lanes, bits, packed);
    INFO("bits " << bits << ", count " << lanes.size());
    REQUIRE(packed == pack_bitwise(lanes, bits));
    REQUIRE(has_clean_padding(packed, bits, lanes.size()));

    const std::vector<Lane> before = random_lanes<Lane>(lanes.size(), random);
    std::vector<Lane> after = before;
    unpack_add<Lane>(packed, bits, after);
    for (std::size_t i = 0; i < lanes.size(); ++i) {
      REQUIRE(after[i] == static_cast<Lane>(before[i] + (lanes[i] & mask)));
    }
  }
}

}  // namespace

TEST_CASE("packing equals its bitwise twin, and unpacking adds it back, for every ring", "[ring]") {
  testing::for_each_seed(40, [](testing::Seed seed) {
    std::mt19937_64 random(seed);
    check_all_widths<std::uint16_t>(random);
    check_all_widths<std::uint32_t>(random);
    check_all_widths<std::uint64_t>(random);
  });
}

TEST_CASE("adding a packed element wraps at the lane's width", "[ring]") {
  const std::vector<std::uint16_t> one = {0x0fff};
  Bytes packed(packed_size_bytes(12, 1));
  pack<std::uint16_t>(one, 12, packed);
  std::vector<std::uint16_t> sum = {0xffff};
  unpack_add<std::uint16_t>(packed, 12, sum);
  CHECK(sum[0] == 0x0ffe);
}

TEST_CASE("the packed size is the number of bits rounded up to bytes", "[ring]") {
  for (std::uint32_t bits = 2; bits <= 64; ++bits) {
    for (std::uint64_t count = 0; count < 40; ++count) {
      REQUIRE(packed_size_bytes(bits, count) == (bits * count + 7) / 8);
    }
  }
  CHECK(packed_size_bytes(64, kMaxLength) == 8 * kMaxLength);
  CHECK(packed_size_bytes(17, 1'000'000) == 2'125'000);
}

TEST_CASE("eight elements end on a byte, so that chunks can be packed by themselves", "[ring]") {
  std::mt19937_64 random(7);
  const auto lanes = random_lanes<std::uint32_t>(64, random);
  Bytes whole(packed_size_bytes(21, 64));
  pack<std::uint32_t>(lanes, 21, whole);
  Bytes parts(whole.size());
  const std::size_t split = packed_size_bytes(21, 24);
  pack<std::uint32_t>(std::span(lanes).first(24), 21, MutableByteView(parts).first(split));
  pack<std::uint32_t>(std::span(lanes).subspan(24), 21, MutableByteView(parts).subspan(split));
  CHECK(parts == whole);
}

TEST_CASE("a bit set in the padding, or a wrong size, is seen", "[ring]") {
  for (std::uint32_t bits = 2; bits <= 64; ++bits) {
    for (std::uint64_t count = 1; count < 9; ++count) {
      const Bytes clean(packed_size_bytes(bits, count));
      CHECK(has_clean_padding(clean, bits, count));
      CHECK_FALSE(has_clean_padding(ByteView(clean).first(clean.size() - 1), bits, count));
      for (std::uint64_t bit = bits * count; bit < clean.size() * 8; ++bit) {
        Bytes dirty = clean;
        dirty.back() = static_cast<std::uint8_t>(1u << (bit % 8));
        CHECK_FALSE(has_clean_padding(dirty, bits, count));
      }
    }
  }
}

TEST_CASE("a ring vector uses the narrowest lane and reduces to its ring", "[ring]") {
  CHECK(lane_bits(16) == 16);
  CHECK(lane_bits(17) == 32);
  CHECK(lane_bits(33) == 64);
  for (std::uint32_t bits = 2; bits <= 64; ++bits) {
    const RingShape shape{bits, 5, 3};
    RingVector vector = RingVector::zeros(shape);
    REQUIRE(vector.has_shape(shape));
    CHECK_FALSE(vector.has_shape({bits, 6, 3}));
    CHECK_FALSE(vector.has_shape({bits, 5, 2}));
    std::visit(
        [](auto& lanes) {
          for (auto& lane : lanes) lane = static_cast<std::decay_t<decltype(lane)>>(-1);
        },
        vector.elements);
    vector.reduce(bits);
    std::visit([&](auto& lanes) { CHECK(lanes[4] == ~std::uint64_t{0} >> (64 - bits)); },
               vector.elements);
  }
}

TEST_CASE("a ring shape outside the limits is refused", "[ring]") {
  CHECK(validate({2, 0, 0}).has_value());
  CHECK(validate({64, kMaxLength, kMaxCounters}).has_value());
  CHECK_FALSE(validate({1, 1, 1}).has_value());
  CHECK_FALSE(validate({65, 1, 1}).has_value());
  CHECK_FALSE(validate({8, kMaxLength + 1, 1}).has_value());
  CHECK_FALSE(validate({8, 1, kMaxCounters + 1}).has_value());
}

}  // namespace covey::ring
