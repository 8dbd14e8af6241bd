#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "covey/aggregation/ring/flat_model.h"
#include "covey/aggregation/ring/manifest.h"

namespace covey::model {

// A model's tensors in one block of memory, in the order of its manifest, each on a 64-byte
// boundary; integers and floats little-endian. Moves, copies only by `clone`; a model that was
// moved from may only be assigned to or destroyed. Safe to read from many threads.
class Model {
 public:
  static Model zeros(ring::Manifest manifest);
  Model(Model&&) noexcept = default;
  Model& operator=(Model&&) noexcept = default;
  Model clone() const;

  const ring::Manifest& manifest() const { return manifest_; }
  std::span<const ring::TensorView> views() const { return views_; }
  std::span<const ring::MutableTensorView> mutable_views() { return mutable_views_; }
  // `tensor`: an index into manifest().tensors().
  MutableByteView bytes(std::size_t tensor) { return mutable_views_[tensor].bytes; }
  ByteView bytes(std::size_t tensor) const { return views_[tensor].bytes; }
  // Of a float32 tensor of that name; empty when there is none.
  std::span<float> floats(std::string_view name);
  std::span<const float> floats(std::string_view name) const;

 private:
  explicit Model(ring::Manifest manifest);  // its bytes are not set
  std::optional<std::size_t> index_of_floats(std::string_view name) const;
  struct FreeAligned {
    void operator()(std::uint8_t* block) const;
  };

  ring::Manifest manifest_;
  std::size_t block_size_bytes_ = 0;
  std::unique_ptr<std::uint8_t, FreeAligned> block_;
  std::vector<ring::MutableTensorView> mutable_views_;
  std::vector<ring::TensorView> views_;
};

}  // namespace covey::model
