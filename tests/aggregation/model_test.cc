#include "covey/aggregation/model/model.h"

#include <algorithm>

#include "support/catch.h"

namespace covey::model {
namespace {

ring::Manifest mixed_manifest() {
  return ring::Manifest::create({{"w", ring::DType::kF32, {2, 3}, ring::Role::kTrain},
                                 {"flags", ring::DType::kBool, {3}, ring::Role::kIntBuffer},
                                 {"nothing", ring::DType::kF32, {0, 4}, ring::Role::kTrain},
                                 {"half", ring::DType::kF16, {5}, ring::Role::kTrain},
                                 {"steps", ring::DType::kI64, {}, ring::Role::kIntBuffer}})
      .value();
}

}  // namespace

TEST_CASE("a new model has every tensor of its manifest, aligned and zero", "[model]") {
  Model model = Model::zeros(mixed_manifest());
  const std::size_t sizes[] = {24, 3, 0, 10, 8};
  REQUIRE(model.views().size() == std::size(sizes));
  for (std::size_t i = 0; i < std::size(sizes); ++i) {
    INFO(model.manifest().tensors()[i].name);
    const ByteView bytes = std::as_const(model).bytes(i);
    CHECK(bytes.size() == sizes[i]);
    CHECK(reinterpret_cast<std::uintptr_t>(bytes.data()) % 64 == 0);
    CHECK(std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; }));
    CHECK(model.views()[i].dtype == model.manifest().tensors()[i].dtype);
    CHECK(model.views()[i].bytes.data() == bytes.data());
    CHECK(model.mutable_views()[i].bytes.data() == bytes.data());
  }
}

TEST_CASE("the tensors of a model do not overlap", "[model]") {
  Model model = Model::zeros(mixed_manifest());
  for (std::size_t i = 0; i < model.views().size(); ++i) {
    std::ranges::fill(model.bytes(i), static_cast<std::uint8_t>(i + 1));
  }
  for (std::size_t i = 0; i < model.views().size(); ++i) {
    for (const std::uint8_t byte : model.views()[i].bytes) CHECK(byte == i + 1);
  }
}

TEST_CASE("floats are found by name where the tensor is float32", "[model]") {
  Model model = Model::zeros(mixed_manifest());
  REQUIRE(model.floats("w").size() == 6);
  model.floats("w")[5] = 1.5f;
  CHECK(std::as_const(model).floats("w")[5] == 1.5f);
  CHECK(model.bytes(0)[23] == 0x3f);  // 1.5 is 3FC00000, little-endian
  CHECK(model.floats("half").empty());
  CHECK(model.floats("absent").empty());
}

TEST_CASE("a clone has the same bytes in other memory, and a moved model keeps its own",
          "[model]") {
  Model model = Model::zeros(mixed_manifest());
  model.floats("w")[0] = 2.0f;
  Model copy = model.clone();
  copy.floats("w")[1] = 3.0f;
  CHECK(model.floats("w")[1] == 0.0f);
  CHECK(copy.floats("w")[0] == 2.0f);
  CHECK(copy.manifest().digest() == model.manifest().digest());

  const std::uint8_t* const block = model.bytes(0).data();
  const Model moved = std::move(model);
  CHECK(moved.bytes(0).data() == block);
  CHECK(moved.floats("w")[0] == 2.0f);
}

TEST_CASE("a model without tensors is legal", "[model]") {
  Model model = Model::zeros(ring::Manifest::create({}).value());
  CHECK(model.views().empty());
  CHECK(model.clone().views().empty());
}

}  // namespace covey::model
