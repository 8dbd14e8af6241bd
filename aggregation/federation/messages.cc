#include "covey/aggregation/federation/messages.h"

namespace covey::federation {

std::string_view name_of(DeclineReason reason) {
  switch (reason) {
    case DeclineReason::kPolicy:
      return "policy";
    case DeclineReason::kOtherModel:
      return "other model";
    case DeclineReason::kTrainingFailed:
      return "training failed";
    case DeclineReason::kNotFinite:
      return "update not finite";
    case DeclineReason::kStopped:
      return "stopped";
    case DeclineReason::kBadPlan:
      return "bad plan";
  }
  return "unknown";
}

}  // namespace covey::federation
