#pragma once

#include <vector>

#include "covey/aggregation/merge/strategy.h"

namespace covey::merge {

// FedAvgM (Hsu, Qi, Brown 2019, "Measuring the Effects of Non-Identical Data Distribution for
// Federated Visual Classification", §4): v <- β·v + Δ, model += rate · v, Δ the weighted mean of
// the differences. v starts at zero, takes its length from the first merge, and is the state.
// Float buffers get their mean, and have no momentum: it would carry a variance below zero.
class ServerMomentum final : public Strategy {
 public:
  // kInvalidArgument unless the rate is finite and above 0, and momentum β is in [0, 1).
  static Result<ServerMomentum> create(float server_learning_rate, float momentum);

  std::string_view name() const override { return "fedavgm"; }
  Status merge(const WeightedUpdate& update, std::span<float> model) override;
  Bytes save_state() const override;
  Status restore_state(ByteView state) override;

 private:
  ServerMomentum(float rate, float momentum) : rate_(rate), momentum_(momentum) {}

  float rate_;
  float momentum_;
  std::vector<float> velocity_;  // empty before the first merge
};

}  // namespace covey::merge
