#include "client/torch/losses.h"

#include <stdexcept>

namespace covey::client {
namespace {

// LibTorch wants the classes of positions in the second dimension; networks give them in the last.
torch::Tensor by_position(const torch::Tensor& output, const torch::Tensor& targets) {
  if (output.dim() != targets.dim() + 1 ||
      output.sizes().slice(0, static_cast<std::size_t>(targets.dim())) != targets.sizes()) {
    throw std::invalid_argument(
        "the network gives other dimensions than the targets have: expected [n, classes] for "
        "targets [n], and [n, positions, classes] for [n, positions]");
  }
  return targets.dim() == 1 ? output : output.flatten(0, -2);
}

}  // namespace

Status check_targets(plan::Loss loss, const torch::Tensor& targets) {
  if (!targets.defined() || targets.numel() == 0) return {};
  const bool is_classification = loss == plan::Loss::kCrossEntropy;
  const bool fits = is_classification ? targets.scalar_type() == torch::kInt64 &&
                                            (targets.dim() == 1 || targets.dim() == 2)
                                      : targets.is_floating_point();
  if (fits) return {};
  return invalid_argument(
      is_classification
          ? "cross-entropy needs int64 classes of one dimension, or of two with positions, as "
            "targets"
          : "the mean squared error needs floats as targets");
}

torch::Tensor loss_of(plan::Loss loss, const torch::Tensor& output, const torch::Tensor& targets) {
  if (loss == plan::Loss::kCrossEntropy) {
    return torch::cross_entropy_loss(by_position(output, targets), targets.flatten());
  }
  // Of other shapes LibTorch would repeat one to fit the other: [n, 1] against [n] is n x n.
  return torch::mse_loss(output.reshape(targets.sizes()), targets);
}

std::int64_t correct_of(const torch::Tensor& output, const torch::Tensor& targets) {
  return by_position(output, targets).argmax(1).eq(targets.flatten()).sum().item<std::int64_t>();
}

}  // namespace covey::client
