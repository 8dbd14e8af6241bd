// A model file comes from an operator or a coordinator: reading one is total, never reads past it,
// and what it takes can be written and read again.

#include "covey/aggregation/model/safetensors.h"
#include "fuzz/fuzz_input.h"
#include "fuzz/fuzz_target.h"

namespace covey::fuzz {

std::vector<Bytes> seeds() {
  std::vector<Bytes> out;
  const std::vector<std::vector<ring::Tensor>> models = {
      {{"w", ring::DType::kF32, {2, 2}, ring::Role::kTrain}},
      {{"w", ring::DType::kF16, {3}, ring::Role::kTrain},
       {"n.num_batches_tracked", ring::DType::kI64, {}, ring::Role::kIntBuffer},
       {"empty", ring::DType::kF64, {0, 2}, ring::Role::kFrozen}}};
  for (const auto& tensors : models) {
    auto manifest = ring::Manifest::create(tensors);
    COVEY_CHECK(manifest.has_value());  // they are legal
    out.push_back(model::write_model(model::Model::zeros(std::move(*manifest)), {{"a", "b"}}));
  }
  return out;
}

}  // namespace covey::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace covey;
  const ByteView file(data, size);
  const auto manifest = model::read_manifest(file);
  if (!manifest) return 0;
  const auto model = model::read_model(file, *manifest);
  COVEY_CHECK(model.has_value());  // its own manifest
  const Bytes written = model::write_model(*model);
  const auto again = model::read_manifest(written);
  COVEY_CHECK(again.has_value() && !manifest->first_difference(*again));
  return 0;
}
