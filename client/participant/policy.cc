#include "covey/client/policy.h"

#include <algorithm>

namespace covey::client {
namespace {

Error denied(const std::string& message) { return {ErrorCode::kPermissionDenied, message}; }

template <typename Number>
Status at_least(const char* setting, Number wanted, Number found) {
  if (found >= wanted) return {};
  return denied(std::string("the plan's ") + setting + " is " + std::to_string(found) +
                ", but this device's policy asks for at least " + std::to_string(wanted));
}

}  // namespace

Status ParticipantPolicy::accepts_task(std::string_view task) const {
  COVEY_RETURN_IF_ERROR(plan::validate_task_name(task));
  if (allowed_tasks.empty() || std::ranges::find(allowed_tasks, task) != allowed_tasks.end()) {
    return {};
  }
  return denied("task '" + std::string(task) + "' is not one that this device's policy allows");
}

Status ParticipantPolicy::accepts(const plan::Plan& plan) const {
  const plan::SecureSettings& secure = plan.secure;
  if (secure.masking != plan::Masking::kSecure) {
    return denied("the plan's masking is '" + std::string(plan::name_of(secure.masking)) +
                  "', but a device takes 'secure' only");
  }
  COVEY_RETURN_IF_ERROR(
      at_least("minimum_devices", privacy.minimum_devices, secure.minimum_devices));
  COVEY_RETURN_IF_ERROR(
      at_least("minimum_survivors", privacy.minimum_survivors, secure.minimum_survivors));
  COVEY_RETURN_IF_ERROR(
      at_least("corrupt_fraction", privacy.corrupt_fraction, secure.corrupt_fraction));
  COVEY_RETURN_IF_ERROR(at_least("security_bits", privacy.security_bits, secure.security_bits));
  if (privacy.coordinator_may_lie && secure.coordinator != secagg::Coordinator::kLying) {
    return denied(
        "the plan's coordinator is 'curious', but this device's policy asks for protection "
        "against a lying one");
  }
  return {};
}

}  // namespace covey::client
