#pragma once

#include <vector>

#include "covey/aggregation/ring/codec_parameters.h"
#include "covey/aggregation/ring/counters.h"

namespace covey::ring {

// What a sum over devices means: the input of a merging strategy.
struct DecodedSum {
  std::vector<float> weighted_differences;  // sum of weight · difference, in the order of the flat
                                            // vector; zeros at weight 0
  Counters counters;
};

// Turns the sum of `survivors` devices' ring vectors back into numbers. Bits above b are ignored,
// as additions leave them.
//
// kDataLoss when the sum is not one that `survivors` devices can have sent: the count lane differs,
// the weight or another counter is larger than they could make it, or an element is above weight ·
// (2^q - 1). kInvalidArgument when the shape or the number of survivors does not belong to
// `parameters`.
Result<DecodedSum> decode_sum(const CodecParameters& parameters, const RingVector& sum,
                              std::uint64_t survivors);

}  // namespace covey::ring
