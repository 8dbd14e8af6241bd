#include "client/torch/flat_optimizer.h"

#include <algorithm>
#include <cmath>

namespace covey::client {
namespace {

constexpr double kBeta1 = 0.9;
constexpr double kBeta2 = 0.999;
constexpr double kEpsilon = 1e-8;

}  // namespace

FlatOptimizer::FlatOptimizer(const plan::TrainSettings& settings, std::span<float> parameters,
                             std::span<float> gradients)
    : settings_(settings), parameters_(parameters), gradients_(gradients) {
  const bool is_adam = settings.optimizer != plan::Optimizer::kSgd;
  if (settings.fedprox_mu > 0) start_.assign(parameters.begin(), parameters.end());
  if (is_adam || settings.momentum > 0) first_.assign(parameters.size(), 0.0f);
  if (is_adam) second_.assign(parameters.size(), 0.0f);
  std::ranges::fill(gradients_, 0.0f);
}

void FlatOptimizer::step() {
  if (settings_.fedprox_mu > 0) add_proximal_gradient();
  const float factor = settings_.gradient_clip > 0 ? clip_factor() : 1.0f;
  if (settings_.optimizer == plan::Optimizer::kSgd) {
    step_sgd(factor);
  } else {
    step_adam(factor);
  }
}

// [Li20] §3.2: the loss has μ/2 ‖w - w_start‖² more.
void FlatOptimizer::add_proximal_gradient() {
  const auto mu = static_cast<float>(settings_.fedprox_mu);
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    gradients_[i] += mu * (parameters_[i] - start_[i]);
  }
}

float FlatOptimizer::clip_factor() const {
  double squares = 0;
  for (const float gradient : gradients_) squares += double{gradient} * gradient;
  return static_cast<float>(std::min(1.0, settings_.gradient_clip / (std::sqrt(squares) + 1e-6)));
}

void FlatOptimizer::step_sgd(float factor) {
  const auto rate = static_cast<float>(settings_.learning_rate);
  const auto momentum = static_cast<float>(settings_.momentum);
  const auto decay = static_cast<float>(settings_.weight_decay);
  float* const w = parameters_.data();
  float* const g = gradients_.data();
  if (first_.empty()) {
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
      w[i] -= rate * (factor * g[i] + decay * w[i]);
      g[i] = 0;
    }
    return;
  }
  float* const m = first_.data();
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    m[i] = momentum * m[i] + (factor * g[i] + decay * w[i]);
    w[i] -= rate * m[i];
    g[i] = 0;
  }
}

// [Kingma15], and [Loshchilov19] where the decay is apart from the gradient.
void FlatOptimizer::step_adam(float factor) {
  beta1_power_ *= kBeta1;
  beta2_power_ *= kBeta2;
  const bool is_apart = settings_.optimizer == plan::Optimizer::kAdamW;
  const auto decay = static_cast<float>(is_apart ? 0 : settings_.weight_decay);
  const auto keep =
      static_cast<float>(is_apart ? 1 - settings_.learning_rate * settings_.weight_decay : 1);
  const auto rate = static_cast<float>(settings_.learning_rate / (1 - beta1_power_));
  const auto root = static_cast<float>(std::sqrt(1 - beta2_power_));
  const auto beta1 = static_cast<float>(kBeta1);
  const auto beta2 = static_cast<float>(kBeta2);
  const auto rest1 = static_cast<float>(1 - kBeta1);
  const auto rest2 = static_cast<float>(1 - kBeta2);
  const auto epsilon = static_cast<float>(kEpsilon);
  float* const w = parameters_.data();
  float* const g = gradients_.data();
  float* const m = first_.data();
  float* const v = second_.data();
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const float gradient = factor * g[i] + decay * w[i];
    m[i] = beta1 * m[i] + rest1 * gradient;
    v[i] = beta2 * v[i] + rest2 * gradient * gradient;
    w[i] = keep * w[i] - rate * m[i] / (std::sqrt(v[i]) / root + epsilon);
    g[i] = 0;
  }
}

}  // namespace covey::client
