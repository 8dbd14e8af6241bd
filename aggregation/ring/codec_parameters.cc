#include "covey/aggregation/ring/codec_parameters.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>

#include "covey/aggregation/ring/counters.h"
#include "covey/aggregation/ring/rotation.h"
#include "covey/crypto/transcript.h"

namespace covey::ring {
namespace {

constexpr double kRotatedTail = 6.0;  // standard deviations of a rotated coordinate
constexpr double kSmallestRange = 1e-30;
constexpr double kLargestRange = 1e30;

std::string text(std::uint64_t number) { return std::to_string(number); }
std::uint64_t max_level(std::uint32_t q) { return (std::uint64_t{1} << q) - 1; }
std::uint64_t max_element(std::uint32_t b) { return ~std::uint64_t{0} >> (64 - b); }

// n · w · (2^q - 1) < 2^b, in divisions, which cannot overflow: n (2^q - 1) is below 2^44.
bool has_room(std::uint64_t n, std::uint64_t w, std::uint32_t q, std::uint32_t b) {
  return w <= max_element(b) / (n * max_level(q));
}

std::optional<std::uint32_t> smallest_ring(std::uint64_t n, std::uint64_t w, std::uint32_t q) {
  for (std::uint32_t b = 2; b <= 64; ++b) {
    if (has_room(n, w, q, b)) return b;
  }
  return std::nullopt;
}

std::uint32_t largest_quantization(std::uint64_t n, std::uint64_t w, std::uint32_t b) {
  std::uint32_t q = kMaxQuantizationBits;
  while (q >= kMinQuantizationBits && !has_room(n, w, q, b)) --q;
  return q < kMinQuantizationBits ? 0 : q;
}

// Whether a setting by itself can be made to fit, and how.
std::string legal(const char* name, std::uint64_t value, bool at_least = false) {
  if (value == 0) return std::string("no ") + name;
  return std::string(name) + (at_least ? " >= " : " <= ") + text(value);
}

Error no_room(const CodecSettings& settings, std::uint32_t b) {
  const std::uint64_t n = settings.max_devices;
  const std::uint64_t w = settings.max_weight;
  const std::uint32_t q = settings.quantization_bits;
  const std::uint64_t room = max_element(b) / max_level(q);
  return invalid_argument("a sum of " + text(n) + " devices with weights up to " + text(w) +
                          " and " + text(q) + " quantization bits does not fit a ring of " +
                          text(b) +
                          " bits; with the other settings as they are, any one of these fits: " +
                          legal("ring_bits", smallest_ring(n, w, q).value_or(0), true) + ", " +
                          legal("max_weight", std::min(room / n, kMaxWeight)) + ", " +
                          legal("max_devices", std::min(room / w, kMaxDevices)) + ", " +
                          legal("quantization_bits", largest_quantization(n, w, b)));
}

Status check_count(const char* name, std::uint64_t value, std::uint64_t low, std::uint64_t high) {
  if (value >= low && value <= high) return {};
  return invalid_argument(std::string(name) + " is " + text(low) + " to " + text(high) + ", not " +
                          text(value));
}

Status check_range(const char* name, double value) {
  if (value >= kSmallestRange && value <= kLargestRange) return {};  // no NaN passes
  return invalid_argument(std::string(name) + " is a number from 1e-30 to 1e30, not " +
                          std::to_string(value));
}

Status check_settings(const Manifest& manifest, const CodecSettings& settings) {
  COVEY_RETURN_IF_ERROR(check_count("max_devices", settings.max_devices, 1, kMaxDevices));
  COVEY_RETURN_IF_ERROR(check_count("max_weight", settings.max_weight, 1, kMaxWeight));
  COVEY_RETURN_IF_ERROR(check_count("quantization_bits", settings.quantization_bits,
                                    kMinQuantizationBits, kMaxQuantizationBits));
  COVEY_RETURN_IF_ERROR(check_count("ring_bits", settings.ring_bits.value_or(2), 2, 64));
  COVEY_RETURN_IF_ERROR(
      check_count("metrics", settings.metrics, 0, kMaxCounters - kFirstMetricLane));
  if (manifest.buffer_length() > 0) {
    COVEY_RETURN_IF_ERROR(check_range("buffer_range", settings.buffer_range));
  } else if (settings.buffer_range != 0) {
    return invalid_argument(
        "buffer_range is set, but the manifest has no float buffers; leave it 0");
  }
  return {};
}

Result<double> train_range_of(const CodecSettings& settings, std::uint64_t train_length) {
  if (const auto* range = std::get_if<RangeClip>(&settings.clipping)) {
    COVEY_RETURN_IF_ERROR(check_range("the clipping range", range->range));
    if (settings.rotation_seed) {
      return invalid_argument(
          "rotation needs an L2 clip; a clip per coordinate does not survive it");
    }
    return range->range;
  }
  const auto& l2 = std::get<L2Clip>(settings.clipping);
  COVEY_RETURN_IF_ERROR(check_range("the L2 clip bound", l2.bound));
  if (l2.coordinate_range) {
    COVEY_RETURN_IF_ERROR(check_range("coordinate_range", *l2.coordinate_range));
    if (*l2.coordinate_range > l2.bound) {
      return invalid_argument(
          "coordinate_range is over the L2 clip bound, which no coordinate passes");
    }
    return *l2.coordinate_range;
  }
  if (!settings.rotation_seed) return l2.bound;
  const double block = static_cast<double>(rotation_block(train_length));
  return l2.bound * std::min(1.0, kRotatedTail / std::sqrt(block));
}

Result<std::uint64_t> metric_limit_of(const CodecSettings& settings) {
  const std::uint64_t limit = kMaxWeightedMetricSum / settings.max_devices / settings.max_weight;
  if (settings.metrics > 0 && limit < kMetricOne) {
    const std::uint64_t product = kMaxWeightedMetricSum / kMetricOne;
    return invalid_argument("metrics leave no room for max_devices · max_weight over " +
                            text(product) + ": lower one of them");
  }
  return std::min(limit, kMaxMetricSteps);
}

std::uint64_t bits_of(double value) { return std::bit_cast<std::uint64_t>(value); }

}  // namespace

Result<CodecParameters> CodecParameters::create(const Manifest& manifest,
                                                const CodecSettings& settings) {
  COVEY_RETURN_IF_ERROR(check_settings(manifest, settings));
  const std::uint64_t n = settings.max_devices;
  const std::uint64_t w = settings.max_weight;
  const std::uint32_t q = settings.quantization_bits;
  const std::uint32_t bits = settings.ring_bits.value_or(smallest_ring(n, w, q).value_or(64));
  if (!has_room(n, w, q, bits)) return no_room(settings, bits);

  CodecParameters parameters;
  COVEY_ASSIGN_OR_RETURN(parameters.train_range_,
                         train_range_of(settings, manifest.train_length()));
  COVEY_ASSIGN_OR_RETURN(parameters.metric_limit_, metric_limit_of(settings));
  parameters.settings_ = settings;
  parameters.settings_.ring_bits = bits;
  parameters.shape_ = {bits, manifest.flat_length(),
                       static_cast<std::uint32_t>(kFirstMetricLane) + settings.metrics};
  COVEY_RETURN_IF_ERROR(validate(parameters.shape_));
  parameters.train_length_ = manifest.train_length();
  parameters.manifest_digest_ = manifest.digest();

  const auto* l2 = std::get_if<L2Clip>(&settings.clipping);
  crypto::Transcript transcript("covey/v1/codec-parameters");
  transcript.field(manifest.digest()).number(n).number(w).number(q).number(bits);
  transcript.number(l2 ? 1 : 2).number(bits_of(l2 ? l2->bound : 0.0));
  transcript.number(bits_of(parameters.train_range_)).number(bits_of(settings.buffer_range));
  transcript.number(settings.rotation_seed ? 1 : 0);
  if (settings.rotation_seed) transcript.field(*settings.rotation_seed);
  parameters.digest_ = transcript.number(settings.metrics).digest();
  return parameters;
}

}  // namespace covey::ring
