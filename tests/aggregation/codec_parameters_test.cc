#include "covey/aggregation/ring/codec_parameters.h"

#include <cmath>
#include <random>
#include <set>

#include "covey/aggregation/ring/counters.h"
#include "support/catch.h"
#include "support/seeds.h"

namespace covey::ring {
namespace {

Manifest model(std::uint64_t train, std::uint64_t buffers = 0) {
  return Manifest::create({{"weight", DType::kF32, {train}, Role::kTrain},
                           {"running", DType::kF32, {buffers}, Role::kFloatBuffer}})
      .value();
}

CodecSettings settings_of(std::uint64_t n, std::uint64_t w, std::uint32_t q) {
  CodecSettings settings;
  settings.max_devices = n;
  settings.max_weight = w;
  settings.quantization_bits = q;
  return settings;
}

std::string refusal(const Manifest& manifest, const CodecSettings& settings) {
  auto parameters = CodecParameters::create(manifest, settings);
  REQUIRE_FALSE(parameters.has_value());
  CHECK(parameters.error().code == ErrorCode::kInvalidArgument);
  return parameters.error().message;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// The naive twin of the head-room proof; the products tried here stay below 2^63.
bool fits(std::uint64_t n, std::uint64_t w, std::uint32_t q, std::uint32_t b) {
  return b == 64 || n * w * ((std::uint64_t{1} << q) - 1) < std::uint64_t{1} << b;
}

}  // namespace

TEST_CASE("the ring is the smallest that has room, and one bit less is refused",
          "[ring][property]") {
  testing::for_each_seed(500, [](testing::Seed seed) {
    std::mt19937_64 random(seed);
    const std::uint32_t q = 2 + static_cast<std::uint32_t>(random() % 23);
    CodecSettings settings = settings_of(1 + random() % (1u << (random() % 18)),
                                         1 + random() % (1u << (random() % 20)), q);
    const std::uint64_t n = settings.max_devices;
    const std::uint64_t w = settings.max_weight;
    const auto parameters = CodecParameters::create(model(3), settings);
    REQUIRE(parameters.has_value());
    const std::uint32_t bits = parameters->shape().bits;
    CHECK(fits(n, w, q, bits));
    settings.ring_bits = bits - 1;
    if (bits > 2) {
      CHECK_FALSE(fits(n, w, q, bits - 1));
      CHECK_FALSE(CodecParameters::create(model(3), settings).has_value());
    }
  });
}

TEST_CASE("head-room is exact: 2^b - 1 fits, 2^b does not", "[ring]") {
  // (2^4 - 1) · 17 = 2^8 - 1; (2^2 - 1) · 5 · 17 = 2^8 - 1.
  CodecSettings settings = settings_of(1, 17, 4);
  settings.ring_bits = 8;
  CHECK(CodecParameters::create(model(1), settings).has_value());
  settings.max_weight = 18;
  CHECK_FALSE(CodecParameters::create(model(1), settings).has_value());
  settings = settings_of(5, 17, 2);
  settings.ring_bits = 8;
  CHECK(CodecParameters::create(model(1), settings).has_value());
  settings.max_devices = 6;
  CHECK_FALSE(CodecParameters::create(model(1), settings).has_value());
  // (2^16 - 1) · (2^16 + 1) · (2^32 + 1) = 2^64 - 1.
  settings = settings_of(65'537, 4'294'967'297, 16);
  const auto full = CodecParameters::create(model(1), settings);
  REQUIRE(full.has_value());
  CHECK(full->shape().bits == 64);
  settings.max_weight += 1;
  CHECK_FALSE(CodecParameters::create(model(1), settings).has_value());
}

TEST_CASE("a refusal says which values are legal, and they are", "[ring]") {
  CodecSettings settings = settings_of(100, 1000, 8);
  settings.ring_bits = 20;
  const std::string message = refusal(model(1), settings);
  CHECK(contains(message, "ring_bits >= 25"));         // 100 · 1000 · 255 = 25,500,000 < 2^25
  CHECK(contains(message, "max_weight <= 41"));        // 2^20 / 25,500
  CHECK(contains(message, "max_devices <= 4,"));       // 2^20 / 255,000
  CHECK(contains(message, "quantization_bits <= 3"));  // 100,000 · 7 < 2^20 <= 100,000 · 15
  const auto accepts = [](CodecSettings changed) {
    return CodecParameters::create(model(1), changed).has_value();
  };
  const auto with = [&](auto change) {
    CodecSettings changed = settings;
    change(changed);
    return accepts(changed);
  };
  CHECK(with([](CodecSettings& s) { s.ring_bits = 25; }));
  CHECK_FALSE(with([](CodecSettings& s) { s.ring_bits = 24; }));
  CHECK(with([](CodecSettings& s) { s.max_weight = 41; }));
  CHECK_FALSE(with([](CodecSettings& s) { s.max_weight = 42; }));
  CHECK(with([](CodecSettings& s) { s.max_devices = 4; }));
  CHECK_FALSE(with([](CodecSettings& s) { s.max_devices = 5; }));
  CHECK(with([](CodecSettings& s) { s.quantization_bits = 3; }));
  CHECK_FALSE(with([](CodecSettings& s) { s.quantization_bits = 4; }));

  // Nothing but another weight or cohort helps here.
  settings = settings_of(kMaxDevices, kMaxWeight, 24);
  const std::string hopeless = refusal(model(1), settings);
  CHECK(contains(hopeless, "no ring_bits"));
  CHECK(contains(hopeless, "max_weight <= 1048576"));
}

TEST_CASE("settings outside their limits are refused", "[ring]") {
  const auto refused = [](auto change) {
    CodecSettings settings = settings_of(10, 10, 8);
    change(settings);
    CHECK_FALSE(refusal(model(5), settings).empty());
  };
  refused([](CodecSettings& s) { s.max_devices = 0; });
  refused([](CodecSettings& s) { s.max_devices = kMaxDevices + 1; });
  refused([](CodecSettings& s) { s.max_weight = 0; });
  refused([](CodecSettings& s) { s.max_weight = kMaxWeight + 1; });
  refused([](CodecSettings& s) { s.quantization_bits = 1; });
  refused([](CodecSettings& s) { s.quantization_bits = 25; });
  refused([](CodecSettings& s) { s.ring_bits = 1; });
  refused([](CodecSettings& s) { s.ring_bits = 65; });
  refused([](CodecSettings& s) { s.metrics = kMaxCounters; });
  refused([](CodecSettings& s) { s.buffer_range = 1; });
  for (const double bad : {0.0, -1.0, 1e31, std::nan(""), HUGE_VAL}) {
    refused([&](CodecSettings& s) { s.clipping = L2Clip{bad, {}}; });
    refused([&](CodecSettings& s) { s.clipping = L2Clip{1.0, bad}; });
    refused([&](CodecSettings& s) { s.clipping = RangeClip{bad}; });
  }
  refused([](CodecSettings& s) { s.clipping = L2Clip{1.0, 1.5}; });
  refused([](CodecSettings& s) {
    s.clipping = RangeClip{1};
    s.rotation_seed = Digest{};
  });
  CHECK(contains(refusal(model(5, 2), settings_of(10, 10, 8)), "buffer_range"));
}

TEST_CASE("metrics need room of their own", "[ring]") {
  CodecSettings settings = settings_of(kMaxDevices, std::uint64_t{1} << 24, 2);
  CHECK(CodecParameters::create(model(1), settings).has_value());
  settings.metrics = 1;
  CHECK(contains(refusal(model(1), settings), "8796093022207"));  // 2^43 - 1
  settings = settings_of(100, 1000, 8);
  settings.metrics = 2;
  const auto parameters = CodecParameters::create(model(1), settings).value();
  CHECK(parameters.metric_limit() == kMaxWeightedMetricSum / 100'000);
  CHECK(parameters.shape().counters == kFirstMetricLane + 2);
}

TEST_CASE("the range of a coordinate follows from the clip", "[ring]") {
  CodecSettings settings = settings_of(10, 1, 8);
  const auto range = [&](std::uint64_t d) {
    return CodecParameters::create(model(d), settings).value().train_range();
  };
  settings.clipping = L2Clip{2.0, {}};
  CHECK(range(1'000'000) == 2.0);
  settings.clipping = L2Clip{2.0, 0.25};
  CHECK(range(1'000'000) == 0.25);
  settings.clipping = RangeClip{0.5};
  CHECK(range(1'000'000) == 0.5);
  settings.clipping = L2Clip{2.0, {}};
  settings.rotation_seed = Digest{};
  CHECK(range(1'000'000) == 2.0 * 6 / 256);
  CHECK(range(20) == 2.0);
}

TEST_CASE("every setting and the manifest are in the digest", "[ring]") {
  std::set<Digest> digests;
  const auto add = [&](const Manifest& manifest, auto change) {
    CodecSettings settings = settings_of(10, 10, 8);
    settings.ring_bits = 30;
    settings.buffer_range = 1;
    change(settings);
    return digests.insert(CodecParameters::create(manifest, settings).value().digest()).second;
  };
  CHECK(add(model(5, 2), [](CodecSettings&) {}));
  CHECK_FALSE(add(model(5, 2), [](CodecSettings&) {}));
  CHECK(add(model(5, 3), [](CodecSettings&) {}));
  CHECK(add(model(5, 2), [](CodecSettings& s) { s.max_devices = 11; }));
  CHECK(add(model(5, 2), [](CodecSettings& s) { s.max_weight = 11; }));
  CHECK(add(model(5, 2), [](CodecSettings& s) { s.quantization_bits = 9; }));
  CHECK(add(model(5, 2), [](CodecSettings& s) { s.ring_bits = 31; }));
  CHECK(add(model(5, 2), [](CodecSettings& s) { s.buffer_range = 2; }));
  CHECK(add(model(5, 2), [](CodecSettings& s) { s.metrics = 1; }));
  CHECK(add(model(5, 2), [](CodecSettings& s) { s.clipping = L2Clip{2, 1}; }));
  CHECK(add(model(5, 2), [](CodecSettings& s) { s.clipping = L2Clip{2, {}}; }));
  CHECK(add(model(5, 2), [](CodecSettings& s) { s.clipping = RangeClip{1}; }));
  CHECK(add(model(5, 2), [](CodecSettings& s) { s.rotation_seed = Digest{}; }));
  CHECK(add(model(5, 2), [](CodecSettings& s) { s.rotation_seed = Digest{1}; }));
}

}  // namespace covey::ring
