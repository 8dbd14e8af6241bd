// Manifest::from_bytes is total, and to_bytes gives back what it took; so is what a codec makes of
// any manifest.

#include <limits>

#include "covey/aggregation/ring/codec_parameters.h"
#include "fuzz/fuzz_input.h"
#include "fuzz/fuzz_target.h"

namespace covey::fuzz {
namespace {

using namespace covey::ring;

// Codecs for a manifest: a few, legal and not.
void make_codecs(const Manifest& manifest) {
  constexpr double kLarge = std::numeric_limits<double>::max();
  for (const double range : {0.0, 1.0, kLarge}) {
    for (const std::uint64_t weight : {std::uint64_t{1}, kMaxWeight}) {
      CodecSettings settings;
      settings.max_devices = 100;
      settings.max_weight = weight;
      settings.buffer_range = range;
      settings.clipping = RangeClip{range};
      const auto parameters = CodecParameters::create(manifest, settings);
      if (!parameters) continue;
      COVEY_CHECK(parameters->shape().length == manifest.flat_length());
      COVEY_CHECK(validate(parameters->shape()).has_value());
    }
  }
}

}  // namespace

std::vector<Bytes> seeds() {
  const std::vector<std::vector<Tensor>> models = {
      {},
      {{"weight", DType::kF32, {10, 784}, Role::kTrain},
       {"bias", DType::kBf16, {10}, Role::kTrain}},
      {{"norm.running_mean", DType::kF32, {64}, Role::kFloatBuffer},
       {"norm.num_batches_tracked", DType::kI64, {}, Role::kIntBuffer},
       {"embedding", DType::kF16, {1000, 16}, Role::kFrozen},
       {"head", DType::kF64, {3, 0, 2}, Role::kLocal}}};
  std::vector<Bytes> out;
  for (const auto& tensors : models) {
    const auto manifest = Manifest::create(tensors);
    if (manifest) out.push_back(manifest->to_bytes());
  }
  COVEY_CHECK(out.size() >= 2);  // most of the above are legal
  return out;
}

}  // namespace covey::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace covey;
  const ByteView bytes(data, size);
  const auto manifest = ring::Manifest::from_bytes(bytes);
  if (!manifest) return 0;
  const Bytes saved = manifest->to_bytes();
  COVEY_CHECK(std::ranges::equal(saved, bytes));  // one form only
  std::uint64_t elements = 0;
  for (const ring::Slice& slice : manifest->slices()) {
    COVEY_CHECK(slice.offset == elements && slice.tensor < manifest->tensors().size());
    elements += slice.count;
  }
  COVEY_CHECK(elements == manifest->flat_length() && elements <= ring::kMaxLength);
  COVEY_CHECK(!manifest->first_difference(*manifest));
  fuzz::make_codecs(*manifest);
  return 0;
}
