#include "covey/aggregation/secagg/privacy_policy.h"

#include <cmath>
#include <string>

#include "aggregation/secagg/hypergeometric.h"
#include "covey/aggregation/secagg/parameter_finder.h"

namespace covey::secagg {
namespace {

Error too_weak(const GroupParameters& parameters, const std::string& why) {
  return {ErrorCode::kPermissionDenied,
          "degree " + std::to_string(parameters.degree) + " and threshold " +
              std::to_string(parameters.threshold) + " for " + std::to_string(parameters.devices) +
              " devices are under this device's policy: " + why +
              "; the coordinator must ask for more"};
}

}  // namespace

Status PrivacyPolicy::accepts(const GroupParameters& parameters) const {
  COVEY_RETURN_IF_ERROR(parameters.validate());
  if (!(corrupt_fraction >= 0 && corrupt_fraction < 1)) {
    return invalid_argument("the policy's corrupt_fraction is from 0 to below 1");
  }
  const std::int64_t n = parameters.devices;
  const std::int64_t degree = parameters.degree;
  const std::int64_t accomplices = devices_in_fraction(corrupt_fraction, parameters.devices);
  const HypergeometricTails tails(parameters.devices - 1);
  const long double per_group = -(static_cast<long double>(security_bits) + 1);
  const long double per_device = per_group - std::log2(static_cast<long double>(n));

  if (tails.log2_at_least(accomplices, degree, parameters.threshold) > per_device) {
    return too_weak(parameters, "accomplices among its neighbours may reach the threshold");
  }
  if (log2_disconnected_bound(tails, n, accomplices, degree) > per_group) {
    return too_weak(parameters, "the honest devices may not be connected");
  }
  if (!coordinator_may_lie) return {};
  std::int64_t expected = 0;  // x: no neighbourhood has more accomplices, but for the odds allowed
  while (tails.log2_at_least(accomplices, degree, expected + 1) > per_device) ++expected;
  if (2 * std::int64_t{parameters.threshold} <= degree + expected) {
    return too_weak(parameters, "two survivor sets could each find a threshold of answers");
  }
  return {};
}

}  // namespace covey::secagg
