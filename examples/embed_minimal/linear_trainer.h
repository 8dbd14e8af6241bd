#pragma once

#include <vector>

#include "covey/client/trainer.h"

// Training without any framework: linear regression by plain stochastic gradient descent, on spans
// of the model's own memory. What an app with a small model needs, and where to see what a trainer
// has to do.
class LinearTrainer final : public covey::client::Trainer {
 public:
  struct Example {
    std::vector<float> features;
    float target = 0;
  };

  // The device's own data: each example with so many features.
  LinearTrainer(std::size_t features, std::vector<Example> data);

  // "weight" [1, features] and "bias" [1], as PyTorch's Linear has them.
  static covey::ring::Manifest manifest_of(std::size_t features);

  const covey::ring::Manifest& manifest() const override { return manifest_; }
  covey::Result<covey::client::TrainingReport> run(const covey::client::TrainingJob& job,
                                                   covey::model::Model& model) override;

 private:
  struct Parameters {
    std::span<float> weight;
    float& bias;
  };
  // What the prediction is too large by.
  static float error_of(const Example& example, const Parameters& parameters);
  double mean_loss(const Parameters& parameters) const;
  covey::Status train(const covey::client::TrainingJob& job, Parameters parameters) const;

  covey::ring::Manifest manifest_;
  std::vector<Example> data_;
};
