#include "covey/aggregation/model/model.h"

#include <algorithm>
#include <cstring>
#include <new>

namespace covey::model {
namespace {

constexpr std::size_t kAlignmentBytes = 64;  // a cache line, and the widest vector register

std::size_t aligned(std::size_t size_bytes) {
  return (size_bytes + kAlignmentBytes - 1) / kAlignmentBytes * kAlignmentBytes;
}

std::size_t size_of(const ring::Manifest& manifest, std::size_t tensor) {
  return static_cast<std::size_t>(manifest.element_count(tensor)) *
         ring::size_bytes(manifest.tensors()[tensor].dtype);
}

}  // namespace

void Model::FreeAligned::operator()(std::uint8_t* block) const {
  ::operator delete(block, std::align_val_t(kAlignmentBytes));
}

// The sizes do not overflow: a manifest has at most 2^40 elements in 65536 tensors.
Model::Model(ring::Manifest manifest) : manifest_(std::move(manifest)) {
  const std::size_t count = manifest_.tensors().size();
  for (std::size_t i = 0; i < count; ++i) block_size_bytes_ += aligned(size_of(manifest_, i));
  block_.reset(static_cast<std::uint8_t*>(
      ::operator new(block_size_bytes_, std::align_val_t(kAlignmentBytes))));
  std::uint8_t* at = block_.get();
  for (std::size_t i = 0; i < count; ++i) {
    const MutableByteView bytes(at, size_of(manifest_, i));
    mutable_views_.push_back({manifest_.tensors()[i].dtype, bytes});
    views_.push_back({manifest_.tensors()[i].dtype, bytes});
    at += aligned(bytes.size());
  }
}

Model Model::zeros(ring::Manifest manifest) {
  Model model(std::move(manifest));
  std::memset(model.block_.get(), 0, model.block_size_bytes_);
  return model;
}

Model Model::clone() const {
  Model copy(manifest_);
  std::memcpy(copy.block_.get(), block_.get(), block_size_bytes_);
  return copy;
}

std::optional<std::size_t> Model::index_of_floats(std::string_view name) const {
  const auto& tensors = manifest_.tensors();
  const auto found = std::find_if(tensors.begin(), tensors.end(), [&](const ring::Tensor& tensor) {
    return tensor.name == name && tensor.dtype == ring::DType::kF32;
  });
  if (found == tensors.end()) return std::nullopt;
  return static_cast<std::size_t>(found - tensors.begin());
}

std::span<float> Model::floats(std::string_view name) {
  const auto index = index_of_floats(name);
  if (!index) return {};
  return {reinterpret_cast<float*>(mutable_views_[*index].bytes.data()),
          static_cast<std::size_t>(manifest_.element_count(*index))};
}

std::span<const float> Model::floats(std::string_view name) const {
  return const_cast<Model*>(this)->floats(name);
}

}  // namespace covey::model
