#include "covey/aggregation/ring/rotation.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <random>
#include <vector>

#include "covey/crypto/digest.h"
#include "support/catch.h"
#include "support/seeds.h"

namespace covey::ring {
namespace {

Digest public_seed(std::uint8_t number) {
  Digest seed{};
  seed[0] = number;
  return seed;
}

std::vector<float> gaussian(std::size_t count, std::mt19937_64& random) {
  std::normal_distribution<float> normal;
  std::vector<float> values(count);
  for (float& value : values) value = normal(random);
  return values;
}

double norm(const std::vector<float>& values) {
  double sum = 0;
  for (const float value : values) sum += static_cast<double>(value) * value;
  return std::sqrt(sum);
}

}  // namespace

TEST_CASE("the rotation keeps the norm and is undone, for any length", "[ring][property]") {
  testing::for_each_seed(60, [](testing::Seed seed) {
    std::mt19937_64 random(seed);
    const std::size_t length = seed < 40 ? seed : random() % 200'000;
    const std::vector<float> original = gaussian(length, random);
    std::vector<float> values = original;
    rotate(values, public_seed(1));
    CHECK(norm(values) == Approx(norm(original)).epsilon(1e-5));
    unrotate(values, public_seed(1));
    float worst = 0;
    for (std::size_t i = 0; i < length; ++i)
      worst = std::max(worst, std::abs(values[i] - original[i]));
    CHECK(worst < 1e-5f);
  });
}

TEST_CASE("the rotation is an orthonormal matrix of Walsh-Hadamard entries", "[ring]") {
  constexpr std::size_t kLength = 64;
  std::vector<std::vector<float>> columns;
  for (std::size_t i = 0; i < kLength; ++i) {
    std::vector<float> unit(kLength);
    unit[i] = 1;
    rotate(unit, public_seed(2));
    columns.push_back(unit);
  }
  for (std::size_t i = 0; i < kLength; ++i) {
    // H[k][i] = (-1)^popcount(k & i) / 8, the whole column with one random sign.
    const float sign = columns[i][0] < 0 ? -1.0f : 1.0f;
    for (std::size_t k = 0; k < kLength; ++k) {
      const float entry = (std::popcount(k & i) % 2 == 0 ? 0.125f : -0.125f) * sign;
      REQUIRE(columns[i][k] == entry);
    }
    for (std::size_t j = 0; j < kLength; ++j) {
      float dot = 0;
      for (std::size_t k = 0; k < kLength; ++k) dot += columns[i][k] * columns[j][k];
      REQUIRE(dot == Approx(i == j ? 1.0f : 0.0f).margin(1e-6));
    }
  }
}

TEST_CASE("a spike is spread over its block, wherever it is", "[ring]") {
  constexpr std::size_t kLength = 100'000;  // one block of 2^16, and one that overlaps it
  for (const std::size_t position : {std::size_t{0}, std::size_t{40'000}, kLength - 1}) {
    std::vector<float> spike(kLength);
    spike[position] = 1;
    rotate(spike, public_seed(3));
    float largest = 0;
    for (const float value : spike) largest = std::max(largest, std::abs(value));
    CHECK(largest <= 6.0f / 256.0f);
  }
}

TEST_CASE("another seed is another rotation, and signs are balanced", "[ring]") {
  std::vector<float> a(4096);
  a[0] = 1;  // H's first column is constant: what is left is its sign
  int minus = 0;
  for (int i = 0; i < 200; ++i) {
    std::vector<float> b = a;
    rotate(b, public_seed(static_cast<std::uint8_t>(i)));
    minus += b[0] < 0 ? 1 : 0;
  }
  CHECK(minus > 60);
  CHECK(minus < 140);
}

TEST_CASE("the rotation gives the same bits on every machine", "[ring]") {
  std::vector<float> values(100'000);
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<float>((i * 2654435761u) % 1000) / 1000.0f - 0.5f;
  }
  rotate(values, public_seed(4));
  const Digest digest = crypto::sha256(
      {reinterpret_cast<const std::uint8_t*>(values.data()), values.size() * sizeof(float)});
  CHECK(to_hex(digest) == "699d7d1c6ed2d541417aeb0eabbdb824cbbb287ab9f0cce109acdb17b59407ec");
}

TEST_CASE("the block is the largest power of two that fits, up to 65536", "[ring]") {
  CHECK(rotation_block(0) == 1);
  CHECK(rotation_block(1) == 1);
  CHECK(rotation_block(3) == 2);
  CHECK(rotation_block(65'535) == 32'768);
  CHECK(rotation_block(65'536) == 65'536);
  CHECK(rotation_block(10'000'000) == 65'536);
}

}  // namespace covey::ring
