#include "covey/aggregation/ring/flat_model.h"

#include <algorithm>
#include <array>

#include "kernels.h"

namespace covey::ring {
namespace {

constexpr std::size_t kBlock = 4096;  // floats converted at a time, on the stack

template <typename View>
Status check_tensors(const Manifest& manifest, std::span<const View> tensors,
                     std::size_t flat_size) {
  if (tensors.size() != manifest.tensors().size()) {
    return invalid_argument("expected " + std::to_string(manifest.tensors().size()) +
                            " tensors, as in the manifest, found " +
                            std::to_string(tensors.size()));
  }
  if (flat_size != manifest.flat_length()) {
    return invalid_argument("expected a flat vector of " + std::to_string(manifest.flat_length()) +
                            " elements, found " + std::to_string(flat_size));
  }
  for (const Slice& slice : manifest.slices()) {
    const Tensor& wanted = manifest.tensors()[slice.tensor];
    const View& found = tensors[slice.tensor];
    const std::uint64_t wanted_bytes = slice.count * size_bytes(wanted.dtype);
    if (found.dtype != wanted.dtype || found.bytes.size() != wanted_bytes) {
      return invalid_argument(
          "tensor '" + wanted.name + "': expected " + std::to_string(wanted_bytes) + " bytes of " +
          std::string(name_of(wanted.dtype)) + ", found " + std::to_string(found.bytes.size()) +
          " bytes of " + std::string(name_of(found.dtype)));
    }
  }
  return {};
}

void load_slice(const Slice& slice, std::span<const TensorView> tensors, std::span<float> flat) {
  const TensorView& tensor = tensors[slice.tensor];
  load_floats(tensor.dtype, tensor.bytes, flat.subspan(slice.offset, slice.count));
}

void load_difference(const TensorView& updated, const TensorView& global, std::span<float> flat) {
  if (updated.dtype == DType::kF32) return subtract(updated.bytes, global.bytes, flat);
  std::array<float, kBlock> block;
  const std::size_t element = size_bytes(updated.dtype);
  for (std::size_t first = 0; first < flat.size(); first += kBlock) {
    const auto out = flat.subspan(first, std::min(kBlock, flat.size() - first));
    const auto other = std::span<float>(block).first(out.size());
    load_floats(updated.dtype, updated.bytes.subspan(first * element, out.size() * element), out);
    load_floats(updated.dtype, global.bytes.subspan(first * element, out.size() * element), other);
    for (std::size_t i = 0; i < out.size(); ++i) out[i] -= other[i];
  }
}

}  // namespace

Status load_flat(const Manifest& manifest, std::span<const TensorView> tensors,
                 std::span<float> flat) {
  COVEY_RETURN_IF_ERROR(check_tensors(manifest, tensors, flat.size()));
  for (const Slice& slice : manifest.slices()) load_slice(slice, tensors, flat);
  return {};
}

Status load_flat_difference(const Manifest& manifest, std::span<const TensorView> updated,
                            std::span<const TensorView> global, std::span<float> flat) {
  COVEY_RETURN_IF_ERROR(check_tensors(manifest, updated, flat.size()));
  COVEY_RETURN_IF_ERROR(check_tensors(manifest, global, flat.size()));
  for (const Slice& slice : manifest.slices()) {
    load_difference(updated[slice.tensor], global[slice.tensor],
                    flat.subspan(slice.offset, slice.count));
  }
  return {};
}

Status store_flat(const Manifest& manifest, std::span<const float> flat,
                  std::span<const MutableTensorView> tensors) {
  COVEY_RETURN_IF_ERROR(check_tensors(manifest, tensors, flat.size()));
  for (const Slice& slice : manifest.slices()) {
    const Tensor& tensor = manifest.tensors()[slice.tensor];
    const auto values = flat.subspan(slice.offset, slice.count);
    if (!std::all_of(values.begin(), values.end(),
                     [&](float value) { return stays_finite(value, tensor.dtype); })) {
      return Error{ErrorCode::kOutOfRange, "tensor '" + tensor.name +
                                               "' of the merged model has a value that " +
                                               std::string(name_of(tensor.dtype)) +
                                               " cannot hold; the model was not changed"};
    }
  }
  for (const Slice& slice : manifest.slices()) {
    const MutableTensorView& tensor = tensors[slice.tensor];
    store_floats(flat.subspan(slice.offset, slice.count), tensor.dtype, tensor.bytes);
  }
  return {};
}

}  // namespace covey::ring
