#pragma once

#include "covey/aggregation/plan/plan.h"
#include "covey/client/torch/torch_trainer.h"

namespace covey::client {

// kInvalidArgument when `loss` cannot be computed from such targets.
Status check_targets(plan::Loss loss, const torch::Tensor& targets);

// The mean over a batch and its positions, and the number of positions whose class the output gives
// the most to. Throw when output and targets do not fit one another.
torch::Tensor loss_of(plan::Loss loss, const torch::Tensor& output, const torch::Tensor& targets);
std::int64_t correct_of(const torch::Tensor& output, const torch::Tensor& targets);

}  // namespace covey::client
