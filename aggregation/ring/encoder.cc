#include "covey/aggregation/ring/encoder.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "covey/aggregation/ring/counters.h"
#include "covey/aggregation/ring/rotation.h"
#include "covey/base/check.h"
#include "covey/crypto/mask_expander.h"
#include "kernels.h"

namespace covey::ring {
namespace {

constexpr std::size_t kNoiseBlock = 4096;  // elements whose rounding noise is made at a time

Status check_lengths(const Manifest& manifest, const CodecParameters& parameters,
                     std::size_t difference, std::size_t metrics) {
  if (manifest.digest() != parameters.manifest_digest()) {
    return invalid_argument("the codec parameters were made for another manifest");
  }
  if (difference != parameters.shape().length) {
    return invalid_argument("expected a difference of " +
                            std::to_string(parameters.shape().length) + " elements, found " +
                            std::to_string(difference));
  }
  if (metrics != parameters.settings().metrics) {
    return invalid_argument("expected " + std::to_string(parameters.settings().metrics) +
                            " metrics, found " + std::to_string(metrics));
  }
  return {};
}

bool is_finite(std::span<const float> values) {
  return std::isfinite(kernels().sum_of_squares(values));
}

Error not_finite(const Manifest& manifest, std::span<const float> difference) {
  const Slice* found = nullptr;
  for (const Slice& slice : manifest.slices()) {
    if (found == nullptr && !is_finite(difference.subspan(slice.offset, slice.count))) {
      found = &slice;
    }
  }
  COVEY_CHECK(found != nullptr);  // the slices cover the vector
  return invalid_argument("tensor '" + manifest.tensors()[found->tensor].name +
                          "' is not finite after training; nothing was encoded");
}

// Whether the vector of this L2 norm was longer than `bound`, and now is not.
bool clip_l2(std::span<float> values, double norm, double bound) {
  if (norm <= bound) return false;
  kernels().scale(values, bound / norm);
  return true;
}

// Rounding noise: secret, or who sees the sum learns more than the sum; a lane of keystream for
// each element.
class RoundingNoise {
 public:
  explicit RoundingNoise(crypto::Random& random) : key_(random.secret_key()) {}
  RoundingNoise(const RoundingNoise&) = delete;
  RoundingNoise& operator=(const RoundingNoise&) = delete;
  ~RoundingNoise() {
    wipe({reinterpret_cast<std::uint8_t*>(lanes_.data()), lanes_.size() * sizeof(lanes_[0])});
  }

  std::span<const std::uint32_t> block(std::uint64_t first, std::size_t count) {
    const auto lanes = std::span<std::uint32_t>(lanes_).first(count);
    std::fill(lanes.begin(), lanes.end(), 0u);
    expander_.add<std::uint32_t>(key_, 0, first, lanes);
    return lanes;
  }

 private:
  SecretKey key_;
  crypto::MaskExpander expander_;
  alignas(64) std::array<std::uint32_t, kNoiseBlock> lanes_;
};

// Writes weight · level of every value and returns how many lay outside the range.
template <typename Lane>
std::uint64_t quantize(std::span<const float> values, const Quantizer& quantizer,
                       std::uint64_t weight, std::uint64_t first, RoundingNoise& noise,
                       std::span<Lane> out) {
  const auto quantize_block = kernels().lanes<Lane>().quantize;
  std::uint64_t clipped = 0;
  for (std::size_t start = 0; start < values.size(); start += kNoiseBlock) {
    const std::size_t count = std::min(kNoiseBlock, values.size() - start);
    clipped += quantize_block(values.subspan(start, count), noise.block(first + start, count),
                              quantizer, weight, out.subspan(start, count));
  }
  return clipped;
}

Status count_metrics(const Contribution& contribution, const CodecParameters& parameters,
                     Counters& counters) {
  for (std::size_t i = 0; i < contribution.metrics.size(); ++i) {
    auto metric = quantize_metric(contribution.metrics[i], parameters.metric_limit());
    if (!metric) return invalid_argument("metric " + std::to_string(i) + " is not a finite number");
    counters.weighted_metrics[i] = static_cast<std::int64_t>(counters.weight) * metric->steps;
    counters.saturated_metrics += metric->saturated ? 1u : 0u;
  }
  return {};
}

std::uint64_t encode_elements(const CodecParameters& parameters, std::span<const float> values,
                              std::uint64_t weight, RoundingNoise& noise, LaneVector& elements) {
  const std::uint64_t train = parameters.train_length();
  const Quantizer train_quantizer{parameters.train_range(), parameters.max_level()};
  const Quantizer buffer_quantizer{parameters.buffer_range(), parameters.max_level()};
  return std::visit(
      [&](auto& lanes) {
        const std::span out(lanes);
        return quantize(values.first(train), train_quantizer, weight, 0, noise, out.first(train)) +
               quantize(values.subspan(train), buffer_quantizer, weight, train, noise,
                        out.subspan(train));
      },
      elements);
}

// A vector whose lanes are all written over, unless `zero` asks for zeros.
RingVector vector_of(const RingShape& shape, RingVector reused, bool zero) {
  if (zero || !reused.has_shape(shape)) return RingVector::zeros(shape);
  return reused;
}

}  // namespace

Result<RingVector> encode_update(const Manifest& manifest, const CodecParameters& parameters,
                                 std::span<float> difference, const Contribution& contribution,
                                 crypto::Random& random, RingVector reused) {
  COVEY_RETURN_IF_ERROR(
      check_lengths(manifest, parameters, difference.size(), contribution.metrics.size()));
  const CodecSettings& settings = parameters.settings();
  RingVector vector = vector_of(parameters.shape(), std::move(reused), contribution.weight == 0);
  Counters counters;
  counters.devices = 1;
  counters.weighted_metrics.resize(settings.metrics);
  if (contribution.weight > 0) {
    const std::span<float> train = difference.first(parameters.train_length());
    const double norm = std::sqrt(kernels().sum_of_squares(train));
    if (!std::isfinite(norm) || !is_finite(difference.subspan(train.size()))) {
      return not_finite(manifest, difference);
    }
    counters.weight = std::min(contribution.weight, settings.max_weight);
    counters.capped_weights = contribution.weight > settings.max_weight ? 1 : 0;
    COVEY_RETURN_IF_ERROR(count_metrics(contribution, parameters, counters));
    if (const auto* l2 = std::get_if<L2Clip>(&settings.clipping)) {
      counters.clipped_devices = clip_l2(train, norm, l2->bound) ? 1 : 0;
    }
    if (settings.rotation_seed) rotate(train, *settings.rotation_seed);
    RoundingNoise noise(random);
    counters.clipped_coordinates =
        encode_elements(parameters, difference, counters.weight, noise, vector.elements);
  }
  counters.encode(vector.counters);
  return vector;
}

}  // namespace covey::ring
