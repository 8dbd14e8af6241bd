#include "covey/datasets/handwriting.h"

#include <algorithm>
#include <set>

#include "covey/crypto/digest.h"
#include "support/catch.h"
#include "support/seeds.h"

namespace covey::datasets {
namespace {

using covey::testing::for_each_seed;
using covey::testing::Seed;

constexpr std::size_t kPixels = 28 * 28;

std::span<const float> image(const Examples& examples, std::size_t index) {
  return std::span(examples.features).subspan(index * kPixels, kPixels);
}

Bytes pixels_of(const Examples& examples) {
  Bytes pixels;
  for (const float value : examples.features) {
    pixels.push_back(static_cast<std::uint8_t>(value * 255.0f + 0.5f));
  }
  return pixels;
}

}  // namespace

TEST_CASE("the drawn digits are the same on every machine", "[datasets]") {
  // Found by a run, and to be changed only together with how digits are drawn.
  const Bytes pixels = pixels_of(generate_handwriting(3, 200, 1));
  CHECK(to_hex(crypto::sha256(pixels)) ==
        "3b12d75963051a6b0cf66fdef0bf74cc565d57b8f124864e8c387eb66f0a7906");
}

TEST_CASE("fewer digits are the first of more", "[datasets]") {
  const Examples more = generate_handwriting(9, 30, 5);
  const Examples fewer = generate_handwriting(9, 10, 5);
  CHECK(std::equal(fewer.labels.begin(), fewer.labels.end(), more.labels.begin()));
  CHECK(std::equal(fewer.features.begin(), fewer.features.end(), more.features.begin()));
}

TEST_CASE("writers differ, and seeds differ", "[datasets]") {
  std::set<std::vector<float>> seen;
  for (std::uint64_t writer = 0; writer < 5; ++writer) {
    for (std::uint64_t seed = 0; seed < 5; ++seed) {
      seen.insert(generate_handwriting(writer, 2, seed).features);
    }
  }
  CHECK(seen.size() == 25);
}

TEST_CASE("drawn digits have the form of MNIST's: bright on black, centred, in a frame of four",
          "[datasets]") {
  for_each_seed(20, [](Seed seed) {
    const Examples digits = generate_handwriting(seed, 20, 1);
    REQUIRE(digits.size() == 20);
    CHECK(digits.classes == 10);
    CHECK(digits.features.size() == 20 * kPixels);
    for (std::size_t i = 0; i < digits.size(); ++i) {
      CHECK((digits.labels[i] >= 0 && digits.labels[i] < 10));
      double mass = 0, x_mass = 0, y_mass = 0;
      float brightest = 0;
      for (std::size_t pixel = 0; pixel < kPixels; ++pixel) {
        const float value = image(digits, i)[pixel];
        REQUIRE((value >= 0 && value <= 1));
        mass += value;
        x_mass += value * (static_cast<double>(pixel % 28) + 0.5);
        y_mass += value * (static_cast<double>(pixel / 28) + 0.5);
        brightest = std::max(brightest, value);
      }
      CHECK(brightest > 0.6f);
      CHECK(mass > 15);
      CHECK(mass < 320);
      CHECK(x_mass / mass == Approx(14).margin(1.5));
      CHECK(y_mass / mass == Approx(14).margin(1.5));
    }
  });
}

TEST_CASE("all ten digits are drawn, each about as often", "[datasets]") {
  const Examples digits = generate_handwriting(1, 2000, 1);
  for (std::int64_t digit = 0; digit < 10; ++digit) {
    const auto count = std::ranges::count(digits.labels, digit);
    CHECK(count > 140);
    CHECK(count < 260);
  }
}

}  // namespace covey::datasets
