#include "covey/aggregation/merge/adaptive_server.h"

#include <algorithm>
#include <string>

#include "merge_support.h"

namespace covey::merge {
namespace {

Status check_beta(const char* name, float beta) {
  if (beta >= 0 && beta < 1) return {};  // no NaN passes
  return invalid_argument(std::string("server ") + name + " is at least 0 and below 1, not " +
                          std::to_string(beta));
}

}  // namespace

Result<AdaptiveServer> AdaptiveServer::create(AdaptiveRule rule, const AdaptiveSettings& settings) {
  COVEY_RETURN_IF_ERROR(check_rate(settings.server_learning_rate));
  COVEY_RETURN_IF_ERROR(check_beta("beta1", settings.beta1));
  COVEY_RETURN_IF_ERROR(check_beta("beta2", settings.beta2));
  if (!(settings.epsilon >= 1e-12f && settings.epsilon <= 1e3f)) {
    return invalid_argument("server epsilon is 1e-12 to 1e3, not " +
                            std::to_string(settings.epsilon));
  }
  return AdaptiveServer(rule, settings);
}

std::string_view AdaptiveServer::name() const {
  switch (rule_) {
    case AdaptiveRule::kAdagrad:
      return "fedadagrad";
    case AdaptiveRule::kAdam:
      return "fedadam";
    case AdaptiveRule::kYogi:
      return "fedyogi";
  }
  return "unknown";
}

template <typename Rule>
Status AdaptiveServer::merge_by(const WeightedUpdate& update, std::span<float> model,
                                const Rule& next_second) {
  const std::size_t trained = model.size() - update.buffers;
  const bool first = state_.empty();
  if (first) {
    state_.resize(2 * trained);
    std::fill(state_.begin() + static_cast<std::ptrdiff_t>(trained), state_.end(),
              settings_.epsilon * settings_.epsilon);
  }
  Array global = array_of(model.first(trained));
  Array moment = array_of(std::span(state_).first(trained));
  Array second = array_of(std::span(state_).subspan(trained));
  const auto weight = static_cast<float>(update.weight);
  const auto mean = array_of(update.weighted_differences.first(trained)) / weight;
  Array buffers = array_of(model.subspan(trained));
  const auto next_buffers =
      buffers + array_of(update.weighted_differences.subspan(trained)) / weight;
  const float rate = rate_of(settings_.server_learning_rate, update);
  const float beta1 = settings_.beta1;
  const auto next_moment = beta1 * moment + (1 - beta1) * mean;
  // Lazy, as in FedAvg. All three are looked at: an infinite v would give a finite model, once.
  const auto v = next_second(second, mean);
  const auto next = global + rate * next_moment / (v.sqrt() + settings_.epsilon);
  const bool is_finite = next.isFinite().all() && v.isFinite().all() &&
                         next_moment.isFinite().all() && next_buffers.isFinite().all();
  if (!is_finite) {
    if (first) state_.clear();
    return not_finite();
  }
  second = v;
  moment = next_moment;
  global += rate * moment / (second.sqrt() + settings_.epsilon);
  buffers = next_buffers;
  return {};
}

Status AdaptiveServer::merge(const WeightedUpdate& update, std::span<float> model) {
  COVEY_RETURN_IF_ERROR(check_lengths(update, model.size()));
  if (update.weight == 0) return {};
  const std::size_t trained = model.size() - update.buffers;
  if (!state_.empty() && state_.size() != 2 * trained) {
    return invalid_argument("the model has " + std::to_string(trained) +
                            " trained elements, the saved moments " +
                            std::to_string(state_.size() / 2));
  }
  const float beta2 = settings_.beta2;
  switch (rule_) {
    case AdaptiveRule::kAdagrad:
      return merge_by(update, model,
                      [](const auto& v, const auto& mean) { return v + mean.square(); });
    case AdaptiveRule::kAdam:
      return merge_by(update, model, [beta2](const auto& v, const auto& mean) {
        return beta2 * v + (1 - beta2) * mean.square();
      });
    case AdaptiveRule::kYogi:
      break;
  }
  return merge_by(update, model, [beta2](const auto& v, const auto& mean) {
    return v - (1 - beta2) * mean.square() * (v - mean.square()).sign();
  });
}

Bytes AdaptiveServer::save_state() const { return seal_state(name(), state_); }

Status AdaptiveServer::restore_state(ByteView state) {
  COVEY_ASSIGN_OR_RETURN(std::vector<float> values, open_state(name(), state));
  const auto second = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  const bool is_sound =
      values.size() % 2 == 0 && std::all_of(second, values.end(), [](float v) { return v >= 0; });
  if (!is_sound) {
    return Error{ErrorCode::kDataLoss,
                 "the saved state of " + std::string(name()) + " does not hold two moments"};
  }
  state_ = std::move(values);
  return {};
}

}  // namespace covey::merge
