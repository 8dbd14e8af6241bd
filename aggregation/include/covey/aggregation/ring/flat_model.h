#pragma once

#include <span>

#include "covey/aggregation/ring/manifest.h"

namespace covey::ring {

// The bytes of one tensor: little-endian, row-major, any alignment. A list of them has one entry
// for every tensor of the manifest, in its order; entries whose role is not aggregated are not
// looked at and may be empty.
struct TensorView {
  DType dtype = DType::kF32;
  ByteView bytes;
};
struct MutableTensorView {
  DType dtype = DType::kF32;
  MutableByteView bytes;
};

// Between a model's tensors and its flat float32 vector (see Manifest), which has exactly
// manifest.flat_length() elements. Each fails with kInvalidArgument, naming the tensor, when the
// list, a dtype or a size is not what the manifest says.

Status load_flat(const Manifest& manifest, std::span<const TensorView> tensors,
                 std::span<float> flat);

// flat = updated - global, both taken through float32. Needs no memory of the model's size.
Status load_flat_difference(const Manifest& manifest, std::span<const TensorView> updated,
                            std::span<const TensorView> global, std::span<float> flat);

// Writes every aggregated tensor in its own dtype, rounded to nearest even. kOutOfRange, naming the
// tensor and with nothing written, when a value is not finite or would not be finite in that dtype.
Status store_flat(const Manifest& manifest, std::span<const float> flat,
                  std::span<const MutableTensorView> tensors);

}  // namespace covey::ring
