#include "covey/client/contribution.h"

#include <array>
#include <cstring>

#include "covey/aggregation/ring/encoder.h"
#include "covey/base/secret.h"

namespace covey::client {

using federation::DeclineReason;

std::uint64_t draw_training_seed(crypto::Random& random) {
  std::uint64_t seed = 0;
  std::array<std::uint8_t, sizeof(seed)> bytes{};
  random.fill(bytes);
  std::memcpy(&seed, bytes.data(), sizeof(seed));
  return seed;
}

Result<ring::RingVector> encode_contribution(const ContributionTerms& terms,
                                             std::span<const ring::TensorView> global,
                                             std::span<const ring::TensorView> trained,
                                             TrainingReport report, crypto::Random& random,
                                             std::vector<float>& difference,
                                             DeclineReason& reason) {
  reason = DeclineReason::kTrainingFailed;
  const std::size_t metrics = terms.plan.metrics.size();
  if (report.examples == 0) report.metrics.assign(metrics, 0.0);
  if (report.metrics.size() != metrics) {
    return invalid_argument("the plan asks for " + std::to_string(metrics) +
                            " metrics, but the trainer gave " +
                            std::to_string(report.metrics.size()));
  }
  difference.resize(terms.aggregated.flat_length());
  if (terms.plan.purpose == plan::Purpose::kTrain) {
    COVEY_RETURN_IF_ERROR(
        ring::load_flat_difference(terms.aggregated, trained, global, difference));
  }
  // The lengths are right, so that what is found from here on are values that are not finite.
  reason = DeclineReason::kNotFinite;
  auto update = ring::encode_update(terms.aggregated, terms.codec, difference,
                                    {report.examples, std::move(report.metrics)}, random);
  wipe({reinterpret_cast<std::uint8_t*>(difference.data()), difference.size() * sizeof(float)});
  return update;
}

}  // namespace covey::client
