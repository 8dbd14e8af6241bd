#include "covey/aggregation/ring/encoder.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "covey/aggregation/ring/counters.h"
#include "covey/aggregation/ring/rotation.h"
#include "covey/crypto/mask_expander.h"
#include "quantizer.h"

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

Status check_finite(const Manifest& manifest, std::span<const float> difference) {
  for (const Slice& slice : manifest.slices()) {
    const auto values = difference.subspan(slice.offset, slice.count);
    bool finite = true;
    for (const float value : values) finite &= std::isfinite(value);
    if (!finite) {
      return invalid_argument("tensor '" + manifest.tensors()[slice.tensor].name +
                              "' is not finite after training; nothing was encoded");
    }
  }
  return {};
}

// Eight sums in turns, always the same, so that compilers can keep them in vector registers.
double l2_norm(std::span<const float> values) {
  std::array<double, 8> sums{};
  std::size_t i = 0;
  for (; i + sums.size() <= values.size(); i += sums.size()) {
    for (std::size_t k = 0; k < sums.size(); ++k) {
      const double value = values[i + k];
      sums[k] += value * value;
    }
  }
  double total = 0;
  for (; i < values.size(); ++i) total += static_cast<double>(values[i]) * values[i];
  for (const double sum : sums) total += sum;
  return std::sqrt(total);
}

// Whether the vector was longer than `bound`, and now is not.
bool clip_l2(std::span<float> values, double bound) {
  const double norm = l2_norm(values);
  if (norm <= bound) return false;
  const double factor = bound / norm;
  for (float& value : values) value = static_cast<float>(value * factor);
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
  std::array<std::uint32_t, kNoiseBlock> lanes_;
};

// Writes weight · level of every value and returns how many lay outside the range. Head-room:
// weight · max_level fits a lane.
template <typename Lane>
std::uint64_t quantize(std::span<const float> values, const Quantizer& quantizer,
                       std::uint64_t weight, std::uint64_t first, RoundingNoise& noise,
                       std::span<Lane> out) {
  std::uint64_t clipped = 0;
  for (std::size_t start = 0; start < values.size(); start += kNoiseBlock) {
    const std::size_t count = std::min(kNoiseBlock, values.size() - start);
    const auto random = noise.block(first + start, count);
    for (std::size_t i = 0; i < count; ++i) {
      const double value = values[start + i];
      const double inside = std::min(std::max(value, -quantizer.range), quantizer.range);
      clipped += inside != value ? 1u : 0u;
      out[start + i] = static_cast<Lane>(weight * quantizer.level(inside, random[i]));
    }
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

}  // namespace

Result<RingVector> encode_update(const Manifest& manifest, const CodecParameters& parameters,
                                 std::span<float> difference, const Contribution& contribution,
                                 crypto::Random& random) {
  COVEY_RETURN_IF_ERROR(
      check_lengths(manifest, parameters, difference.size(), contribution.metrics.size()));
  const CodecSettings& settings = parameters.settings();
  RingVector vector = RingVector::zeros(parameters.shape());
  Counters counters;
  counters.devices = 1;
  counters.weighted_metrics.resize(settings.metrics);
  if (contribution.weight > 0) {
    COVEY_RETURN_IF_ERROR(check_finite(manifest, difference));
    counters.weight = std::min(contribution.weight, settings.max_weight);
    counters.capped_weights = contribution.weight > settings.max_weight ? 1 : 0;
    COVEY_RETURN_IF_ERROR(count_metrics(contribution, parameters, counters));
    const std::span<float> train = difference.first(parameters.train_length());
    if (const auto* l2 = std::get_if<L2Clip>(&settings.clipping)) {
      counters.clipped_devices = clip_l2(train, l2->bound) ? 1 : 0;
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
