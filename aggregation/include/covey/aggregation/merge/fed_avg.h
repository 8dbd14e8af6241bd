#pragma once

#include "covey/aggregation/merge/strategy.h"

namespace covey::merge {

// FedAvg (McMahan et al. 2017) with a server learning rate: model += rate · Δ, Δ the weighted mean
// of the differences. Rate 1 is the plain weighted mean of the devices' models, and float
// buffers get that at any rate. Keeps no state between rounds.
class FedAvg final : public Strategy {
 public:
  // kInvalidArgument unless the rate is finite and above 0.
  static Result<FedAvg> create(float server_learning_rate = 1.0f);

  std::string_view name() const override { return "fedavg"; }
  Status merge(const WeightedUpdate& update, std::span<float> model) override;
  Bytes save_state() const override;
  Status restore_state(ByteView state) override;

 private:
  explicit FedAvg(float rate) : rate_(rate) {}

  float rate_;
};

}  // namespace covey::merge
