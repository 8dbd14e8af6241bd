#pragma once

#include <optional>
#include <string>
#include <vector>

#include "covey/aggregation/ring/float_types.h"
#include "covey/base/bytes.h"
#include "covey/base/result.h"

namespace covey::ring {

// What a round does with a tensor. The numbers are part of saved manifests and of digests.
enum class Role : std::uint8_t {
  kTrain = 1,  // weighted mean of the devices' differences; inside the L2 clip and the rotation
  kFloatBuffer = 2,  // running statistics: the same mean, but with a range of their own instead of
                     // clip and rotation
  kIntBuffer = 3,    // counters such as num_batches_tracked: never averaged, the global value stays
  kFrozen = 4,       // part of the model, equal everywhere, never sent
  kLocal = 5,        // each device keeps its own (FedBN), never sent
};

std::string_view name_of(Role role);  // "float-buffer"
std::optional<Role> role_from_name(std::string_view name);

struct Tensor {
  std::string name;  // as in PyTorch's state_dict
  DType dtype = DType::kF32;
  std::vector<std::uint64_t> shape;  // empty: a scalar
  Role role = Role::kTrain;

  bool is_aggregated() const { return role == Role::kTrain || role == Role::kFloatBuffer; }
  bool operator==(const Tensor&) const = default;
};

// Where an aggregated tensor lies in the flat vector.
struct Slice {
  std::size_t tensor = 0;    // index into Manifest::tensors
  std::uint64_t offset = 0;  // first element
  std::uint64_t count = 0;   // elements

  bool operator==(const Slice&) const = default;
};

inline constexpr std::size_t kMaxTensors = 65536;
inline constexpr std::size_t kMaxTensorName = 512;  // bytes
inline constexpr std::size_t kMaxRank = 16;

// Every tensor of a model, in the order of its state_dict. Immutable; safe to read from many
// threads.
//
// The flat vector of a model is what is aggregated of it, as float32: first all `train` tensors,
// then all `float-buffer` tensors, each group in the order of the manifest and each tensor in
// row-major order.
class Manifest {
 public:
  Manifest();  // without tensors

  // kInvalidArgument, with the tensor's name where it has a legal one, unless: names are unique,
  // printable ASCII, 1 to 512 bytes; the role fits the dtype; ranks, numbers and sizes are within
  // the limits above and kMaxLength elements in all. A manifest without tensors is legal: a round
  // that sums metrics only.
  static Result<Manifest> create(std::vector<Tensor> tensors);

  // The form of saved states. from_bytes: kDataLoss when the bytes are damaged, kInvalidArgument as
  // `create`.
  Bytes to_bytes() const;
  static Result<Manifest> from_bytes(ByteView bytes);

  const std::vector<Tensor>& tensors() const { return tensors_; }
  std::uint64_t element_count(std::size_t tensor) const { return element_counts_[tensor]; }
  const std::vector<Slice>& slices() const { return slices_; }  // in the order of the flat vector
  std::uint64_t train_length() const { return train_length_; }
  std::uint64_t buffer_length() const { return buffer_length_; }
  std::uint64_t flat_length() const { return train_length_ + buffer_length_; }
  const Digest& digest() const { return digest_; }

  // What differs first between this manifest and `other`, for a person; empty when they are equal.
  // The text names tensors of this manifest only, since the other one may be a peer's.
  std::optional<std::string> first_difference(const Manifest& other) const;

 private:
  Status measure();
  void lay_out();

  std::vector<Tensor> tensors_;
  std::vector<std::uint64_t> element_counts_;
  std::vector<Slice> slices_;
  std::uint64_t train_length_ = 0;
  std::uint64_t buffer_length_ = 0;
  Digest digest_{};
};

}  // namespace covey::ring
