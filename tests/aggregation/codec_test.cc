#include <algorithm>
#include <cmath>
#include <random>

#include "covey/aggregation/ring/decoder.h"
#include "covey/aggregation/ring/encoder.h"
#include "covey/aggregation/ring/flat_model.h"
#include "covey/crypto/insecure_seeded_random.h"
#include "support/catch.h"
#include "support/seeds.h"

namespace covey::ring {
namespace {

using crypto::InsecureSeededRandom;

Manifest model(std::uint64_t train, std::uint64_t buffers = 0) {
  return Manifest::create({{"running", DType::kF32, {buffers}, Role::kFloatBuffer},
                           {"first", DType::kF32, {train / 2}, Role::kTrain},
                           {"second", DType::kF32, {train - train / 2}, Role::kTrain}})
      .value();
}

CodecSettings basic_settings() {
  CodecSettings settings;
  settings.max_devices = 20;
  settings.max_weight = 100;
  settings.clipping = RangeClip{0.5};
  return settings;
}

// One device, encoded in a copy of its difference.
Result<RingVector> encode(const Manifest& manifest, const CodecParameters& parameters,
                          std::vector<float> difference, const Contribution& contribution,
                          std::uint64_t seed = 1) {
  InsecureSeededRandom random(seed);
  return encode_update(manifest, parameters, difference, contribution, random);
}

std::uint64_t element(const RingVector& vector, std::size_t i) {
  return std::visit([&](const auto& lanes) { return std::uint64_t{lanes[i]}; }, vector.elements);
}

void set_element(RingVector& vector, std::size_t i, std::uint64_t value) {
  std::visit([&](auto& lanes) { lanes[i] = static_cast<std::decay_t<decltype(lanes[i])>>(value); },
             vector.elements);
}

// The sum as secure aggregation computes it: lane by lane, wrapping.
void accumulate(RingVector& sum, const RingVector& vector) {
  std::visit(
      [&](auto& lanes) {
        using Lanes = std::decay_t<decltype(lanes)>;
        const auto& other = std::get<Lanes>(vector.elements);
        for (std::size_t i = 0; i < lanes.size(); ++i) {
          lanes[i] = static_cast<typename Lanes::value_type>(lanes[i] + other[i]);
        }
      },
      sum.elements);
  for (std::size_t i = 0; i < sum.counters.size(); ++i) sum.counters[i] += vector.counters[i];
}

struct Fleet {
  std::vector<std::vector<float>> differences;
  std::vector<std::uint64_t> weights;
  std::vector<RingVector> encoded;
  RingVector sum;

  std::uint64_t weight() const {
    std::uint64_t total = 0;
    for (const std::uint64_t w : weights) total += w;
    return total;
  }
  double plain_sum(std::size_t i) const {
    double total = 0;
    for (std::size_t k = 0; k < weights.size(); ++k) {
      total += static_cast<double>(weights[k]) * differences[k][i];
    }
    return total;
  }
};

// Devices with differences inside every clip, and weights from 0 to the cap.
Fleet random_fleet(const Manifest& manifest, const CodecParameters& parameters, float spread,
                   std::mt19937_64& random) {
  Fleet fleet;
  fleet.sum = RingVector::zeros(parameters.shape());
  const std::size_t devices = 1 + random() % parameters.settings().max_devices;
  std::uniform_real_distribution<float> uniform(-spread, spread);
  for (std::size_t k = 0; k < devices; ++k) {
    std::vector<float> difference(manifest.flat_length());
    for (float& value : difference) value = uniform(random);
    const std::uint64_t weight = random() % (parameters.settings().max_weight + 1);
    fleet.differences.push_back(difference);
    fleet.weights.push_back(weight);
    fleet.encoded.push_back(
        encode(manifest, parameters, difference, {weight, {}}, random()).value());
    accumulate(fleet.sum, fleet.encoded.back());
  }
  return fleet;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("the decoded sum is the plain sum to one quantization step a unit of weight",
          "[ring][property]") {
  testing::for_each_seed(200, [](testing::Seed seed) {
    std::mt19937_64 random(seed);
    CodecSettings settings = basic_settings();
    settings.quantization_bits = 2 + static_cast<std::uint32_t>(random() % 15);
    settings.max_weight = 1 + random() % 1'000'000;  // rings of 16, 32 and 64-bit lanes
    settings.buffer_range = 0.75;
    const Manifest manifest = model(random() % 50, 1 + random() % 10);
    const auto parameters = CodecParameters::create(manifest, settings).value();
    const Fleet fleet = random_fleet(manifest, parameters, 0.5f, random);
    const DecodedSum decoded = decode_sum(parameters, fleet.sum, fleet.weights.size()).value();

    CHECK(decoded.counters.weight == fleet.weight());
    CHECK(decoded.counters.devices == fleet.weights.size());
    CHECK(decoded.counters.clipped_coordinates == 0);
    const double levels = static_cast<double>(parameters.max_level());
    for (std::size_t i = 0; i < manifest.flat_length(); ++i) {
      const double range = i < manifest.train_length() ? 0.5 : 0.75;
      const double step = 2 * range / levels;
      const double weight = static_cast<double>(fleet.weight());
      const double error = std::abs(decoded.weighted_differences[i] - fleet.plain_sum(i));
      REQUIRE(error <= weight * (step + 1e-7) + 1e-12);
    }
  });
}

TEST_CASE("decoding is exactly the integer arithmetic it stands for", "[ring][property]") {
  testing::for_each_seed(200, [](testing::Seed seed) {
    std::mt19937_64 random(seed);
    const Manifest manifest = model(20);
    CodecSettings settings = basic_settings();
    settings.quantization_bits = 4 + static_cast<std::uint32_t>(random() % 10);
    const auto parameters = CodecParameters::create(manifest, settings).value();
    const Fleet fleet = random_fleet(manifest, parameters, 0.7f, random);
    const DecodedSum decoded = decode_sum(parameters, fleet.sum, fleet.weights.size()).value();
    const auto levels = static_cast<std::int64_t>(parameters.max_level());
    for (std::size_t i = 0; i < 20; ++i) {
      std::int64_t twice = 0;  // sum of w · (2 · level - M), small enough for 64 bits here
      for (std::size_t k = 0; k < fleet.weights.size(); ++k) {
        const auto weight = static_cast<std::int64_t>(fleet.weights[k]);
        const auto weighted_level = static_cast<std::int64_t>(element(fleet.encoded[k], i));
        if (weight > 0) REQUIRE(weighted_level % weight == 0);
        REQUIRE(weighted_level <= weight * levels);
        twice += 2 * weighted_level - weight * levels;
      }
      const auto expected =
          static_cast<float>(static_cast<double>(twice) * (0.5 / static_cast<double>(levels)));
      REQUIRE(decoded.weighted_differences[i] == expected);
    }
  });
}

TEST_CASE("the largest sum that the parameters allow decodes to the edge of the range", "[ring]") {
  const Manifest manifest = model(4);
  CodecSettings settings = basic_settings();
  settings.max_devices = 17;  // 17 · (2^4 - 1) = 2^8 - 1 fills the ring to its last element
  settings.max_weight = 1;
  settings.quantization_bits = 4;
  settings.ring_bits = 8;
  const auto parameters = CodecParameters::create(manifest, settings).value();
  RingVector sum = RingVector::zeros(parameters.shape());
  for (int k = 0; k < 17; ++k) {
    accumulate(sum, encode(manifest, parameters, {9, 0.5f, -0.5f, -9}, {1, {}}).value());
  }
  CHECK(element(sum, 0) == 255);
  const DecodedSum decoded = decode_sum(parameters, sum, 17).value();
  CHECK(decoded.weighted_differences == std::vector<float>{8.5f, 8.5f, -8.5f, -8.5f});
  CHECK(decoded.counters.clipped_coordinates == 34);
}

TEST_CASE("what masks leave above bit b is ignored", "[ring]") {
  const Manifest manifest = model(3);
  const auto parameters = CodecParameters::create(manifest, basic_settings()).value();
  RingVector sum = encode(manifest, parameters, {0.1f, 0.2f, 0.3f}, {5, {}}).value();
  const auto clean = decode_sum(parameters, sum, 1).value().weighted_differences;
  const std::uint32_t bits = parameters.shape().bits;
  REQUIRE(bits % 16 != 0);
  for (std::size_t i = 0; i < 3; ++i) {
    set_element(sum, i, element(sum, i) | (~std::uint64_t{0} << bits));
  }
  CHECK(decode_sum(parameters, sum, 1).value().weighted_differences == clean);
}

TEST_CASE("rounding is unbiased", "[ring][property]") {
  constexpr std::size_t kDraws = 40'000;
  const Manifest manifest = model(kDraws);
  CodecSettings settings = basic_settings();
  settings.quantization_bits = 4;
  const auto parameters = CodecParameters::create(manifest, settings).value();
  const double step = 1.0 / 15;
  testing::for_each_seed(40, [&](testing::Seed seed) {
    const double level = static_cast<double>(seed % 15) + static_cast<double>(seed) / 41.0 -
                         std::floor(static_cast<double>(seed) / 41.0);
    const auto value = static_cast<float>(std::min(level, 15.0) * step - 0.5);
    const auto vector =
        encode(manifest, parameters, std::vector<float>(kDraws, value), {1, {}}, seed).value();
    const auto decoded = decode_sum(parameters, vector, 1).value().weighted_differences;
    double sum = 0;
    for (const float x : decoded) sum += x;
    const double exact = (static_cast<double>(value) + 0.5) / step;
    const double fraction = exact - std::floor(exact);
    const double sigma = step * std::sqrt(fraction * (1 - fraction) / kDraws);
    CHECK(std::abs(sum / kDraws - value) <= 5 * sigma + 1e-7);
  });
}

TEST_CASE("rounding noise differs between draws and between coordinates", "[ring]") {
  const Manifest manifest = model(10'000, 10'000);
  CodecSettings settings = basic_settings();
  settings.buffer_range = 0.5;
  settings.quantization_bits = 2;
  const auto parameters = CodecParameters::create(manifest, settings).value();
  const std::vector<float> zeros(20'000);
  const RingVector a = encode(manifest, parameters, zeros, {1, {}}, 1).value();
  CHECK(a == encode(manifest, parameters, zeros, {1, {}}, 1).value());
  const RingVector b = encode(manifest, parameters, zeros, {1, {}}, 2).value();
  // Each of these pairs rounds the same way with probability 1/2.
  int draws = 0, neighbours = 0, blocks = 0, segments = 0;
  for (std::size_t i = 0; i < 5'000; ++i) {
    draws += element(a, i) == element(b, i) ? 1 : 0;
    neighbours += element(a, i) == element(a, i + 1) ? 1 : 0;
    blocks += element(a, i) == element(a, i + 4096) ? 1 : 0;
    segments += element(a, i) == element(a, i + 10'000) ? 1 : 0;
  }
  for (const int equal : {draws, neighbours, blocks, segments}) {
    CHECK(std::abs(equal - 2500) < 200);
  }
}

TEST_CASE("a difference over the L2 bound is scaled down to it and counted", "[ring]") {
  const Manifest manifest = model(1000);
  CodecSettings settings = basic_settings();
  settings.clipping = L2Clip{1.0, {}};
  settings.quantization_bits = 20;
  const auto parameters = CodecParameters::create(manifest, settings).value();
  std::mt19937_64 random(5);
  std::normal_distribution<float> normal;
  std::vector<float> difference(1000);
  double square = 0;
  for (float& value : difference) {
    value = normal(random);
    square += static_cast<double>(value) * value;
  }
  const double norm = std::sqrt(square);
  const auto decoded =
      decode_sum(parameters, encode(manifest, parameters, difference, {1, {}}).value(), 1).value();
  CHECK(decoded.counters.clipped_devices == 1);
  CHECK(decoded.counters.clipped_coordinates == 0);
  double worst = 0;
  for (std::size_t i = 0; i < 1000; ++i) {
    worst = std::max(worst, std::abs(decoded.weighted_differences[i] - difference[i] / norm));
  }
  CHECK(worst < 3e-6);

  for (float& value : difference) value = static_cast<float>(value / norm * 0.999);
  const auto inside =
      decode_sum(parameters, encode(manifest, parameters, difference, {1, {}}).value(), 1).value();
  CHECK(inside.counters.clipped_devices == 0);
}

TEST_CASE("float buffers have a range of their own, outside the L2 clip and the rotation",
          "[ring]") {
  const Manifest manifest = model(8, 2);
  CodecSettings settings = basic_settings();
  settings.clipping = L2Clip{0.001, {}};
  settings.buffer_range = 10;
  settings.quantization_bits = 16;
  settings.rotation_seed = Digest{7};
  const auto parameters = CodecParameters::create(manifest, settings).value();
  std::vector<float> difference(10, 1.0f);
  difference[8] = 5.0f;
  difference[9] = 12.0f;
  const auto decoded =
      decode_sum(parameters, encode(manifest, parameters, difference, {1, {}}).value(), 1).value();
  CHECK(decoded.weighted_differences[0] < 0.001f);
  CHECK(decoded.weighted_differences[8] == Approx(5.0f).margin(0.001));
  CHECK(decoded.weighted_differences[9] == 10.0f);
  CHECK(decoded.counters.clipped_coordinates == 1);
  CHECK(decoded.counters.clipped_devices == 1);
}

TEST_CASE("rotation lowers the error of a spiky vector at the same number of bits", "[ring]") {
  constexpr std::size_t kLength = 5000;
  const Manifest manifest = model(kLength);
  CodecSettings settings = basic_settings();
  settings.clipping = L2Clip{1.0, {}};
  std::vector<float> spiky(kLength, 0.001f);
  spiky[17] = 0.7f;
  spiky[4999] = -0.7f;
  const auto error = [&] {
    const auto parameters = CodecParameters::create(manifest, settings).value();
    const auto decoded =
        decode_sum(parameters, encode(manifest, parameters, spiky, {1, {}}).value(), 1).value();
    double square = 0;
    for (std::size_t i = 0; i < kLength; ++i) {
      square += std::pow(decoded.weighted_differences[i] - spiky[i], 2);
    }
    return std::sqrt(square);
  };
  const double plain = error();
  settings.rotation_seed = Digest{3};
  CHECK(error() < plain / 5);
}

TEST_CASE("a rotated fleet's sum is the plain sum within the quantization error",
          "[ring][property]") {
  testing::for_each_seed(30, [](testing::Seed seed) {
    std::mt19937_64 random(seed);
    const std::size_t length = 1 + random() % 3000;
    const Manifest manifest = model(length);
    CodecSettings settings = basic_settings();
    settings.clipping = L2Clip{1.0, {}};
    settings.rotation_seed = Digest{static_cast<std::uint8_t>(seed)};
    const auto parameters = CodecParameters::create(manifest, settings).value();
    const auto spread = static_cast<float>(1 / std::sqrt(static_cast<double>(length)));
    const Fleet fleet = random_fleet(manifest, parameters, spread, random);
    const DecodedSum decoded = decode_sum(parameters, fleet.sum, fleet.weights.size()).value();
    CHECK(decoded.counters.clipped_devices == 0);
    CHECK(decoded.counters.clipped_coordinates == 0);
    double square = 0;
    for (std::size_t i = 0; i < length; ++i) {
      square += std::pow(decoded.weighted_differences[i] - fleet.plain_sum(i), 2);
    }
    const double step = 2 * parameters.train_range() / static_cast<double>(parameters.max_level());
    const double weight = static_cast<double>(fleet.weight());
    CHECK(std::sqrt(square) <= weight * (step * std::sqrt(static_cast<double>(length)) + 1e-6));
  });
}

TEST_CASE("a NaN or an infinity names its tensor and nothing else", "[ring]") {
  const Manifest manifest = model(10, 4);
  CodecSettings settings = basic_settings();
  settings.buffer_range = 1;
  const auto parameters = CodecParameters::create(manifest, settings).value();
  for (const float bad : {NAN, INFINITY, -INFINITY}) {
    for (std::size_t i = 0; i < 14; ++i) {
      std::vector<float> difference(14, 0.125f);
      difference[i] = bad;
      const auto encoded = encode(manifest, parameters, difference, {1, {}});
      REQUIRE_FALSE(encoded.has_value());
      CHECK(encoded.error().code == ErrorCode::kInvalidArgument);
      const std::string name = i < 5 ? "'first'" : i < 10 ? "'second'" : "'running'";
      CHECK(encoded.error().message ==
            "tensor " + name + " is not finite after training; nothing was encoded");
    }
  }
}

TEST_CASE("a weight over the cap is capped and counted", "[ring]") {
  const Manifest manifest = model(2);
  const auto parameters = CodecParameters::create(manifest, basic_settings()).value();
  RingVector sum = encode(manifest, parameters, {0.5f, 0.5f}, {100, {}}).value();
  CHECK(sum.counters[kCappedWeightsLane] == 0);
  accumulate(sum, encode(manifest, parameters, {0.5f, 0.5f}, {~std::uint64_t{0}, {}}).value());
  const DecodedSum decoded = decode_sum(parameters, sum, 2).value();
  CHECK(decoded.counters.weight == 200);
  CHECK(decoded.counters.capped_weights == 1);
  CHECK(decoded.weighted_differences[0] == 100.0f);
}

TEST_CASE("weight 0 contributes nothing but is counted, whatever the difference holds", "[ring]") {
  const Manifest manifest = model(2);
  CodecSettings settings = basic_settings();
  settings.metrics = 1;
  const auto parameters = CodecParameters::create(manifest, settings).value();
  const RingVector nothing = encode(manifest, parameters, {NAN, 3.0f}, {0, {NAN}}).value();
  RingVector expected = RingVector::zeros(parameters.shape());
  expected.counters[kDevicesLane] = 1;
  CHECK(nothing == expected);
  const DecodedSum decoded = decode_sum(parameters, nothing, 1).value();
  CHECK(decoded.weighted_differences == std::vector<float>(2, 0.0f));
  CHECK(decoded.counters.weight == 0);
  CHECK_FALSE(decoded.counters.metric_mean(0).has_value());
}

TEST_CASE("metrics come out as weighted means", "[ring]") {
  const Manifest manifest = model(0);  // an evaluation: no elements at all
  CodecSettings settings = basic_settings();
  settings.metrics = 2;
  const auto parameters = CodecParameters::create(manifest, settings).value();
  RingVector sum = encode(manifest, parameters, {}, {10, {2.5, -1.0}}).value();
  accumulate(sum, encode(manifest, parameters, {}, {30, {0.5, 1e30}}).value());
  const Counters counters = decode_sum(parameters, sum, 2).value().counters;
  CHECK(counters.metric_mean(0).value() == 1.0);
  CHECK(counters.saturated_metrics == 1);
  const auto bad = encode(manifest, parameters, {}, {1, {0.5, HUGE_VAL}});
  REQUIRE_FALSE(bad.has_value());
  CHECK(bad.error().message == "metric 1 is not a finite number");
}

TEST_CASE("a wrong sum is refused, whatever is wrong about it", "[ring]") {
  const Manifest manifest = model(3);
  CodecSettings settings = basic_settings();
  settings.metrics = 1;
  const auto parameters = CodecParameters::create(manifest, settings).value();
  const auto device = encode(manifest, parameters, {0.1f, 0.2f, 0.5f}, {7, {1.0}}).value();
  RingVector sum = device;
  accumulate(sum, device);
  REQUIRE(decode_sum(parameters, sum, 2).has_value());

  const auto refused = [&](auto change, std::uint64_t survivors = 2) {
    RingVector wrong = sum;
    change(wrong);
    const auto decoded = decode_sum(parameters, wrong, survivors);
    REQUIRE_FALSE(decoded.has_value());
    CHECK(decoded.error().code == ErrorCode::kDataLoss);
    CHECK(contains(decoded.error().message, "the sum is not what"));
  };
  const auto nothing = [](RingVector&) {};
  refused(nothing, 1);
  refused(nothing, 3);
  refused([](RingVector& v) { v.counters[kDevicesLane] = 0; });
  refused([](RingVector& v) { v.counters[kWeightLane] = 201; });
  refused([](RingVector& v) { v.counters[kWeightLane] = 13; });  // elements are too large for it
  refused([](RingVector& v) { v.counters[kCappedWeightsLane] = 3; });
  refused([](RingVector& v) { v.counters[kClippedDevicesLane] = 3; });
  refused([](RingVector& v) { v.counters[kClippedCoordinatesLane] = 7; });
  refused([](RingVector& v) { v.counters[kSaturatedMetricsLane] = 3; });
  refused([](RingVector& v) { v.counters[kFirstMetricLane] = std::uint64_t{1} << 63; });
  refused([](RingVector& v) { set_element(v, 1, 14 * 255 + 1); });
  RingVector edge = sum;
  set_element(edge, 1, 14 * 255);
  CHECK(decode_sum(parameters, edge, 2).has_value());
}

TEST_CASE("a vector of another shape, or an impossible number of survivors, is refused", "[ring]") {
  const Manifest manifest = model(3);
  const auto parameters = CodecParameters::create(manifest, basic_settings()).value();
  const RingVector sum = RingVector::zeros(parameters.shape());
  RingShape other = parameters.shape();
  other.length += 1;
  for (const auto& decoded : {decode_sum(parameters, RingVector::zeros(other), 1),
                              decode_sum(parameters, sum, 0), decode_sum(parameters, sum, 21)}) {
    REQUIRE_FALSE(decoded.has_value());
    CHECK(decoded.error().code == ErrorCode::kInvalidArgument);
  }
  CHECK_FALSE(encode(manifest, parameters, {1, 2}, {1, {}}).has_value());
  CHECK_FALSE(encode(manifest, parameters, {1, 2, 3}, {1, {0.5}}).has_value());
  CHECK_FALSE(encode(model(5), parameters, {1, 2, 3}, {1, {}}).has_value());
}

TEST_CASE("a half model keeps its dtype through the whole codec", "[ring]") {
  const Manifest manifest = Manifest::create({{"w", DType::kF16, {4}, Role::kTrain},
                                              {"scale", DType::kBf16, {}, Role::kTrain},
                                              {"steps", DType::kI64, {}, Role::kIntBuffer}})
                                .value();
  CodecSettings settings = basic_settings();
  settings.quantization_bits = 16;
  const auto parameters = CodecParameters::create(manifest, settings).value();
  Bytes w(8), scale(2), steps(8, 3), new_w(8), new_scale(2);
  const std::vector<MutableTensorView> global = {
      {DType::kF16, w}, {DType::kBf16, scale}, {DType::kI64, steps}};
  const std::vector<MutableTensorView> trained = {
      {DType::kF16, new_w}, {DType::kBf16, new_scale}, {DType::kI64, steps}};
  REQUIRE(store_flat(manifest, std::vector<float>{1, 2, 3, 4, 1}, global).has_value());
  REQUIRE(
      store_flat(manifest, std::vector<float>{1.25f, 2.25f, 2.75f, 4, 1.5f}, trained).has_value());

  const std::vector<TensorView> before = {
      {DType::kF16, w}, {DType::kBf16, scale}, {DType::kI64, steps}};
  const std::vector<TensorView> after = {
      {DType::kF16, new_w}, {DType::kBf16, new_scale}, {DType::kI64, steps}};
  std::vector<float> flat(5), difference(5);
  REQUIRE(load_flat_difference(manifest, after, before, difference).has_value());
  const auto sum = encode(manifest, parameters, difference, {10, {}}).value();
  const auto decoded = decode_sum(parameters, sum, 1).value();
  REQUIRE(load_flat(manifest, before, flat).has_value());
  for (std::size_t i = 0; i < 5; ++i) flat[i] += decoded.weighted_differences[i] / 10;
  REQUIRE(store_flat(manifest, flat, global).has_value());
  CHECK(w == new_w);
  CHECK(scale == new_scale);
  CHECK(steps == Bytes(8, 3));
}

}  // namespace covey::ring
