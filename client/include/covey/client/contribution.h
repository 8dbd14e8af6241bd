#pragma once

#include <span>
#include <vector>

#include "covey/aggregation/federation/messages.h"
#include "covey/aggregation/plan/plan.h"
#include "covey/aggregation/ring/codec_parameters.h"
#include "covey/aggregation/ring/flat_model.h"
#include "covey/aggregation/ring/ring_vector.h"
#include "covey/client/trainer.h"
#include "covey/crypto/random.h"

namespace covey::client {

// A plan and what follows from it, for turning what was trained into what is sent.
struct ContributionTerms {
  const plan::Plan& plan;
  const ring::Manifest& aggregated;    // plan.aggregated()
  const ring::CodecParameters& codec;  // plan.codec_parameters()
};

// Draws the seed that a training shuffles by.
std::uint64_t draw_training_seed(crypto::Random& random);

// What a device adds to the sum: the difference of what was trained from the global model, checked,
// clipped and rounded into the ring, and its counters. An evaluation has no difference. `global`
// and `trained` are all tensors of the plan's manifest. `difference` is room to work in, of any
// size; it holds nothing of the update afterwards.
//
// kInvalidArgument; `reason` then says what to decline with: kTrainingFailed when the report does
// not fit the plan, kNotFinite for a NaN or an infinity in the update or a metric.
Result<ring::RingVector> encode_contribution(const ContributionTerms& terms,
                                             std::span<const ring::TensorView> global,
                                             std::span<const ring::TensorView> trained,
                                             TrainingReport report, crypto::Random& random,
                                             std::vector<float>& difference,
                                             federation::DeclineReason& reason);

}  // namespace covey::client
