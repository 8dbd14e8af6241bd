#pragma once

#include <span>
#include <vector>

#include "covey/aggregation/ring/codec_parameters.h"
#include "covey/crypto/random.h"

namespace covey::ring {

// What a device reports beside its difference.
struct Contribution {
  std::uint64_t weight = 0;     // usually the number of examples; 0: nothing to contribute
  std::vector<double> metrics;  // means over the device's examples; as many as the settings say
};

// One device's part of the sum: the difference (new parameters minus global ones, in the order of
// the manifest's flat vector) is checked, clipped, rotated if the settings say so, rounded
// stochastically with a secret 256-bit key drawn from `random`, and multiplied by the capped
// weight. With weight 0 the elements, the weight and the metrics are zero and the device is
// counted; the difference is then not looked at.
//
// `difference` is scratch space and holds nothing useful afterwards, so that the ring vector is the
// only memory used; that of `reused`, where it has the shape: who encodes device after device
// passes the last one's vector, since the pages of a new one can cost more than the encoding.
//
// kInvalidArgument when a value is NaN or infinite (names the tensor, or the metric by its index),
// or when `parameters` were made for another manifest, or on wrong lengths.
Result<RingVector> encode_update(const Manifest& manifest, const CodecParameters& parameters,
                                 std::span<float> difference, const Contribution& contribution,
                                 crypto::Random& random, RingVector reused = {});

}  // namespace covey::ring
