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
  const std::size_t trained = model.size() - update.buffers;
  const bool first = velocity_.empty();
  if (!first && velocity_.size() != trained) {
    return invalid_argument("the model has " + std::to_string(trained) +
                            " trained elements, the saved momentum " +
                            std::to_string(velocity_.size()));
  }
  velocity_.resize(trained);  // zeros before the first merge
  Array global = array_of(model.first(trained));
  Array velocity = array_of(std::span(velocity_));
  const auto weight = static_cast<float>(update.weight);
  const auto mean = array_of(update.weighted_differences.first(trained)) / weight;
  const auto buffer_mean = array_of(update.weighted_differences.subspan(trained)) / weight;
  Array buffers = array_of(model.subspan(trained));
  const auto next_buffers = buffers + buffer_mean;
  const float rate = rate_of(rate_, update);
  const auto next_velocity = momentum_ * velocity + mean;
  // Lazy, as in FedAvg. A finite model implies a finite velocity.
  if (!(global + rate * next_velocity).isFinite().all() || !next_buffers.isFinite().all()) {
    if (first) velocity_.clear();
    return not_finite();
  }
  velocity = next_velocity;
  global += rate * velocity;
  buffers = next_buffers;
  return {};
}

Bytes ServerMomentum::save_state() const { return seal_state(name(), velocity_); }

Status ServerMomentum::restore_state(ByteView state) {
  COVEY_ASSIGN_OR_RETURN(velocity_, open_state(name(), state));
  return {};
}

}  // namespace covey::merge
