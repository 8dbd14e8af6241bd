#include "covey/aggregation/ring/decoder.h"

#include <span>
#include <string>

#include "covey/aggregation/ring/rotation.h"
#include "kernels.h"

namespace covey::ring {
namespace {

Error wrong_sum(std::uint64_t survivors, const std::string& why) {
  return {ErrorCode::kDataLoss, "the sum is not what " + std::to_string(survivors) +
                                    " devices sent: " + why + "; the round's result is unusable"};
}

std::uint64_t magnitude(std::int64_t value) {
  const auto bits = static_cast<std::uint64_t>(value);
  return value < 0 ? 0 - bits : bits;
}

// Products of limits do not overflow: CodecParameters has proven that n · w · (2^q - 1) and n · w ·
// metric_limit fit.
Status check_counters(const CodecParameters& parameters, const Counters& counters,
                      std::uint64_t survivors) {
  if (counters.devices != survivors) return wrong_sum(survivors, "it counts another number");
  if (counters.weight > survivors * parameters.settings().max_weight) {
    return wrong_sum(survivors, "the sum of weights is over the caps");
  }
  const std::uint64_t length = parameters.shape().length;
  if (counters.capped_weights > survivors || counters.clipped_devices > survivors ||
      counters.clipped_coordinates > survivors * length ||
      counters.saturated_metrics > survivors * parameters.settings().metrics) {
    return wrong_sum(survivors, "a clip count is larger than possible");
  }
  for (const std::int64_t metric : counters.weighted_metrics) {
    if (magnitude(metric) > counters.weight * parameters.metric_limit()) {
      return wrong_sum(survivors, "a metric is larger than possible");
    }
  }
  return {};
}

}  // namespace

Result<DecodedSum> decode_sum(const CodecParameters& parameters, const RingVector& sum,
                              std::uint64_t survivors) {
  if (!sum.has_shape(parameters.shape())) {
    return invalid_argument("the sum has another shape than the codec parameters say");
  }
  const CodecSettings& settings = parameters.settings();
  if (survivors == 0 || survivors > settings.max_devices) {
    return invalid_argument("a sum is over 1 to " + std::to_string(settings.max_devices) +
                            " devices, not " + std::to_string(survivors));
  }
  DecodedSum decoded;
  decoded.counters = Counters::decode(sum.counters);
  COVEY_RETURN_IF_ERROR(check_counters(parameters, decoded.counters, survivors));

  const std::uint64_t train = parameters.train_length();
  const std::uint64_t weight = decoded.counters.weight;
  const std::uint32_t bits = parameters.shape().bits;
  decoded.weighted_differences.resize(parameters.shape().length);
  const std::span<float> out(decoded.weighted_differences);
  const Quantizer train_quantizer{parameters.train_range(), parameters.max_level()};
  const Quantizer buffer_quantizer{parameters.buffer_range(), parameters.max_level()};
  const bool possible = std::visit(
      [&]<typename Lane>(const std::vector<Lane>& vector) {
        const std::span lanes(vector);
        const auto dequantize = kernels().lanes<Lane>().dequantize;
        return dequantize(lanes.first(train), bits, train_quantizer, weight, out.first(train)) &&
               dequantize(lanes.subspan(train), bits, buffer_quantizer, weight, out.subspan(train));
      },
      sum.elements);
  if (!possible) return wrong_sum(survivors, "an element is larger than their weights allow");
  if (settings.rotation_seed) unrotate(out.first(train), *settings.rotation_seed);
  return decoded;
}

}  // namespace covey::ring
