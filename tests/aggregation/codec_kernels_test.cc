// Every path of the codec's inner loops against their twin, bit by bit.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "aggregation/codec_twin.h"
#include "kernels.h"
#include "support/catch.h"
#include "support/seeds.h"

namespace covey::ring {
namespace {

using Random = std::mt19937_64;

// Bits, so that a NaN equals itself and 0 is not -0.
std::vector<std::uint32_t> bits_of(std::span<const float> values) {
  std::vector<std::uint32_t> bits;
  for (const float value : values) bits.push_back(std::bit_cast<std::uint32_t>(value));
  return bits;
}

double uniform(double low, double high, Random& random) {
  return std::uniform_real_distribution<double>(low, high)(random);
}

// Of any magnitude that is finite, zeros and subnormals among them.
float any_float(Random& random) {
  const auto bits = static_cast<std::uint32_t>(random());
  const auto value = std::bit_cast<float>(bits);
  return std::isfinite(value) ? value : 0.0f * (bits >> 31 != 0 ? -1.0f : 1.0f);
}

std::vector<float> any_floats(std::size_t count, Random& random) {
  std::vector<float> values(count);
  for (float& value : values) value = any_float(random);
  return values;
}

template <typename Body>
void for_each_path(Body&& body) {
  for (const KernelPath path : available_kernel_paths()) {
    INFO("path " << name_of(path));
    body(kernels_of(path));
  }
}

template <typename Body>
void for_each_lane(Body&& body) {
  body(std::uint16_t{});
  body(std::uint32_t{});
  body(std::uint64_t{});
}

// What makes floor(exact · 2^32) + noise just pass 2^32, or just not; by the definition.
std::array<std::uint32_t, 5> critical_noise(float value, const Quantizer& quantizer) {
  const double top = static_cast<double>(quantizer.max_level);
  const double inside = std::clamp(static_cast<double>(value), -quantizer.range, quantizer.range);
  const double exact = std::min((inside + quantizer.range) * (top / (2 * quantizer.range)), top);
  const auto fraction = static_cast<std::uint32_t>(static_cast<std::uint64_t>(exact * 0x1p32));
  return {0, ~std::uint32_t{0}, 0u - fraction - 1, 0u - fraction, 0u - fraction + 1};
}

struct Input {
  std::vector<float> values;
  std::vector<std::uint32_t> noise;
  void push(float value, std::uint32_t drawn) {
    values.push_back(value);
    noise.push_back(drawn);
  }
};

// With a few values of each kind that could round differently.
Input random_input(const Quantizer& quantizer, Random& random) {
  const auto range = static_cast<float>(quantizer.range);
  const std::array<float, 8> special = {0.0f,
                                        -0.0f,
                                        range,
                                        -range,
                                        std::nextafter(range, 0.0f),
                                        std::nextafter(-range, -INFINITY),
                                        std::numeric_limits<float>::denorm_min(),
                                        std::numeric_limits<float>::max()};
  Input input;
  const std::size_t count = random() % 300;
  while (input.values.size() < count) {
    const std::uint64_t kind = random() % 4;
    const float value = kind == 0   ? special[random() % special.size()]
                        : kind == 1 ? any_float(random)
                                    : static_cast<float>(uniform(-1.01, 1.01, random)) * range;
    if (random() % 2 == 0) input.push(value, static_cast<std::uint32_t>(random()));
    for (const std::uint32_t drawn : critical_noise(value, quantizer)) input.push(value, drawn);
  }
  return input;
}

template <typename Lane>
void check_quantize(const Kernels& kernels, const Input& input, const Quantizer& quantizer,
                    std::uint64_t weight) {
  const twin::Quantizer plain{quantizer.range, quantizer.max_level};
  const std::size_t count = input.values.size();
  std::vector<Lane> out(count), expected(count);
  const std::uint64_t clipped = kernels.lanes<Lane>().quantize(input.values, input.noise, quantizer,
                                                               weight, std::span<Lane>(out));
  const std::uint64_t expected_clipped =
      twin::quantize(std::span<const float>(input.values), std::span(input.noise), plain, weight,
                     std::span<Lane>(expected));
  REQUIRE(out == expected);
  REQUIRE(clipped == expected_clipped);
}

}  // namespace

TEST_CASE("every path has the twin's sum of squares, finite exactly when every value is",
          "[ring][property]") {
  testing::for_each_seed(200, [](testing::Seed seed) {
    Random random(seed);
    std::vector<float> values = any_floats(random() % 70, random);
    if (seed % 4 == 0) {
      std::fill(values.begin(), values.end(), std::numeric_limits<float>::max());
    }
    for_each_path([&](const Kernels& kernels) {
      const double norm = std::sqrt(kernels.sum_of_squares(values));
      CHECK(norm == twin::l2_norm(values));
      CHECK(std::isfinite(norm));
      for (std::size_t i = 0; i < values.size(); ++i) {
        for (const float bad : {NAN, INFINITY, -INFINITY}) {
          std::vector<float> damaged = values;
          damaged[i] = bad;
          REQUIRE_FALSE(std::isfinite(kernels.sum_of_squares(damaged)));
        }
      }
    });
  });
}

TEST_CASE("every path scales as its twin does", "[ring][property]") {
  testing::for_each_seed(200, [](testing::Seed seed) {
    Random random(seed);
    const std::vector<float> values = any_floats(random() % 70, random);
    const double factor = uniform(0, 1, random);
    std::vector<float> expected = values;
    twin::scale(expected, factor);
    for_each_path([&](const Kernels& kernels) {
      std::vector<float> scaled = values;
      kernels.scale(scaled, factor);
      CHECK(bits_of(scaled) == bits_of(expected));
    });
  });
}

TEST_CASE("every path rotates a block of any size as its twin does", "[ring][property]") {
  testing::for_each_seed(4, [](testing::Seed seed) {
    Random random(seed);
    for (std::size_t size = 1; size <= 65'536; size *= 2) {
      INFO("size " << size);
      std::vector<std::uint32_t> signs((size + 31) / 32);
      for (std::uint32_t& word : signs) word = static_cast<std::uint32_t>(random());
      const auto flip = [&](std::vector<float>& block) {
        for (std::size_t i = 0; i < size; ++i) {
          if (((signs[i / 32] >> (i % 32)) & 1u) != 0) block[i] = -block[i];
        }
      };
      std::vector<float> original(size);  // of zeros in every other run, whose signs count too
      for (float& value : original) {
        const float number = seed % 2 == 0 ? static_cast<float>(random() % 1000) / 7.0f : 0.0f;
        value = random() % 2 == 0 ? number : -number;
      }
      std::vector<float> rotated = original;
      flip(rotated);
      twin::hadamard(rotated);
      std::vector<float> unrotated = original;
      twin::hadamard(unrotated);
      flip(unrotated);
      for_each_path([&](const Kernels& kernels) {
        std::vector<float> block = original;
        kernels.rotate(signs, block);
        CHECK((bits_of(block) == bits_of(rotated)));
        block = original;
        kernels.unrotate(signs, block);
        CHECK((bits_of(block) == bits_of(unrotated)));
      });
    }
  });
}

TEST_CASE("every path rounds to the twin's level, above all where the noise decides",
          "[ring][property]") {
  testing::for_each_seed(500, [](testing::Seed seed) {
    Random random(seed);
    const std::uint64_t max_level = (std::uint64_t{1} << (2 + random() % 23)) - 1;
    const Quantizer quantizer{std::pow(10.0, uniform(seed % 5 == 0 ? -30 : -4, 4, random)),
                              max_level};
    const Input input = random_input(quantizer, random);
    for_each_path([&](const Kernels& kernels) {
      for_each_lane([&]<typename Lane>(Lane) {
        const std::uint64_t room = std::numeric_limits<Lane>::max() / max_level;
        if (room == 0) return;  // no such ring
        const std::uint64_t cap = std::min(room, std::uint64_t{1} << 40);
        check_quantize<Lane>(kernels, input, quantizer, 1 + random() % cap);
        check_quantize<Lane>(kernels, input, quantizer, cap);
      });
    });
  });
}

// Every float whose last 12 bits are zero, so every exponent and the first bits of every fraction.
TEST_CASE("every path rounds to the twin's level over all magnitudes of floats", "[ring]") {
  for (const std::uint32_t bits : {2u, 8u, 16u, 24u}) {
    for (const double range : {0.013, 1.0, 3e5}) {
      const Quantizer quantizer{range, (std::uint64_t{1} << bits) - 1};
      Input input;
      for (std::uint32_t pattern = 0; pattern < 1u << 20; ++pattern) {
        const auto value = std::bit_cast<float>(pattern << 12);
        const bool matters = std::abs(value) > 1e-9 * range && std::abs(value) < 2 * range;
        if (!matters && (pattern % 64 != 0 || !std::isfinite(value))) continue;
        for (const std::uint32_t noise : critical_noise(value, quantizer)) input.push(value, noise);
      }
      for_each_path([&](const Kernels& kernels) {
        check_quantize<std::uint32_t>(kernels, input, quantizer, 1);
      });
    }
  }
}

TEST_CASE("every path dequantizes as its twin does, and finds what is too large",
          "[ring][property]") {
  testing::for_each_seed(500, [](testing::Seed seed) {
    Random random(seed);
    for_each_lane([&]<typename Lane>(Lane) {
      constexpr std::uint32_t kLaneBits = 8 * sizeof(Lane);
      const std::uint32_t bits = 2 + static_cast<std::uint32_t>(random() % (kLaneBits - 1));
      const std::uint64_t most = ~std::uint64_t{0} >> (64 - bits);
      const std::uint32_t level_bits = 2 + static_cast<std::uint32_t>(random() % 23);
      const std::uint64_t max_level = (std::uint64_t{1} << std::min(level_bits, bits)) - 1;
      const std::uint64_t weight =
          random() % 4 == 0 ? most / max_level : random() % (most / max_level + 1);
      const Quantizer quantizer{uniform(1e-3, 10, random), max_level};
      const twin::Quantizer plain{quantizer.range, max_level};

      std::vector<Lane> lanes(random() % 100);
      for (Lane& lane : lanes) {
        const std::uint64_t element = random() % 8 == 0
                                          ? weight * max_level / 2 + random() % 3
                                          : random() % (weight * max_level / 2 * 2 + 1);
        const std::uint64_t above = bits == 64 ? 0 : random() << bits;
        lane = static_cast<Lane>(std::min(element, weight * max_level) | above);
      }
      if (!lanes.empty() && seed % 3 == 0) {
        lanes[random() % lanes.size()] = static_cast<Lane>(weight * max_level + seed % 2);
      }
      std::vector<float> expected(lanes.size());
      const bool possible = twin::dequantize(std::span<const Lane>(lanes), bits, plain, weight,
                                             std::span<float>(expected));
      for_each_path([&](const Kernels& kernels) {
        std::vector<float> out(lanes.size());
        REQUIRE(kernels.lanes<Lane>().dequantize(lanes, bits, quantizer, weight, out) == possible);
        if (possible) REQUIRE(bits_of(out) == bits_of(expected));
      });
    });
  });
}

TEST_CASE("the fastest path is the one that is used", "[ring]") {
  CHECK(&kernels() == &kernels_of(available_kernel_paths().front()));
  CHECK(available_kernel_paths().back() == KernelPath::kBaseline);
}

}  // namespace covey::ring
