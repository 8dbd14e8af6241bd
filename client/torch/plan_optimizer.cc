#include "client/torch/plan_optimizer.h"

#include <algorithm>
#include <cmath>

namespace covey::client {
namespace {

constexpr double kBeta1 = 0.9;
constexpr double kBeta2 = 0.999;
constexpr double kEpsilon = 1e-8;

constexpr std::size_t kAlignment = 16;  // floats: 64 bytes

}  // namespace

PlanOptimizer::PlanOptimizer(const plan::TrainSettings& settings,
                             std::vector<std::span<float>> parameters)
    : settings_(settings), parameters_(std::move(parameters)) {
  std::size_t length = 0;
  for (const std::span<float> tensor : parameters_) {
    offsets_.push_back(length);
    length += (tensor.size() + kAlignment - 1) / kAlignment * kAlignment;
  }
  const bool is_adam = settings.optimizer != plan::Optimizer::kSgd;
  if (settings.fedprox_mu > 0) {
    start_.resize(length);
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
      std::ranges::copy(parameters_[i], start_.data() + offsets_[i]);
    }
  }
  if (is_adam || settings.momentum > 0) first_.resize(length);
  if (is_adam) second_.resize(length);
}

void PlanOptimizer::step(std::span<const float* const> gradients) {
  const bool is_apart = settings_.optimizer == plan::Optimizer::kAdamW;
  const auto rate = static_cast<float>(settings_.learning_rate);
  const kernels::Terms terms{settings_.gradient_clip > 0 ? clip_factor(gradients) : 1.0f,
                             static_cast<float>(settings_.fedprox_mu),
                             static_cast<float>(is_apart ? 0 : settings_.weight_decay)};
  const bool is_sgd = settings_.optimizer == plan::Optimizer::kSgd;
  const kernels::AdamTerms adam_terms = is_sgd ? kernels::AdamTerms{} : next_adam_terms();
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const kernels::Slice slice = slice_of(i, gradients[i]);
    if (!is_sgd) {
      kernels::adam(slice, terms, adam_terms);
    } else if (slice.first != nullptr) {
      kernels::momentum(slice, terms, rate, static_cast<float>(settings_.momentum));
    } else {
      kernels::sgd(slice, terms, rate);
    }
  }
}

kernels::Slice PlanOptimizer::slice_of(std::size_t tensor, const float* gradients) {
  const auto part_of = [&](std::vector<float>& whole) {
    return whole.empty() ? nullptr : whole.data() + offsets_[tensor];
  };
  return {parameters_[tensor].data(), gradients, part_of(start_), part_of(first_), part_of(second_),
          parameters_[tensor].size()};
}

float PlanOptimizer::clip_factor(std::span<const float* const> gradients) {
  const kernels::Terms terms{1, static_cast<float>(settings_.fedprox_mu), 0};
  double squares = 0;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    squares += kernels::sum_of_squares(slice_of(i, gradients[i]), terms);
  }
  return static_cast<float>(std::min(1.0, settings_.gradient_clip / (std::sqrt(squares) + 1e-6)));
}

// [Kingma15], and [Loshchilov19] where the decay is apart from the gradient.
kernels::AdamTerms PlanOptimizer::next_adam_terms() {
  beta1_power_ *= kBeta1;
  beta2_power_ *= kBeta2;
  const bool is_apart = settings_.optimizer == plan::Optimizer::kAdamW;
  const double decay = is_apart ? settings_.learning_rate * settings_.weight_decay : 0;
  return {.rate = static_cast<float>(settings_.learning_rate / (1 - beta1_power_)),
          .keep = static_cast<float>(1 - decay),
          .root = static_cast<float>(std::sqrt(1 - beta2_power_)),
          .beta1 = static_cast<float>(kBeta1),
          .beta2 = static_cast<float>(kBeta2),
          .rest1 = static_cast<float>(1 - kBeta1),
          .rest2 = static_cast<float>(1 - kBeta2),
          .epsilon = static_cast<float>(kEpsilon)};
}

}  // namespace covey::client
