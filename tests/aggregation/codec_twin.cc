#include "aggregation/codec_twin.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "covey/aggregation/ring/counters.h"
#include "covey/aggregation/ring/rotation.h"
#include "covey/crypto/mask_expander.h"
#include "covey/crypto/transcript.h"

namespace covey::ring::twin {
namespace {

constexpr std::size_t kNoiseLanes = 4096;

void flip_signs(std::span<float> block, const SecretKey& key, std::uint64_t index) {
  std::vector<std::uint32_t> bits((block.size() + 31) / 32);
  crypto::MaskExpander().add<std::uint32_t>(key, index, 0, bits);
  for (std::size_t i = 0; i < block.size(); ++i) {
    const std::uint32_t sign = ((bits[i / 32] >> (i % 32)) & 1u) << 31;
    block[i] = std::bit_cast<float>(std::bit_cast<std::uint32_t>(block[i]) ^ sign);
  }
}

std::span<float> block_at(std::span<float> values, std::uint64_t size, std::uint64_t index) {
  return values.subspan(std::min(index * size, values.size() - size), size);
}

SecretKey rotation_key(const Digest& public_seed) {
  return SecretKey(crypto::Transcript("covey/v1/rotation").field(public_seed).digest());
}

}  // namespace

void difference(std::span<const float> updated, std::span<const float> global,
                std::span<float> out) {
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = updated[i] - global[i];
}

bool all_finite(std::span<const float> values) {
  bool finite = true;
  for (const float value : values) finite &= std::isfinite(value);
  return finite;
}

// Sums of every eighth square, added up at the end.
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

void scale(std::span<float> values, double factor) {
  for (float& value : values) value = static_cast<float>(value * factor);
}

// Every pair at distance 1, 2, 4, … becomes its sum and its difference.
void hadamard(std::span<float> block) {
  for (std::size_t half = 1; half < block.size(); half *= 2) {
    for (std::size_t start = 0; start < block.size(); start += 2 * half) {
      for (std::size_t i = start; i < start + half; ++i) {
        const float sum = block[i] + block[i + half];
        const float difference = block[i] - block[i + half];
        block[i] = sum;
        block[i + half] = difference;
      }
    }
  }
  const float factor = static_cast<float>(1.0 / std::sqrt(static_cast<double>(block.size())));
  for (float& value : block) value *= factor;
}

void rotate(std::span<float> values, const Digest& public_seed) {
  const SecretKey key = rotation_key(public_seed);
  const std::uint64_t size = rotation_block(values.size());
  for (std::uint64_t i = 0; i * size < values.size(); ++i) {
    const std::span<float> block = block_at(values, size, i);
    flip_signs(block, key, i);
    hadamard(block);
  }
}

void unrotate(std::span<float> values, const Digest& public_seed) {
  const SecretKey key = rotation_key(public_seed);
  const std::uint64_t size = rotation_block(values.size());
  for (std::uint64_t i = (values.size() + size - 1) / size; i-- > 0;) {
    const std::span<float> block = block_at(values, size, i);
    hadamard(block);
    flip_signs(block, key, i);
  }
}

void noise(const SecretKey& key, std::uint64_t first, std::span<std::uint32_t> out) {
  crypto::MaskExpander expander;
  for (std::size_t start = 0; start < out.size(); start += kNoiseLanes) {
    const auto lanes = out.subspan(start, std::min(kNoiseLanes, out.size() - start));
    std::fill(lanes.begin(), lanes.end(), 0u);
    expander.add<std::uint32_t>(key, 0, first + start, lanes);
  }
}

std::uint64_t Quantizer::level(double value, std::uint32_t noise) const {
  const double top = static_cast<double>(max_level);
  const double exact = std::min((value + range) * (top / (2 * range)), top);
  return (static_cast<std::uint64_t>(static_cast<std::int64_t>(exact * 0x1p32)) + noise) >> 32;
}

double Quantizer::weighted_value(std::uint64_t sum, std::uint64_t weight) const {
  const std::uint64_t missing = max_level * weight - sum;
  const std::uint64_t negative = sum < missing ? 1 : 0;
  const std::uint64_t magnitude = ((sum - missing) ^ (0 - negative)) + negative;
  const double twice = static_cast<double>(magnitude) * (negative != 0 ? -1.0 : 1.0);
  return twice * (range / static_cast<double>(max_level));
}

template <typename Lane>
std::uint64_t quantize(std::span<const float> values, std::span<const std::uint32_t> noise,
                       const Quantizer& quantizer, std::uint64_t weight, std::span<Lane> out) {
  std::uint64_t clipped = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double value = values[i];
    const double inside = std::min(std::max(value, -quantizer.range), quantizer.range);
    clipped += inside != value ? 1u : 0u;
    out[i] = static_cast<Lane>(weight * quantizer.level(inside, noise[i]));
  }
  return clipped;
}

template <typename Lane>
bool dequantize(std::span<const Lane> lanes, std::uint32_t bits, const Quantizer& quantizer,
                std::uint64_t weight, std::span<float> out) {
  const std::uint64_t mask = ~std::uint64_t{0} >> (64 - bits);
  const std::uint64_t largest = weight * quantizer.max_level;
  bool possible = true;
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    const std::uint64_t element = lanes[i] & mask;
    possible &= element <= largest;
    out[i] = static_cast<float>(quantizer.weighted_value(element, weight));
  }
  return possible;
}

RingVector encode(const CodecParameters& parameters, std::vector<float> difference,
                  std::uint64_t weight, crypto::Random& random) {
  const CodecSettings& settings = parameters.settings();
  RingVector vector = RingVector::zeros(parameters.shape());
  Counters counters;
  counters.devices = 1;
  if (weight > 0) {
    counters.weight = std::min(weight, settings.max_weight);
    counters.capped_weights = weight > settings.max_weight ? 1 : 0;
    const std::uint64_t length = parameters.train_length();
    const std::span<float> values(difference);
    if (const auto* l2 = std::get_if<L2Clip>(&settings.clipping)) {
      const double norm = l2_norm(values.first(length));
      if (norm > l2->bound) scale(values.first(length), l2->bound / norm);
      counters.clipped_devices = norm > l2->bound ? 1 : 0;
    }
    if (settings.rotation_seed) rotate(values.first(length), *settings.rotation_seed);
    std::vector<std::uint32_t> lanes(difference.size());
    noise(random.secret_key(), 0, lanes);
    const std::span<const std::uint32_t> drawn(lanes);
    const Quantizer train{parameters.train_range(), parameters.max_level()};
    const Quantizer buffer{parameters.buffer_range(), parameters.max_level()};
    counters.clipped_coordinates = std::visit(
        [&]<typename Lane>(std::vector<Lane>& elements) {
          const std::span<Lane> out(elements);
          return quantize(std::span<const float>(values.first(length)), drawn.first(length), train,
                          counters.weight, out.first(length)) +
                 quantize(std::span<const float>(values.subspan(length)), drawn.subspan(length),
                          buffer, counters.weight, out.subspan(length));
        },
        vector.elements);
  }
  counters.encode(vector.counters);
  return vector;
}

void add(RingVector& sum, const RingVector& other) {
  std::visit(
      [&]<typename Lane>(std::vector<Lane>& lanes) {
        const auto& added = std::get<std::vector<Lane>>(other.elements);
        for (std::size_t i = 0; i < lanes.size(); ++i) {
          lanes[i] = static_cast<Lane>(lanes[i] + added[i]);
        }
      },
      sum.elements);
  for (std::size_t i = 0; i < sum.counters.size(); ++i) sum.counters[i] += other.counters[i];
}

std::optional<std::vector<float>> decode(const CodecParameters& parameters, const RingVector& sum,
                                         std::uint64_t weight) {
  const std::uint64_t length = parameters.train_length();
  std::vector<float> decoded(parameters.shape().length);
  const std::span<float> out(decoded);
  const Quantizer train{parameters.train_range(), parameters.max_level()};
  const Quantizer buffer{parameters.buffer_range(), parameters.max_level()};
  const std::uint32_t bits = parameters.shape().bits;
  const bool possible = std::visit(
      [&](const auto& elements) {
        const std::span lanes(elements);
        return dequantize(lanes.first(length), bits, train, weight, out.first(length)) &&
               dequantize(lanes.subspan(length), bits, buffer, weight, out.subspan(length));
      },
      sum.elements);
  if (!possible) return std::nullopt;
  const CodecSettings& settings = parameters.settings();
  if (settings.rotation_seed) unrotate(out.first(length), *settings.rotation_seed);
  return decoded;
}

#define COVEY_INSTANTIATE(Lane)                                                                   \
  template std::uint64_t quantize(std::span<const float>, std::span<const std::uint32_t>,         \
                                  const Quantizer&, std::uint64_t, std::span<Lane>);              \
  template bool dequantize(std::span<const Lane>, std::uint32_t, const Quantizer&, std::uint64_t, \
                           std::span<float>);
COVEY_INSTANTIATE(std::uint16_t)
COVEY_INSTANTIATE(std::uint32_t)
COVEY_INSTANTIATE(std::uint64_t)
#undef COVEY_INSTANTIATE

}  // namespace covey::ring::twin
