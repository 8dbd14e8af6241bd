#include "field.h"

#include <vector>

#include "bignum_twin.h"
#include "covey/crypto/insecure_seeded_random.h"
#include "support/catch.h"
#include "support/seeds.h"

namespace covey::crypto {
namespace {

using covey::testing::for_each_seed;
using covey::testing::Seed;
using field::Element;
using testing::Number;

Digest bytes_of(const Element& a) {
  Digest out;
  field::to_bytes(a, out);
  return out;
}

// 2^exponent + offset, little-endian, for an exponent up to 256.
Digest power_of_two(int exponent, int offset) {
  Digest out{};
  int carry = offset;
  for (int i = 0; i < 32; ++i) {
    const int byte = (i == exponent / 8 ? 1 << (exponent % 8) : 0) + carry;
    out[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(byte & 0xff);
    carry = byte >> 8;
  }
  return out;
}

// 0, 1, the border between limbs, around p, around 2^255, around 2p and the largest 256-bit number.
std::vector<Digest> edge_encodings() {
  std::vector<Digest> out;
  for (int offset = -40; offset <= 40; ++offset) out.push_back(power_of_two(255, offset));
  for (int offset = -40; offset < 0; ++offset) out.push_back(power_of_two(256, offset));
  for (const int exponent : {51, 102, 153, 204}) {
    for (int offset = -1; offset <= 1; ++offset) out.push_back(power_of_two(exponent, offset));
  }
  for (int small = 0; small <= 20; ++small) out.push_back(power_of_two(256, small));
  return out;
}

// An element as it may stand between two carries: limbs anywhere below the bound, all of them at it
// now and then.
Element random_loose(Random& random) {
  constexpr std::uint64_t kBound = std::uint64_t{1} << 53;
  std::array<std::uint8_t, 48> drawn;
  random.fill(drawn);
  Element out;
  for (std::size_t i = 0; i < 5; ++i) {
    std::memcpy(&out[i], &drawn[8 * i], 8);
    out[i] = (drawn[40 + i] & 3) == 0 ? kBound - 1 : out[i] % kBound;
  }
  return out;
}

Number number_of(const Element& a) {
  Number sum;
  for (std::size_t i = 5; i-- > 0;) sum = sum * Number(std::uint64_t{1} << 51) + Number(a[i]);
  return sum;
}

bool is_tight(const Element& a) {
  for (const std::uint64_t limb : a) {
    if (limb >> 52 != 0) return false;
  }
  return true;
}

TEST_CASE("every 256-bit number is read as its residue and written canonically", "[field]") {
  for (const Digest& bytes : edge_encodings()) {
    const Element element = field::from_bytes(bytes);
    CHECK(is_tight(element));
    CHECK(bytes_of(element) == Number(std::span(bytes)).bytes());
    CHECK(field::is_zero(element) == (Number(std::span(bytes)) == Number()));
  }
}

TEST_CASE("p and its multiples are zero", "[field]") {
  CHECK(field::is_zero(field::kZero));
  CHECK(field::is_zero(field::from_bytes(power_of_two(255, -19))));
  CHECK(field::is_zero(field::from_bytes(power_of_two(256, -38))));
  CHECK_FALSE(field::is_zero(field::kOne));
  CHECK_FALSE(field::is_zero(field::from_bytes(power_of_two(255, -18))));
}

TEST_CASE("arithmetic on edge values agrees with big integers", "[field]") {
  for (const Digest& left : edge_encodings()) {
    for (const Digest& right : edge_encodings()) {
      const Element a = field::from_bytes(left), b = field::from_bytes(right);
      const Number x{std::span(left)}, y{std::span(right)};
      REQUIRE(bytes_of(field::add(a, b)) == (x + y).bytes());
      REQUIRE(bytes_of(field::sub(a, b)) == (x - y).bytes());
      REQUIRE(bytes_of(field::mul(a, b)) == (x * y).bytes());
    }
  }
}

TEST_CASE("arithmetic on loose elements agrees with big integers and gives tight ones",
          "[field][property]") {
  for_each_seed(3000, [](Seed seed) {
    InsecureSeededRandom random(seed);
    const Element a = random_loose(random), b = random_loose(random);
    const Number x = number_of(a), y = number_of(b);
    CHECK(bytes_of(a) == x.bytes());
    const std::array<Element, 4> results = {field::add(a, b), field::sub(a, b), field::mul(a, b),
                                            field::square(a)};
    CHECK(bytes_of(results[0]) == (x + y).bytes());
    CHECK(bytes_of(results[1]) == (x - y).bytes());
    CHECK(bytes_of(results[2]) == (x * y).bytes());
    CHECK(bytes_of(results[3]) == (x * x).bytes());
    for (const Element& result : results) CHECK(is_tight(result));
  });
}

TEST_CASE("multiplication by a small number agrees with big integers up to 2^32 - 1",
          "[field][property]") {
  for_each_seed(1000, [](Seed seed) {
    InsecureSeededRandom random(seed);
    const Element a = random_loose(random), c = field::carried(random_loose(random));
    std::uint32_t drawn = 0;
    random.fill({reinterpret_cast<std::uint8_t*>(&drawn), sizeof drawn});
    for (const std::uint32_t small : {0u, 1u, 2u, 65'535u, 0xffff'ffffu, drawn & 0xffff, drawn}) {
      const Number product = number_of(a) * Number(small);
      CHECK(bytes_of(field::mul_small(a, small)) == product.bytes());
      CHECK(is_tight(field::mul_small(a, small)));
      const Element sum = field::mul_add_small(a, small, c);
      CHECK(bytes_of(sum) == (product + number_of(c)).bytes());
      for (const std::uint64_t limb : sum) CHECK(limb >> 53 == 0);
    }
  });
}

TEST_CASE("an inner product of the largest elements and the most holders does not overflow",
          "[field]") {
  Element tight, loose;
  tight.fill((std::uint64_t{1} << 52) - 1);
  loose.fill((std::uint64_t{1} << 53) - 1);
  field::Columns sum{};
  for (int i = 0; i < 65'535; ++i) field::multiply_accumulate(sum, tight, loose);
  const Number expected = number_of(tight) * number_of(loose) * Number(65'535);
  CHECK(bytes_of(field::reduced(sum)) == expected.bytes());
  CHECK(is_tight(field::reduced(sum)));
}

TEST_CASE("an element times its inverse is one, and zero has zero", "[field][property]") {
  for (const std::uint32_t small : {1u, 2u, 19u, 65'535u}) {
    CHECK(bytes_of(field::invert(field::from_small(small))) == Number(small).inverse().bytes());
  }
  CHECK(field::is_zero(field::invert(field::kZero)));
  for_each_seed(200, [](Seed seed) {
    InsecureSeededRandom random(seed);
    const Element a = random_loose(random);
    CHECK(bytes_of(field::invert(a)) == number_of(a).inverse().bytes());
    CHECK(bytes_of(field::mul(a, field::invert(a))) == bytes_of(field::kOne));
  });
}

}  // namespace
}  // namespace covey::crypto
