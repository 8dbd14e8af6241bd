#include "field.h"

namespace covey::crypto::field {
namespace {

Element square_times(Element a, int times) {
  for (int i = 0; i < times; ++i) a = square(a);
  return a;
}

// The limbs of the representative in [0, p).
Element frozen(const Element& a) {
  Element limbs = carried(a);
  // Carries one after the other leave limbs 1 to 4 below 2^51 and the value below 2^255 + 2^7, so
  // below 2p.
  for (std::size_t i = 0; i < 4; ++i) {
    limbs[i + 1] += limbs[i] >> 51;
    limbs[i] &= kLimbMask;
  }
  limbs[0] += 19 * (limbs[4] >> 51);
  limbs[4] &= kLimbMask;

  // The value is p or more exactly when value + 19 reaches 2^255; then value - p is value + 19
  // without that bit.
  std::uint64_t is_over = (limbs[0] + 19) >> 51;
  for (std::size_t i = 1; i < 5; ++i) is_over = (limbs[i] + is_over) >> 51;
  limbs[0] += 19 * is_over;
  for (std::size_t i = 0; i < 4; ++i) {
    limbs[i + 1] += limbs[i] >> 51;
    limbs[i] &= kLimbMask;
  }
  limbs[4] &= kLimbMask;
  return limbs;
}

}  // namespace

void to_bytes(const Element& a, std::span<std::uint8_t, 32> out) {
  const Element limbs = frozen(a);
  const std::array<std::uint64_t, 4> words = {
      limbs[0] | limbs[1] << 51, limbs[1] >> 13 | limbs[2] << 38, limbs[2] >> 26 | limbs[3] << 25,
      limbs[3] >> 39 | limbs[4] << 12};
  std::memcpy(out.data(), words.data(), sizeof words);  // little-endian, as in from_bytes
}

bool is_zero(const Element& a) {
  const Element limbs = frozen(a);
  return (limbs[0] | limbs[1] | limbs[2] | limbs[3] | limbs[4]) == 0;
}

Element reduced(Columns columns) {
  const auto low = [](Wide column) { return static_cast<std::uint64_t>(column) & kLimbMask; };
  const Wide column1 = columns[1] + (columns[0] >> 51);
  const Wide column2 = columns[2] + (column1 >> 51);
  const Wide column3 = columns[3] + (column2 >> 51);
  const Wide column4 = columns[4] + (column3 >> 51);
  const Wide column0 = low(columns[0]) + 19 * (column4 >> 51);
  return {low(column0), low(column1) + static_cast<std::uint64_t>(column0 >> 51), low(column2),
          low(column3), low(column4)};
}

Element mul(const Element& a, const Element& b) {
  Columns columns{};
  multiply_accumulate(columns, a, b);
  return reduced(columns);
}

Element square(const Element& a) {
  const std::uint64_t twice0 = 2 * a[0], twice1 = 2 * a[1], twice2 = 2 * a[2], twice3 = 2 * a[3];
  const std::uint64_t a3 = 19 * a[3], a4 = 19 * a[4];
  return reduced({Wide{a[0]} * a[0] + Wide{twice1} * a4 + Wide{twice2} * a3,
                  Wide{twice0} * a[1] + Wide{twice2} * a4 + Wide{a[3]} * a3,
                  Wide{twice0} * a[2] + Wide{a[1]} * a[1] + Wide{twice3} * a4,
                  Wide{twice0} * a[3] + Wide{twice1} * a[2] + Wide{a[4]} * a4,
                  Wide{twice0} * a[4] + Wide{twice1} * a[3] + Wide{a[2]} * a[2]});
}

Element invert(const Element& a) {
  // Fermat: 1/a = a^(p-2), and p - 2 = 2^5 (2^250 - 1) + 11. ones_n stands for a^(2^n - 1).
  const auto join = [](const Element& ones_m, int n, const Element& ones_n) {
    return mul(square_times(ones_m, n), ones_n);  // a^(2^(m+n) - 1)
  };
  const Element ones_2 = join(a, 1, a);
  const Element ones_4 = join(ones_2, 2, ones_2);
  const Element ones_5 = join(ones_4, 1, a);
  const Element ones_10 = join(ones_5, 5, ones_5);
  const Element ones_20 = join(ones_10, 10, ones_10);
  const Element ones_25 = join(ones_20, 5, ones_5);
  const Element ones_50 = join(ones_25, 25, ones_25);
  const Element ones_100 = join(ones_50, 50, ones_50);
  const Element ones_200 = join(ones_100, 100, ones_100);
  const Element ones_250 = join(ones_200, 50, ones_50);
  const Element a_11 = mul(mul(square_times(a, 3), square(a)), a);
  return mul(square_times(ones_250, 5), a_11);
}

}  // namespace covey::crypto::field
