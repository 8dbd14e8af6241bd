#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "covey/aggregation/ring/codec_parameters.h"
#include "covey/aggregation/ring/encoder.h"
#include "covey/aggregation/ring/ring_vector.h"
#include "covey/base/secret.h"

// The ring codec as one would write it down: one element after another, one step after another. The
// codec proper must give the same bits; covey-bench-codec measures one against the other.
namespace covey::ring::twin {

void difference(std::span<const float> updated, std::span<const float> global,
                std::span<float> out);
bool all_finite(std::span<const float> values);
double l2_norm(std::span<const float> values);
void scale(std::span<float> values, double factor);
void hadamard(std::span<float> block);
void rotate(std::span<float> values, const Digest& public_seed);
void unrotate(std::span<float> values, const Digest& public_seed);
// noise[i] = lane `first` + i of the key's keystream, 4096 lanes a call.
void noise(const SecretKey& key, std::uint64_t first, std::span<std::uint32_t> out);

// The map between [-range, range] and the levels 0 … max_level, in 64-bit integers.
struct Quantizer {
  double range = 1;
  std::uint64_t max_level = 1;

  std::uint64_t level(double value, std::uint32_t noise) const;
  double weighted_value(std::uint64_t sum, std::uint64_t weight) const;
};

// weight · level of every value; returns how many lay outside the range.
template <typename Lane>
std::uint64_t quantize(std::span<const float> values, std::span<const std::uint32_t> noise,
                       const Quantizer& quantizer, std::uint64_t weight, std::span<Lane> out);
// False when an element is larger than any sum of levels with this weight.
template <typename Lane>
bool dequantize(std::span<const Lane> lanes, std::uint32_t bits, const Quantizer& quantizer,
                std::uint64_t weight, std::span<float> out);

// `difference` is finite, and there are no metrics.
RingVector encode(const CodecParameters& parameters, std::vector<float> difference,
                  std::uint64_t weight, crypto::Random& random);
void add(RingVector& sum, const RingVector& other);
// Of the elements of a sum whose weights are `weight`; nothing when one of them is too large.
std::optional<std::vector<float>> decode(const CodecParameters& parameters, const RingVector& sum,
                                         std::uint64_t weight);

}  // namespace covey::ring::twin
