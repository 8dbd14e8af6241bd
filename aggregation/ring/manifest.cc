#include "covey/aggregation/ring/manifest.h"

#include <algorithm>
#include <array>
#include <unordered_set>

#include "covey/aggregation/ring/ring_vector.h"
#include "covey/base/byte_reader.h"
#include "covey/base/byte_writer.h"
#include "covey/crypto/transcript.h"

namespace covey::ring {
namespace {

constexpr std::uint8_t kFormatVersion = 1;
constexpr std::array<std::string_view, 5> kRoleNames = {"train", "float-buffer", "int-buffer",
                                                        "frozen", "local"};

std::string quoted(const std::string& name) { return "'" + name + "'"; }

std::string text_of(const std::vector<std::uint64_t>& shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (i > 0) text += ", ";
    text += std::to_string(shape[i]);
  }
  return text + "]";
}

// Nothing when there are more than kMaxLength elements. A dimension of zero makes the tensor empty
// whatever the others are.
std::optional<std::uint64_t> count_elements(const std::vector<std::uint64_t>& shape) {
  if (std::find(shape.begin(), shape.end(), 0u) != shape.end()) return 0;
  std::uint64_t count = 1;
  for (const std::uint64_t dimension : shape) {
    if (dimension > kMaxLength / count) return std::nullopt;
    count *= dimension;
  }
  return count;
}

Status check_name(const std::string& name, std::size_t index) {
  const bool printable =
      std::all_of(name.begin(), name.end(), [](char c) { return c >= 0x20 && c <= 0x7e; });
  if (!name.empty() && name.size() <= kMaxTensorName && printable) return {};
  return invalid_argument("tensor " + std::to_string(index) + " of the manifest: a name has 1 to " +
                          std::to_string(kMaxTensorName) +
                          " printable ASCII characters; this one has " +
                          std::to_string(name.size()) + (printable ? "" : ", not all printable"));
}

Status check_role(const Tensor& tensor) {
  const bool wants_float = tensor.is_aggregated();
  const bool wants_int = tensor.role == Role::kIntBuffer;
  if ((wants_float && !is_float(tensor.dtype)) || (wants_int && is_float(tensor.dtype))) {
    return invalid_argument("tensor " + quoted(tensor.name) + " has dtype " +
                            std::string(name_of(tensor.dtype)) + ", but role " +
                            std::string(name_of(tensor.role)) + " needs " +
                            (wants_int ? "an integer" : "a float") + " dtype");
  }
  return {};
}

std::optional<Role> role_from_number(std::uint8_t number) {
  if (number == 0 || number > kRoleNames.size()) return std::nullopt;
  return static_cast<Role>(number);
}

Digest digest_of(const std::vector<Tensor>& tensors) {
  crypto::Transcript transcript("covey/v1/manifest");
  transcript.number(tensors.size());
  for (const Tensor& tensor : tensors) {
    transcript.field(tensor.name)
        .number(static_cast<std::uint64_t>(tensor.dtype))
        .number(static_cast<std::uint64_t>(tensor.role))
        .number(tensor.shape.size());
    for (const std::uint64_t dimension : tensor.shape) transcript.number(dimension);
  }
  return transcript.digest();
}

}  // namespace

std::string_view name_of(Role role) { return kRoleNames[static_cast<std::size_t>(role) - 1]; }

std::optional<Role> role_from_name(std::string_view name) {
  const auto found = std::find(kRoleNames.begin(), kRoleNames.end(), name);
  if (found == kRoleNames.end()) return std::nullopt;
  return static_cast<Role>(found - kRoleNames.begin() + 1);
}

Manifest::Manifest() : digest_(digest_of({})) {}

Result<Manifest> Manifest::create(std::vector<Tensor> tensors) {
  if (tensors.size() > kMaxTensors) {
    return invalid_argument("a manifest has at most " + std::to_string(kMaxTensors) +
                            " tensors; this one has " + std::to_string(tensors.size()));
  }
  Manifest manifest;
  manifest.tensors_ = std::move(tensors);
  COVEY_RETURN_IF_ERROR(manifest.measure());
  manifest.lay_out();
  manifest.digest_ = digest_of(manifest.tensors_);
  return manifest;
}

Status Manifest::measure() {
  std::unordered_set<std::string_view> names;
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < tensors_.size(); ++i) {
    const Tensor& tensor = tensors_[i];
    COVEY_RETURN_IF_ERROR(check_name(tensor.name, i));
    if (!names.insert(tensor.name).second) {
      return invalid_argument("tensor " + quoted(tensor.name) +
                              " occurs twice; names in a manifest are unique");
    }
    COVEY_RETURN_IF_ERROR(check_role(tensor));
    if (tensor.shape.size() > kMaxRank) {
      return invalid_argument("tensor " + quoted(tensor.name) + " has " +
                              std::to_string(tensor.shape.size()) + " dimensions; at most " +
                              std::to_string(kMaxRank) + " are possible");
    }
    const std::optional<std::uint64_t> count = count_elements(tensor.shape);
    if (!count || *count > kMaxLength - total) {
      return invalid_argument("the model has more than " + std::to_string(kMaxLength) +
                              " elements at tensor " + quoted(tensor.name) + " of shape " +
                              text_of(tensor.shape));
    }
    total += *count;
    element_counts_.push_back(*count);
  }
  return {};
}

void Manifest::lay_out() {
  std::uint64_t offset = 0;
  for (const Role role : {Role::kTrain, Role::kFloatBuffer}) {
    for (std::size_t i = 0; i < tensors_.size(); ++i) {
      if (tensors_[i].role != role) continue;
      slices_.push_back({i, offset, element_counts_[i]});
      offset += element_counts_[i];
    }
    if (role == Role::kTrain) train_length_ = offset;
  }
  buffer_length_ = offset - train_length_;
}

Bytes Manifest::to_bytes() const {
  ByteWriter writer;
  writer.u8(kFormatVersion);
  writer.u64(tensors_.size());
  for (const Tensor& tensor : tensors_) {
    writer.sized(view_of(tensor.name));
    writer.u8(static_cast<std::uint8_t>(tensor.dtype));
    writer.u8(static_cast<std::uint8_t>(tensor.role));
    writer.u8(static_cast<std::uint8_t>(tensor.shape.size()));
    for (const std::uint64_t dimension : tensor.shape) writer.u64(dimension);
  }
  return writer.take();
}

Result<Manifest> Manifest::from_bytes(ByteView bytes) {
  const Error damaged{ErrorCode::kDataLoss, "the saved manifest is damaged, or of another version"};
  ByteReader reader(bytes);
  if (reader.u8() != kFormatVersion) return damaged;
  const std::uint64_t count = reader.u64();
  if (!reader.ok() || count > kMaxTensors) return damaged;
  std::vector<Tensor> tensors;
  for (std::uint64_t i = 0; i < count; ++i) {
    Tensor tensor;
    tensor.name = std::string(covey::text_of(reader.sized()));
    const std::optional<DType> dtype = dtype_from_number(reader.u8());
    const std::optional<Role> role = role_from_number(reader.u8());
    const std::uint8_t rank = reader.u8();
    if (!reader.ok() || !dtype || !role || rank > kMaxRank) return damaged;
    tensor.dtype = *dtype;
    tensor.role = *role;
    for (std::uint8_t k = 0; k < rank; ++k) tensor.shape.push_back(reader.u64());
    tensors.push_back(std::move(tensor));
  }
  COVEY_RETURN_IF_ERROR(reader.finish("manifest"));
  return create(std::move(tensors));
}

std::optional<std::string> Manifest::first_difference(const Manifest& other) const {
  const std::size_t common = std::min(tensors_.size(), other.tensors_.size());
  for (std::size_t i = 0; i < common; ++i) {
    const Tensor& here = tensors_[i];
    const Tensor& there = other.tensors_[i];
    if (here == there) continue;
    const std::string what =
        "tensor " + std::to_string(i) + ", " + quoted(here.name) + ": expected ";
    if (here.name != there.name) return what + "this name, found another";
    if (here.dtype != there.dtype) {
      return what + "dtype " + std::string(name_of(here.dtype)) + ", found " +
             std::string(name_of(there.dtype));
    }
    if (here.shape != there.shape) {
      return what + "shape " + text_of(here.shape) + ", found " + text_of(there.shape);
    }
    return what + "role " + std::string(name_of(here.role)) + ", found " +
           std::string(name_of(there.role));
  }
  if (tensors_.size() > common) {
    return "tensor " + std::to_string(common) + ", " + quoted(tensors_[common].name) +
           ": expected, but there are only " + std::to_string(common) + " tensors";
  }
  if (other.tensors_.size() > common) {
    const std::string after = common == 0 ? "" : " after " + quoted(tensors_.back().name);
    return "expected no tensor" + after + ", found " +
           std::to_string(other.tensors_.size() - common) + " more";
  }
  return std::nullopt;
}

}  // namespace covey::ring
