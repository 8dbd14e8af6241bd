#include "covey/aggregation/model/safetensors.h"

#include <algorithm>
#include <random>

#include "support/catch.h"
#include "support/seeds.h"

namespace covey::model {
namespace {

using ring::DType;
using ring::Role;
using testing::Seed;

// The u64 length, the header as it is given, the data.
Bytes file_of(std::string_view header, ByteView data) {
  Bytes file;
  for (std::size_t i = 0; i < 8; ++i) {
    file.push_back(static_cast<std::uint8_t>(std::uint64_t{header.size()} >> (8 * i)));
  }
  file.insert(file.end(), header.begin(), header.end());
  file.insert(file.end(), data.begin(), data.end());
  return file;
}

// Byte for byte what Python's safetensors writes for a 2 x 2 float32 matrix with metadata.
const std::uint8_t kGolden[] = {
    // clang-format off
    0x60, 0, 0, 0, 0, 0, 0, 0,
    '{', '"', '_', '_', 'm', 'e', 't', 'a', 'd', 'a', 't', 'a', '_', '_', '"', ':',
    '{', '"', 'f', 'o', 'r', 'm', 'a', 't', '"', ':', '"', 'p', 't', '"', '}', ',',
    '"', 'w', 'e', 'i', 'g', 'h', 't', '"', ':', '{', '"', 'd', 't', 'y', 'p', 'e',
    '"', ':', '"', 'F', '3', '2', '"', ',', '"', 's', 'h', 'a', 'p', 'e', '"', ':',
    '[', '2', ',', '2', ']', ',', '"', 'd', 'a', 't', 'a', '_', 'o', 'f', 'f', 's',
    'e', 't', 's', '"', ':', '[', '0', ',', '1', '6', ']', '}', '}', ' ', ' ', ' ',
    0x00, 0x00, 0x80, 0x3f, 0x00, 0x00, 0x00, 0xc0, 0x00, 0x00, 0x20, 0x3f, 0, 0, 0, 0,
    // clang-format on
};
constexpr float kGoldenValues[] = {1.0f, -2.0f, 0.625f, 0.0f};

Error refusal(ByteView file) {
  const auto manifest = read_manifest(file);
  REQUIRE_FALSE(manifest.has_value());
  CHECK(manifest.error().code == ErrorCode::kInvalidArgument);
  return manifest.error();
}

Error refusal(std::string_view header, std::size_t data_size) {
  return refusal(file_of(header, Bytes(data_size)));
}

bool mentions(const Error& error, std::string_view text) {
  return error.message.find(text) != std::string::npos;
}

Model random_model(Seed seed) {
  std::mt19937_64 random(seed);
  const DType dtypes[] = {DType::kF32, DType::kF16, DType::kBf16, DType::kF64,
                          DType::kI64, DType::kU8,  DType::kBool, DType::kI16};
  std::vector<ring::Tensor> tensors;
  const std::size_t count = random() % 6;
  for (std::size_t i = 0; i < count; ++i) {
    ring::Tensor tensor;
    tensor.name = "layer\"" + std::to_string(i) + "\\weight";
    tensor.dtype = dtypes[random() % std::size(dtypes)];
    tensor.role = default_role(tensor.name, tensor.dtype);
    for (std::size_t rank = random() % 4; rank > 0; --rank) tensor.shape.push_back(random() % 5);
    tensors.push_back(std::move(tensor));
  }
  Model model = Model::zeros(ring::Manifest::create(std::move(tensors)).value());
  for (std::size_t i = 0; i < count; ++i) {
    for (std::uint8_t& byte : model.bytes(i)) byte = static_cast<std::uint8_t>(random());
  }
  return model;
}

}  // namespace

TEST_CASE("a file of Python's safetensors is read, and written to the same bytes",
          "[safetensors]") {
  const auto manifest = read_manifest(kGolden);
  REQUIRE(manifest.has_value());
  REQUIRE(manifest->tensors().size() == 1);
  CHECK(manifest->tensors()[0] == ring::Tensor{"weight", DType::kF32, {2, 2}, Role::kTrain});

  const auto model = read_model(kGolden, *manifest);
  REQUIRE(model.has_value());
  CHECK(std::ranges::equal(model->floats("weight"), kGoldenValues));
  CHECK(std::ranges::equal(write_model(*model, {{"format", "pt"}}), kGolden));
}

TEST_CASE("what was written is read back, whatever the model", "[safetensors][property]") {
  testing::for_each_seed(200, [](Seed seed) {
    const Model model = random_model(seed);
    const Bytes file = write_model(model, {{"seed", std::to_string(seed)}, {"a\n\"\\", "\x01"}});
    CHECK(file.size() % 8 == 0u + [&] {
      std::size_t data = 0;
      for (const auto& view : model.views()) data += view.bytes.size();
      return data % 8;
    }());
    const auto manifest = read_manifest(file);
    REQUIRE(manifest.has_value());
    CHECK(manifest->digest() == model.manifest().digest());
    const auto again = read_model(file, model.manifest());
    REQUIRE(again.has_value());
    for (std::size_t i = 0; i < model.views().size(); ++i) {
      CHECK(std::ranges::equal(again->bytes(i), model.bytes(i)));
    }
  });
}

TEST_CASE("tensors are matched by name, in whatever order the file has them", "[safetensors]") {
  const std::string_view header = R"({"b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]},)"
                                  R"("a":{"data_offsets":[0,2],"shape":[],"dtype":"F16"}})";
  const Bytes file = file_of(header, Bytes{1, 2, 3});
  CHECK(read_manifest(file).value().tensors()[0].name == "a");  // by its offsets

  const auto wanted = ring::Manifest::create(
      {{"b", DType::kU8, {1}, Role::kFrozen}, {"a", DType::kF16, {}, Role::kTrain}});
  const auto views = read_tensors(file, wanted.value());
  REQUIRE(views.has_value());
  CHECK(to_bytes((*views)[0].bytes) == Bytes{3});
  CHECK(to_bytes((*views)[1].bytes) == Bytes{1, 2});
}

TEST_CASE("a file that does not fit the model says what differs", "[safetensors]") {
  const auto refused = [](std::vector<ring::Tensor> tensors) {
    const auto views = read_tensors(kGolden, ring::Manifest::create(std::move(tensors)).value());
    REQUIRE_FALSE(views.has_value());
    CHECK(views.error().code == ErrorCode::kInvalidArgument);
    return views.error();
  };
  CHECK(mentions(refused({{"v", DType::kF32, {2, 2}, Role::kTrain}}), "no tensor 'v'"));
  CHECK(mentions(refused({{"weight", DType::kF32, {4}, Role::kTrain}}),
                 "'weight': expected F32 [4], found F32 [2, 2]"));
  CHECK(mentions(refused({{"weight", DType::kI32, {2, 2}, Role::kIntBuffer}}), "expected I32"));
  CHECK(mentions(refused({}), "1 tensors, the model has 0"));
}

TEST_CASE("roles come from the name and the dtype, or from the caller", "[safetensors]") {
  CHECK(default_role("bn.running_mean", DType::kF32) == Role::kFloatBuffer);
  CHECK(default_role("bn.running_var", DType::kF16) == Role::kFloatBuffer);
  CHECK(default_role("bn.num_batches_tracked", DType::kI64) == Role::kIntBuffer);
  CHECK(default_role("mask", DType::kBool) == Role::kIntBuffer);
  CHECK(default_role("running_mean.weight", DType::kF32) == Role::kTrain);

  const auto frozen = read_manifest(kGolden, [](std::string_view, DType) { return Role::kFrozen; });
  CHECK(frozen.value().tensors()[0].role == Role::kFrozen);
  // A role that does not fit is refused as the manifest refuses it.
  CHECK_FALSE(
      read_manifest(kGolden, [](std::string_view, DType) { return Role::kIntBuffer; }).has_value());
}

TEST_CASE("a header of another form is refused", "[safetensors]") {
  for (const char* header : {
           "",
           "[]",
           " {}",
           "{}x",
           "{\"w\"",
           R"({"w":1})",
           R"({"w":[]})",
           R"({"w":{}})",
           R"({"w":null})",
           R"({"w":{"dtype":"F32","shape":[0]}})",
           R"({"w":{"dtype":"F32","shape":[0],"data_offsets":[0]}})",
           R"({"w":{"dtype":"F32","shape":[0],"data_offsets":[0,0,0]}})",
           R"({"w":{"dtype":"F32","shape":[-1],"data_offsets":[0,0]}})",
           R"({"w":{"dtype":"F32","shape":[0.0],"data_offsets":[0,0]}})",
           R"({"w":{"dtype":"F32","shape":[[0]],"data_offsets":[0,0]}})",
           R"({"w":{"dtype":"F32","shape":"0","data_offsets":[0,0]}})",
           R"({"w":{"dtype":["F32"],"shape":[0],"data_offsets":[0,0]}})",
           R"({"w":{"dtype":{},"shape":[0],"data_offsets":[0,0]}})",
           R"({"w":{"dtype":"F32","shape":[0],"data_offsets":[0,0],"extra":1}})",
           R"({"w":{"dtype":"F32","dtype":"F32","shape":[0],"data_offsets":[0,0]}})",
           R"({"__metadata__":{"a":1}})",
           R"({"__metadata__":"a"})",
           R"({"__metadata__":{"a":"1","a":"2"}})",
           R"({"__metadata__":{},"__metadata__":{}})",
       }) {
    INFO(header);
    refusal(header, 0);
  }
  CHECK(read_manifest(file_of("{}", {})).has_value());
  CHECK(read_manifest(file_of(R"({"__metadata__":{"a":"1"}}  )", {})).has_value());
  for (const int entries : {1'000, 1'100}) {  // a header is not there to fill memory with
    std::string header = R"({"__metadata__":{)";
    for (int i = 0; i < entries; ++i) header += '"' + std::to_string(i) + R"(":"",)";
    header.back() = '}';
    CHECK(read_manifest(file_of(header + "}", {})).has_value() == (entries == 1'000));
  }
}

TEST_CASE("a refused tensor is named", "[safetensors]") {
  const std::string tail = R"(,"shape":[1],"data_offsets":[0,4]})";
  const Error unknown = refusal(R"({"w":{"dtype":"F8_E5M2")" + tail + "}", 4);
  CHECK(mentions(unknown, "'w'"));
  CHECK(mentions(unknown, "F8_E5M2"));
  const Error hidden = refusal(R"({"w\u0007":{"dtype":"\u001b[2J")" + tail + "}", 4);
  CHECK_FALSE(mentions(hidden, "\x07"));
  CHECK_FALSE(mentions(hidden, "\x1b"));
  const std::string w = R"("w":{"dtype":"F32")" + tail;
  CHECK(mentions(refusal("{" + w + "," + w + "}", 8), "'w' occurs twice"));
}

TEST_CASE("offsets leave no gap, do not overlap and fit shape and file", "[safetensors]") {
  const auto two = [](std::string_view first, std::string_view second) {
    return R"({"a":{"dtype":"F32","shape":[1],"data_offsets":)" + std::string(first) +
           R"(},"b":{"dtype":"F32","shape":[1],"data_offsets":)" + std::string(second) + "}}";
  };
  CHECK(read_manifest(file_of(two("[4,8]", "[0,4]"), Bytes(8))).has_value());
  refusal(two("[0,4]", "[4,8]"), 7);
  refusal(two("[0,4]", "[4,8]"), 9);
  refusal(two("[0,4]", "[0,4]"), 4);
  refusal(two("[0,4]", "[2,6]"), 6);
  refusal(two("[0,4]", "[8,12]"), 12);
  refusal(two("[4,8]", "[8,12]"), 12);
  refusal(two("[0,4]", "[4,3]"), 4);
  refusal(two("[0,3]", "[3,8]"), 8);
  refusal(two("[0,4]", "[4,18446744073709551616]"), 8);
  refusal(two("[0,4]", "[4,18446744073709551615]"), 8);
  // 2^32 * 2^32 elements are none in 64 bits.
  refusal(R"({"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}})", 0);
  // More dimensions than a tensor may have.
  refusal(
      R"({"a":{"dtype":"U8","shape":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1],"data_offsets":[0,1]}})",
      1);
}

TEST_CASE("a header that is said to be too long is refused before it is read", "[safetensors]") {
  Bytes file = to_bytes(kGolden);
  for (const std::uint64_t length :
       {std::uint64_t{file.size()} - 7, std::uint64_t{100'000'001}, ~std::uint64_t{0}}) {
    for (std::size_t i = 0; i < 8; ++i) {
      file[i] = static_cast<std::uint8_t>(length >> (8 * i));
    }
    CHECK(mentions(refusal(file), "header"));
  }
}

TEST_CASE("a file that is cut short or goes on is refused, at every length", "[safetensors]") {
  for (std::size_t size = 0; size < std::size(kGolden); ++size) {
    INFO(size);
    refusal(ByteView(kGolden).first(size));
  }
  Bytes longer = to_bytes(kGolden);
  longer.push_back(0);
  refusal(longer);
}

TEST_CASE("a flipped byte gives an error or another model, never a crash", "[safetensors]") {
  const ring::Manifest manifest = read_manifest(kGolden).value();
  const std::size_t data_begin = std::size(kGolden) - 16;
  for (std::size_t at = 0; at < std::size(kGolden); ++at) {
    for (const int flip : {0x01, 0x02, 0x20, 0x80, 0xff}) {
      INFO(at << " with " << flip);
      Bytes file = to_bytes(kGolden);
      file[at] = static_cast<std::uint8_t>(file[at] ^ flip);
      const auto model = read_model(file, manifest);
      if (at < 8) CHECK_FALSE(model.has_value());
      if (at >= data_begin) {
        REQUIRE(model.has_value());
        CHECK_FALSE(std::ranges::equal(model->bytes(0), ByteView(kGolden).subspan(data_begin)));
      }
      // Within the header the tensor stays, byte for byte, or the file is refused.
      if (at < data_begin && model.has_value()) {
        CHECK(std::ranges::equal(model->floats("weight"), kGoldenValues));
      }
    }
  }
}

}  // namespace covey::model
