#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "covey/aggregation/plan/plan.h"
#include "covey/aggregation/secagg/privacy_policy.h"

namespace covey::client {

// What the app pins for its device, whatever a coordinator asks for. Masking is always secure:
// there is nothing to set.
struct ParticipantPolicy {
  secagg::PrivacyPolicy privacy;
  // Trainings begun within any 24 hours of the device's own clock; none: as many as there are.
  std::optional<std::uint32_t> max_rounds_a_day;
  std::vector<std::string> allowed_tasks;  // empty: any

  // kPermissionDenied, naming the task, unless it is an allowed one.
  Status accepts_task(std::string_view task) const;
  // kPermissionDenied, with the setting, what this device asks for and what the plan has, unless
  // the plan is at least as strict as this policy.
  Status accepts(const plan::Plan& plan) const;
};

}  // namespace covey::client
