#include "covey/aggregation/merge/server_momentum.h"

#include <string>

#include "merge_support.h"

namespace covey::merge {

Result<ServerMomentum> ServerMomentum::create(float server_learning_rate, float momentum) {
  COVEY_RETURN_IF_ERROR(check_rate(server_learning_rate));
  if (!(momentum >= 0 && momentum < 1)) {
    return invalid_argument("server momentum is at least 0 and below 1, not " +
                            std::to_string(momentum));
  }
  return ServerMomentum(server_learning_rate, momentum);
}

Status ServerMomentum::merge(const WeightedUpdate& update, std::span<float> model) {
  COVEY_RETURN_IF_ERROR(check_lengths(update, model.size()));
  if (update.weight == 0) return {};
  const bool first = velocity_.empty();
  if (!first && velocity_.size() != model.size()) {
    return invalid_argument("the model has " + std::to_string(model.size()) +
                            " elements, the saved momentum " + std::to_string(velocity_.size()));
  }
  velocity_.resize(model.size());  // zeros before the first merge
  Array global = array_of(model);
  Array velocity = array_of(std::span(velocity_));
  const auto mean = array_of(update.weighted_differences) / static_cast<float>(update.weight);
  const float rate = rate_of(rate_, update);
  const auto next_velocity = momentum_ * velocity + mean;
  // Lazy, as in FedAvg. A finite model implies a finite velocity.
  if (!(global + rate * next_velocity).isFinite().all()) {
    if (first) velocity_.clear();
    return not_finite();
  }
  velocity = next_velocity;
  global += rate * velocity;
  return {};
}

Bytes ServerMomentum::save_state() const { return seal_state(name(), velocity_); }

Status ServerMomentum::restore_state(ByteView state) {
  COVEY_ASSIGN_OR_RETURN(velocity_, open_state(name(), state));
  return {};
}

}  // namespace covey::merge
