#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "covey/aggregation/ring/manifest.h"
#include "covey/aggregation/ring/ring_vector.h"

namespace covey::ring {

inline constexpr std::uint32_t kMinQuantizationBits = 2;
inline constexpr std::uint32_t kMaxQuantizationBits = 24;  // a float32 holds no more
inline constexpr std::uint64_t kMaxDevices = std::uint64_t{1} << 20;
inline constexpr std::uint64_t kMaxWeight = std::uint64_t{1} << 40;

// The difference of the trained tensors as one vector is scaled down to this L2 norm. Each
// coordinate is then quantized over
// [-coordinate_range, coordinate_range]; what lies outside is moved to the edge and counted.
// Default: with rotation bound · min(1, 6 / sqrt(B)), B the rotation's block, which a rotated
// coordinate passes with probability under 2^-24 even if one block has the whole norm; without
// rotation the bound itself, which never moves a coordinate but wastes levels on long vectors:
// rotate, or set it.
struct L2Clip {
  double bound = 1.0;
  std::optional<double> coordinate_range;  // at most `bound`
};
// Each coordinate of the difference is clipped to [-range, range]. Not together with rotation,
// which mixes coordinates.
struct RangeClip {
  double range = 1.0;
};
using Clipping = std::variant<L2Clip, RangeClip>;

// What a plan says about the codec; the same on every device and on the coordinator.
struct CodecSettings {
  std::uint64_t max_devices = 0;  // n: devices in one sum
  std::uint64_t max_weight = 0;   // w: a larger weight is capped and counted
  std::uint32_t quantization_bits = 8;
  std::optional<std::uint32_t> ring_bits;  // empty: the smallest that has room
  Clipping clipping = L2Clip{};
  double buffer_range = 0;  // of float buffers' differences, per coordinate; needed when the
                            // manifest has such tensors
  std::optional<Digest> rotation_seed;  // public; empty: no rotation
  std::uint32_t metrics = 0;            // each a weighted sum
};

// Settings that were proven to fit a manifest: no sum over them can leave the ring or a counter.
// Immutable; safe to read from many threads.
//
// Quantization: q bits give the levels 0 … M, M = 2^q - 1, for -r … r in equal steps of 2r / M:
//   level(x) = (x + r) / (2r) · M, rounded up with the probability of its fraction, else down.
// A device adds weight · level. The n-fold sum is at most n · w · M, which is below 2^b; the sum of
// weights takes the offset out again: sum of w·x = r · (2 · sum of w·level - M · sum of w) / M.
class CodecParameters {
 public:
  // kInvalidArgument; where the ring has no room, with the legal values of each setting.
  static Result<CodecParameters> create(const Manifest& manifest, const CodecSettings& settings);

  const CodecSettings& settings() const { return settings_; }
  const RingShape& shape() const { return shape_; }
  std::uint64_t max_level() const { return (std::uint64_t{1} << settings_.quantization_bits) - 1; }
  double train_range() const { return train_range_; }
  double buffer_range() const { return settings_.buffer_range; }
  std::uint64_t train_length() const { return train_length_; }
  std::uint64_t buffer_length() const { return shape_.length - train_length_; }
  // The largest magnitude of a metric, in steps of 2^-20, before it is multiplied by the weight.
  std::uint64_t metric_limit() const { return metric_limit_; }
  const Digest& manifest_digest() const { return manifest_digest_; }
  // Over the manifest's digest and everything above.
  const Digest& digest() const { return digest_; }

 private:
  CodecParameters() = default;

  CodecSettings settings_;
  RingShape shape_;
  double train_range_ = 0;
  std::uint64_t train_length_ = 0;
  std::uint64_t metric_limit_ = 0;
  Digest manifest_digest_{};
  Digest digest_{};
};

}  // namespace covey::ring
