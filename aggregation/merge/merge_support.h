#pragma once

#include <Eigen/Core>
#include <span>
#include <string_view>

#include "covey/aggregation/merge/strategy.h"

namespace covey::merge {

using Array = Eigen::Map<Eigen::ArrayXf>;
using ConstArray = Eigen::Map<const Eigen::ArrayXf>;

inline Array array_of(std::span<float> values) {
  return {values.data(), static_cast<Eigen::Index>(values.size())};
}
inline ConstArray array_of(std::span<const float> values) {
  return {values.data(), static_cast<Eigen::Index>(values.size())};
}

Status check_rate(float server_learning_rate);
// That the update is as long as the model, and its buffers are a part of it.
Status check_lengths(const WeightedUpdate& update, std::size_t model);
// The server rate of the update's round.
inline float rate_of(float server_learning_rate, const WeightedUpdate& update) {
  return server_learning_rate * static_cast<float>(update.server_rate_factor);
}
Error not_finite();

// A saved state: the strategy's name, a version, the floats, and a SHA-256 over all of it, since a
// flipped bit in a float would otherwise go unseen.
Bytes seal_state(std::string_view name, std::span<const float> values);
Result<std::vector<float>> open_state(std::string_view name, ByteView state);

}  // namespace covey::merge
