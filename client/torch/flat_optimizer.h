#pragma once

#include <span>
#include <vector>

#include "covey/aggregation/plan/plan.h"

namespace covey::client {

// The optimizers of a plan on one flat vector. Formulas and defaults (β = 0.9 and 0.999, ε = 1e-8,
// no dampening) are those of torch.optim. One object a training: its moments begin at zero, and
// `parameters`, as they are when it is made, are what FedProx pulls back to.
class FlatOptimizer {
 public:
  // Both spans have one length and must outlive this object.
  FlatOptimizer(const plan::TrainSettings& settings, std::span<float> parameters,
                std::span<float> gradients);

  // One step along `gradients`, which are zero afterwards, ready to be summed into again.
  void step();

 private:
  void add_proximal_gradient();
  float clip_factor() const;
  void step_sgd(float factor);
  void step_adam(float factor);

  plan::TrainSettings settings_;
  std::span<float> parameters_;
  std::span<float> gradients_;
  std::vector<float> start_;  // FedProx
  std::vector<float> first_;  // momentum, or Adam's first moment
  std::vector<float> second_;
  double beta1_power_ = 1;
  double beta2_power_ = 1;
};

}  // namespace covey::client
