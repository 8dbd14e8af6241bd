// The codec as a whole against its twin, bit by bit.
#include "aggregation/codec_twin.h"

#include <cstring>
#include <random>

#include "covey/aggregation/ring/decoder.h"
#include "covey/aggregation/ring/encoder.h"
#include "covey/aggregation/ring/flat_model.h"
#include "covey/crypto/digest.h"
#include "covey/crypto/insecure_seeded_random.h"
#include "support/catch.h"
#include "support/seeds.h"

namespace covey::ring {
namespace {

using crypto::InsecureSeededRandom;
using Random = std::mt19937_64;

bool same_bits(std::span<const float> a, std::span<const float> b) {
  return a.size() == b.size() &&
         (a.empty() || std::memcmp(a.data(), b.data(), a.size_bytes()) == 0);
}

std::vector<float> gaussian(std::size_t count, float deviation, Random& random) {
  std::normal_distribution<float> normal(0, deviation);
  std::vector<float> values(count);
  for (float& value : values) value = normal(random);
  return values;
}

Manifest model(std::uint64_t train, std::uint64_t buffers) {
  return Manifest::create({{"running", DType::kF32, {buffers}, Role::kFloatBuffer},
                           {"weights", DType::kF32, {train}, Role::kTrain}})
      .value();
}

CodecSettings random_settings(std::uint64_t buffers, Random& random) {
  CodecSettings settings;
  settings.max_devices = 1 + random() % 50;
  settings.max_weight = 1 + (random() % 2 == 0 ? random() % 4 : random() % 1'000'000);
  settings.quantization_bits = 2 + static_cast<std::uint32_t>(random() % 15);
  settings.buffer_range = buffers > 0 ? 0.5 : 0;
  if (random() % 3 == 0) {
    settings.clipping = RangeClip{0.5};
  } else {
    settings.clipping = L2Clip{1.0, {}};
    if (random() % 2 == 0) settings.rotation_seed = Digest{static_cast<std::uint8_t>(random())};
  }
  return settings;
}

// Somebody else's vector of that shape.
RingVector used_vector(const RingShape& shape) {
  RingVector vector = RingVector::zeros(shape);
  std::visit([](auto& lanes) { std::fill(lanes.begin(), lanes.end(), 0x5a5a); }, vector.elements);
  std::fill(vector.counters.begin(), vector.counters.end(), 77u);
  return vector;
}

}  // namespace

TEST_CASE("encoding, adding and decoding give the twin's bits, whatever the settings",
          "[ring][property]") {
  testing::for_each_seed(300, [](testing::Seed seed) {
    Random random(seed);
    const std::uint64_t train = seed % 20 == 0 ? 60'000 + random() % 100'000 : random() % 9'000;
    const std::uint64_t buffers = random() % 3 == 0 ? random() % 5'000 : 0;
    const Manifest manifest = model(train, buffers);
    const CodecSettings settings = random_settings(buffers, random);
    const auto parameters = CodecParameters::create(manifest, settings).value();
    const std::size_t devices = 1 + random() % std::min<std::uint64_t>(settings.max_devices, 3);

    RingVector sum = RingVector::zeros(parameters.shape());
    RingVector plain_sum = sum;
    RingVector vector = used_vector(parameters.shape());
    for (std::size_t k = 0; k < devices; ++k) {
      const float deviation = std::uniform_real_distribution<float>(0.001f, 0.5f)(random);
      std::vector<float> difference = gaussian(manifest.flat_length(), deviation, random);
      const std::uint64_t weight = random() % 8 == 0 ? 0 : random() % (settings.max_weight + 2);
      InsecureSeededRandom noise(seed + k), plain_noise(seed + k);
      const RingVector expected = twin::encode(parameters, difference, weight, plain_noise);
      vector =
          encode_update(manifest, parameters, difference, {weight, {}}, noise, std::move(vector))
              .value();
      REQUIRE((vector == expected));
      sum.add(vector);
      twin::add(plain_sum, expected);
    }
    REQUIRE((sum == plain_sum));
    const DecodedSum decoded = decode_sum(parameters, sum, devices).value();
    const auto expected = twin::decode(parameters, sum, decoded.counters.weight);
    REQUIRE(expected.has_value());
    CHECK(same_bits(decoded.weighted_differences, *expected));
  });
}

TEST_CASE("vectors add lane for lane, and wrap", "[ring][property]") {
  testing::for_each_seed(200, [](testing::Seed seed) {
    Random random(seed);
    const RingShape shape{2 + static_cast<std::uint32_t>(random() % 63), random() % 100,
                          static_cast<std::uint32_t>(random() % 10)};
    const auto any_vector = [&] {
      RingVector vector = RingVector::zeros(shape);
      std::visit(
          [&]<typename Lane>(std::vector<Lane>& lanes) {
            for (Lane& lane : lanes) lane = static_cast<Lane>(random());
          },
          vector.elements);
      for (std::uint64_t& counter : vector.counters) counter = random();
      return vector;
    };
    RingVector sum = any_vector();
    const RingVector other = any_vector();
    RingVector expected = sum;
    twin::add(expected, other);
    sum.add(other);
    CHECK((sum == expected));
  });
}

TEST_CASE("a vector of another shape cannot be used again, and is not", "[ring]") {
  const Manifest manifest = model(100, 0);
  CodecSettings settings;
  settings.max_devices = 10;
  settings.max_weight = 100'000;
  const auto parameters = CodecParameters::create(manifest, settings).value();
  const auto encode = [&](RingVector reused) {
    std::vector<float> difference(100, 0.01f);
    InsecureSeededRandom random(1);
    return encode_update(manifest, parameters, difference, {5, {}}, random, std::move(reused))
        .value();
  };
  const RingVector expected = encode({});
  for (RingShape shape : {RingShape{8, 100, 6}, RingShape{40, 100, 6}, RingShape{32, 99, 6},
                          RingShape{32, 101, 6}, RingShape{32, 100, 7}}) {
    CHECK((encode(used_vector(shape)) == expected));
  }
}

TEST_CASE("a flat difference is the difference of two flat models, in every dtype",
          "[ring][property]") {
  testing::for_each_seed(60, [](testing::Seed seed) {
    Random random(seed);
    const auto count = [&] { return random() % 10'000; };
    const Manifest manifest =
        Manifest::create({{"f32", DType::kF32, {count()}, Role::kTrain},
                          {"buffer", DType::kF32, {count()}, Role::kFloatBuffer},
                          {"f16", DType::kF16, {count()}, Role::kTrain},
                          {"bf16", DType::kBf16, {count()}, Role::kTrain},
                          {"f64", DType::kF64, {count()}, Role::kTrain}})
            .value();
    // Tensors as they lie in a file: one after another, at any address.
    const auto load = [&](const std::vector<TensorView>& views) {
      std::vector<float> flat(manifest.flat_length());
      REQUIRE(load_flat(manifest, views, flat).has_value());
      return flat;
    };
    std::vector<Bytes> memory;
    const auto random_model = [&] {
      Bytes& bytes = memory.emplace_back(1 + 8 * manifest.flat_length());
      std::vector<TensorView> views;
      std::vector<MutableTensorView> places;
      std::size_t at = random() % 2;
      for (std::size_t i = 0; i < manifest.tensors().size(); ++i) {
        const DType dtype = manifest.tensors()[i].dtype;
        const std::size_t size = manifest.element_count(i) * size_bytes(dtype);
        views.push_back({dtype, ByteView(bytes).subspan(at, size)});
        places.push_back({dtype, MutableByteView(bytes).subspan(at, size)});
        at += size;
      }
      REQUIRE(
          store_flat(manifest, gaussian(manifest.flat_length(), 1, random), places).has_value());
      return views;
    };
    memory.reserve(2);  // views stay valid
    const auto updated = random_model();
    const auto global = random_model();
    std::vector<float> expected(manifest.flat_length());
    twin::difference(load(updated), load(global), expected);
    std::vector<float> difference(manifest.flat_length(), 9.0f);
    REQUIRE(load_flat_difference(manifest, updated, global, difference).has_value());
    CHECK(same_bits(difference, expected));
  });
}

TEST_CASE("an update has the same ring vector on every machine", "[ring]") {
  const Manifest manifest = model(100'000, 1'000);
  CodecSettings settings;
  settings.max_devices = 100;
  settings.max_weight = 1'000;
  settings.clipping = L2Clip{1.0, {}};
  settings.buffer_range = 0.25;
  settings.rotation_seed = Digest{4};
  const auto parameters = CodecParameters::create(manifest, settings).value();
  std::vector<float> difference(manifest.flat_length());
  for (std::size_t i = 0; i < difference.size(); ++i) {
    difference[i] = static_cast<float>((i * 2654435761u) % 1000) / 1000.0f - 0.5f;
  }
  InsecureSeededRandom random(1);
  const RingVector vector =
      encode_update(manifest, parameters, difference, {300, {}}, random).value();
  const auto bytes =
      std::as_bytes(std::span(std::get<std::vector<std::uint32_t>>(vector.elements)));
  const Digest digest =
      crypto::sha256({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
  CHECK(to_hex(digest) == "4077c6571e7216fde949fd333dfad2f82b0a6d1064e446ace35d9fee727e39db");
  CHECK(vector.counters == std::vector<std::uint64_t>{1, 300, 0, 1, 499, 0});
}

}  // namespace covey::ring
