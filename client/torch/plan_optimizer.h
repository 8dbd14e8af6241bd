#pragma once

#include <span>
#include <vector>

#include "client/torch/update_kernels.h"
#include "covey/aggregation/plan/plan.h"

namespace covey::client {

// The optimizers of a plan. Formulas and defaults (β = 0.9 and 0.999, ε = 1e-8, no dampening) are
// those of torch.optim. One object a training: its moments begin at zero, and the parameters, as
// they are when it is made, are what FedProx pulls back to.
class PlanOptimizer {
 public:
  // One span a tensor. What they point at must outlive this object.
  PlanOptimizer(const plan::TrainSettings& settings, std::vector<std::span<float>> parameters);

  // One step. `gradients`: one pointer for each tensor, to as many floats.
  void step(std::span<const float* const> gradients);

 private:
  kernels::Slice slice_of(std::size_t tensor, const float* gradients);
  float clip_factor(std::span<const float* const> gradients);
  kernels::AdamTerms next_adam_terms();

  plan::TrainSettings settings_;
  std::vector<std::span<float>> parameters_;
  std::vector<std::size_t> offsets_;  // of each tensor, in the vectors below
  std::vector<float> start_;          // FedProx
  std::vector<float> first_;          // momentum, or Adam's first moment
  std::vector<float> second_;
  double beta1_power_ = 1;
  double beta2_power_ = 1;
};

}  // namespace covey::client
