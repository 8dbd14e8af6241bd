#include "covey/aggregation/ring/manifest.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <random>
#include <set>

#include "covey/aggregation/ring/flat_model.h"
#include "covey/aggregation/ring/ring_vector.h"
#include "support/catch.h"
#include "support/seeds.h"

namespace covey::ring {
namespace {

std::vector<Tensor> batch_norm_model() {
  return {
      {"bn.running_mean", DType::kF32, {3}, Role::kFloatBuffer},
      {"conv.weight", DType::kBf16, {3, 1, 2, 2}, Role::kTrain},
      {"bn.num_batches_tracked", DType::kI64, {}, Role::kIntBuffer},
      {"embedding", DType::kF32, {100}, Role::kFrozen},
      {"scale", DType::kF16, {}, Role::kTrain},
      {"bn.running_var", DType::kF64, {3}, Role::kFloatBuffer},
      {"head.bias", DType::kF32, {0, 7}, Role::kTrain},
      {"personal", DType::kF32, {5}, Role::kLocal},
  };
}

Manifest manifest_of(std::vector<Tensor> tensors) {
  return Manifest::create(std::move(tensors)).value();
}

bool mentions(const Error& error, std::string_view text) {
  return error.message.find(text) != std::string::npos;
}

Error refusal(std::vector<Tensor> tensors) {
  auto manifest = Manifest::create(std::move(tensors));
  REQUIRE_FALSE(manifest.has_value());
  CHECK(manifest.error().code == ErrorCode::kInvalidArgument);
  return manifest.error();
}

// A list of tensors that owns its bytes.
struct Model {
  explicit Model(const Manifest& manifest) {
    for (std::size_t i = 0; i < manifest.tensors().size(); ++i) {
      const DType dtype = manifest.tensors()[i].dtype;
      bytes.emplace_back(manifest.element_count(i) * size_bytes(dtype));
      dtypes.push_back(dtype);
    }
  }
  std::vector<TensorView> views() const {
    std::vector<TensorView> list;
    for (std::size_t i = 0; i < bytes.size(); ++i) list.push_back({dtypes[i], bytes[i]});
    return list;
  }
  std::vector<MutableTensorView> mutable_views() {
    std::vector<MutableTensorView> list;
    for (std::size_t i = 0; i < bytes.size(); ++i) list.push_back({dtypes[i], bytes[i]});
    return list;
  }
  std::vector<DType> dtypes;
  std::vector<Bytes> bytes;
};

}  // namespace

TEST_CASE("the flat vector holds trained tensors, then float buffers, and nothing else", "[ring]") {
  const Manifest manifest = manifest_of(batch_norm_model());
  const std::vector<Slice> expected = {{1, 0, 12}, {4, 12, 1}, {6, 13, 0}, {0, 13, 3}, {5, 16, 3}};
  CHECK(manifest.slices() == expected);
  CHECK(manifest.train_length() == 13);
  CHECK(manifest.buffer_length() == 6);
  CHECK(manifest.flat_length() == 19);
}

TEST_CASE("a manifest without tensors is legal and has a length of zero", "[ring]") {
  const Manifest manifest = manifest_of({});
  CHECK(manifest.flat_length() == 0);
  CHECK(Manifest::from_bytes(manifest.to_bytes()).value().digest() == manifest.digest());
}

TEST_CASE("names are unique, printable and not too long", "[ring]") {
  CHECK(mentions(
      refusal({{"a", DType::kF32, {}, Role::kTrain}, {"a", DType::kF32, {}, Role::kTrain}}),
      "'a' occurs twice"));
  refusal({{"", DType::kF32, {}, Role::kTrain}});
  refusal({{std::string(kMaxTensorName + 1, 'x'), DType::kF32, {}, Role::kTrain}});
  CHECK(Manifest::create({{std::string(kMaxTensorName, 'x'), DType::kF32, {}, Role::kTrain}})
            .has_value());
  const Error error = refusal({{"evil\nname", DType::kF32, {}, Role::kTrain}});
  CHECK_FALSE(mentions(error, "evil"));
}

TEST_CASE("a role must fit its dtype", "[ring]") {
  CHECK(mentions(refusal({{"n", DType::kI64, {}, Role::kTrain}}), "'n'"));
  refusal({{"n", DType::kBool, {}, Role::kFloatBuffer}});
  refusal({{"n", DType::kF16, {}, Role::kIntBuffer}});
  CHECK(Manifest::create({{"n", DType::kI64, {}, Role::kFrozen}}).has_value());
  CHECK(Manifest::create({{"n", DType::kF64, {}, Role::kTrain}}).has_value());
}

TEST_CASE("sizes that overflow are refused by name", "[ring]") {
  const std::uint64_t huge = std::uint64_t{1} << 33;
  CHECK(mentions(refusal({{"w", DType::kF32, {huge, huge}, Role::kTrain}}), "'w'"));
  refusal({{"w", DType::kF32, {~std::uint64_t{0}}, Role::kTrain}});
  refusal({{"a", DType::kF32, {kMaxLength}, Role::kTrain}, {"b", DType::kF32, {}, Role::kLocal}});
  refusal({{"w", DType::kF32, std::vector<std::uint64_t>(kMaxRank + 1, 1), Role::kTrain}});
  const Manifest empty = manifest_of({{"w", DType::kF32, {~std::uint64_t{0}, 0}, Role::kTrain}});
  CHECK(empty.flat_length() == 0);
  CHECK(Manifest::create({{"w", DType::kF32, {kMaxLength}, Role::kTrain}}).has_value());
  refusal(std::vector<Tensor>(kMaxTensors + 1));
}

TEST_CASE("a mismatch names the first tensor that differs", "[ring]") {
  const std::vector<Tensor> tensors = batch_norm_model();
  const Manifest manifest = manifest_of(tensors);
  CHECK_FALSE(manifest.first_difference(manifest_of(tensors)).has_value());
  std::set<Digest> digests = {manifest.digest()};
  const auto difference = [&](const std::vector<Tensor>& other) {
    const Manifest changed = manifest_of(other);
    CHECK(digests.insert(changed.digest()).second);
    return manifest.first_difference(changed).value_or("");
  };
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    std::vector<Tensor> other = tensors;
    other[i].shape.push_back(1);
    CHECK(difference(other).find("'" + tensors[i].name + "': expected shape") != std::string::npos);
    other = tensors;
    other[i].name = "secret";
    CHECK(difference(other).find("'" + tensors[i].name + "'") != std::string::npos);
    CHECK(difference({tensors.begin(), tensors.begin() + static_cast<std::ptrdiff_t>(i)})
              .find("'" + tensors[i].name + "'") != std::string::npos);
  }
  std::vector<Tensor> other = tensors;
  other[4].dtype = DType::kBf16;
  CHECK(difference(other) == "tensor 4, 'scale': expected dtype F16, found BF16");
  other = tensors;
  other[0].role = Role::kLocal;
  CHECK(difference(other) ==
        "tensor 0, 'bn.running_mean': expected role float-buffer, found local");
  other = tensors;
  other.push_back({"extra", DType::kF32, {}, Role::kTrain});
  CHECK(difference(other) == "expected no tensor after 'personal', found 1 more");
}

TEST_CASE("a saved manifest comes back, and a flipped byte never does so unseen", "[ring]") {
  const Manifest manifest = manifest_of(batch_norm_model());
  const Bytes bytes = manifest.to_bytes();
  CHECK(Manifest::from_bytes(bytes).value().tensors() == manifest.tensors());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    CHECK_FALSE(Manifest::from_bytes(ByteView(bytes).first(i)).has_value());
    for (int bit = 0; bit < 8; ++bit) {
      Bytes damaged = bytes;
      damaged[i] = static_cast<std::uint8_t>(damaged[i] ^ (1 << bit));
      const auto read = Manifest::from_bytes(damaged);
      if (read) CHECK(read->digest() != manifest.digest());
    }
  }
  Bytes longer = bytes;
  longer.push_back(0);
  CHECK_FALSE(Manifest::from_bytes(longer).has_value());
}

TEST_CASE("dtypes and roles have names that lead back to them", "[ring]") {
  int known = 0;
  for (int number = 0; number < 256; ++number) {
    const auto dtype = dtype_from_number(static_cast<std::uint8_t>(number));
    if (!dtype) continue;
    ++known;
    CHECK(static_cast<int>(*dtype) == number);
    CHECK(dtype_from_name(name_of(*dtype)) == dtype);
  }
  CHECK(known == 13);
  CHECK_FALSE(dtype_from_name("float32").has_value());
  for (const Role role :
       {Role::kTrain, Role::kFloatBuffer, Role::kIntBuffer, Role::kFrozen, Role::kLocal}) {
    CHECK(role_from_name(name_of(role)) == role);
  }
  CHECK_FALSE(role_from_name("").has_value());
}

TEST_CASE("all 65536 halves and bfloat16s survive float32", "[ring]") {
  int wrong = 0;
  for (std::uint32_t bits = 0; bits < 65536; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    wrong += f16_from_float(float_from_f16(half)) != half ? 1 : 0;
    wrong += bf16_from_float(float_from_bf16(half)) != half ? 1 : 0;
  }
  CHECK(wrong == 0);
}

TEST_CASE("halves have the value that IEEE 754 says", "[ring]") {
  int wrong = 0;
  for (std::uint32_t bits = 0; bits < 0x7c00; ++bits) {
    const int exponent = static_cast<int>(bits >> 10);
    const int fraction = static_cast<int>(bits & 0x3ff);
    const double value =
        exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
    wrong += float_from_f16(static_cast<std::uint16_t>(bits)) != static_cast<float>(value) ? 1 : 0;
    wrong +=
        float_from_f16(static_cast<std::uint16_t>(bits | 0x8000)) != -static_cast<float>(value);
  }
  CHECK(wrong == 0);
  CHECK(std::isinf(float_from_f16(0x7c00)));
  CHECK(std::isnan(float_from_f16(0x7c01)));
}

TEST_CASE("float32 rounds to the nearest half or bfloat16, ties to even", "[ring]") {
  struct Format {
    float (*widen)(std::uint16_t);
    std::uint16_t (*narrow)(float);
    std::uint16_t infinity;
    double past_largest;  // where infinity stands in the series of finite values
  };
  for (const Format& format : {Format{float_from_f16, f16_from_float, 0x7c00, 65536.0},
                               Format{float_from_bf16, bf16_from_float, 0x7f80, 0x1p128}}) {
    int wrong = 0;
    for (std::uint16_t low = 0; low < format.infinity; ++low) {
      const auto high = static_cast<std::uint16_t>(low + 1);
      const double above = high == format.infinity ? format.past_largest : format.widen(high);
      const auto middle = static_cast<float>((format.widen(low) + above) / 2);
      const std::uint16_t even = low % 2 == 0 ? low : high;
      wrong += format.narrow(middle) != even ? 1 : 0;
      wrong += format.narrow(std::nextafter(middle, 0.0f)) != low ? 1 : 0;
      wrong += format.narrow(std::nextafter(middle, INFINITY)) != high ? 1 : 0;
      wrong += format.narrow(-middle) != (even | 0x8000) ? 1 : 0;
    }
    CHECK(wrong == 0);
    CHECK(format.narrow(INFINITY) == format.infinity);
    CHECK(std::isnan(format.widen(format.narrow(std::bit_cast<float>(0x7f800001u)))));
  }
}

TEST_CASE("a model goes to its flat vector and back in its own dtypes", "[ring]") {
  const Manifest manifest = manifest_of(batch_norm_model());
  std::mt19937_64 random(1);
  std::vector<float> flat(manifest.flat_length());
  for (float& value : flat) value = static_cast<float>(random() % 64) - 32.0f;  // exact in all four
  Model model(manifest);
  model.bytes[2].assign(8, 0x11);
  REQUIRE(store_flat(manifest, flat, model.mutable_views()).has_value());
  CHECK(model.bytes[2] == Bytes(8, 0x11));
  CHECK(model.bytes[4].size() == 2);
  double running_var;
  std::memcpy(&running_var, model.bytes[5].data() + 8, 8);
  CHECK(running_var == static_cast<double>(flat[17]));

  std::vector<float> again(flat.size());
  REQUIRE(load_flat(manifest, model.views(), again).has_value());
  CHECK(again == flat);

  Model global(manifest);
  std::vector<float> half(flat);
  for (float& value : half) value /= 2;
  REQUIRE(store_flat(manifest, half, global.mutable_views()).has_value());
  REQUIRE(load_flat_difference(manifest, model.views(), global.views(), again).has_value());
  CHECK(again == half);
}

TEST_CASE("a difference longer than a block is right everywhere", "[ring]") {
  const Manifest manifest = manifest_of({{"w", DType::kBf16, {10'000}, Role::kTrain}});
  Model updated(manifest);
  Model global(manifest);
  std::vector<float> a(10'000), b(10'000), difference(10'000);
  for (std::size_t i = 0; i < a.size(); ++i) {
    a[i] = static_cast<float>(i % 200);
    b[i] = static_cast<float>(i % 17);
  }
  REQUIRE(store_flat(manifest, a, updated.mutable_views()).has_value());
  REQUIRE(store_flat(manifest, b, global.mutable_views()).has_value());
  REQUIRE(load_flat_difference(manifest, updated.views(), global.views(), difference).has_value());
  int wrong = 0;
  for (std::size_t i = 0; i < a.size(); ++i) wrong += difference[i] != a[i] - b[i] ? 1 : 0;
  CHECK(wrong == 0);
}

TEST_CASE("a tensor of another dtype or size is refused by name", "[ring]") {
  const Manifest manifest = manifest_of(batch_norm_model());
  const Model model(manifest);
  std::vector<float> flat(manifest.flat_length());
  for (const Slice& slice : manifest.slices()) {
    const std::string& name = manifest.tensors()[slice.tensor].name;
    std::vector<TensorView> views = model.views();
    views[slice.tensor].dtype = DType::kI32;
    CHECK(mentions(load_flat(manifest, views, flat).error(), "'" + name + "'"));
    if (slice.count == 0) continue;
    views = model.views();
    views[slice.tensor].bytes = views[slice.tensor].bytes.subspan(1);
    CHECK(mentions(load_flat(manifest, views, flat).error(), "'" + name + "'"));
  }
  std::vector<TensorView> views = model.views();
  views[2].bytes = {};  // an int buffer: not looked at
  CHECK(load_flat(manifest, views, flat).has_value());
  views.pop_back();
  CHECK_FALSE(load_flat(manifest, views, flat).has_value());
  flat.pop_back();
  CHECK_FALSE(load_flat(manifest, model.views(), flat).has_value());
}

TEST_CASE("a half that would overflow is refused and nothing is written", "[ring]") {
  const Manifest manifest = manifest_of(
      {{"wide", DType::kF32, {1}, Role::kTrain}, {"narrow", DType::kF16, {2}, Role::kTrain}});
  Model model(manifest);
  const Model before = model;
  for (const float bad : {65520.0f, -1e30f, INFINITY, NAN}) {
    const Status stored =
        store_flat(manifest, std::vector<float>{1, 2, bad}, model.mutable_views());
    REQUIRE_FALSE(stored.has_value());
    CHECK(stored.error().code == ErrorCode::kOutOfRange);
    CHECK(mentions(stored.error(), "'narrow'"));
    CHECK(model.bytes == before.bytes);
  }
  CHECK(store_flat(manifest, std::vector<float>{1e30f, 2, 65519.0f}, model.mutable_views())
            .has_value());
}

}  // namespace covey::ring
