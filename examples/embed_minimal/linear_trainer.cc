#include "linear_trainer.h"

#include <algorithm>
#include <numeric>
#include <random>

using covey::Error;
using covey::ErrorCode;
using covey::Result;
using covey::Status;
using covey::client::TrainingJob;
using covey::client::TrainingReport;

covey::ring::Manifest LinearTrainer::manifest_of(std::size_t features) {
  using covey::ring::DType;
  using covey::ring::Role;
  return covey::ring::Manifest::create({{"weight", DType::kF32, {1, features}, Role::kTrain},
                                        {"bias", DType::kF32, {1}, Role::kTrain}})
      .value();  // legal for any number of features that has room in memory
}

LinearTrainer::LinearTrainer(std::size_t features, std::vector<Example> data)
    : manifest_(manifest_of(features)), data_(std::move(data)) {}

float LinearTrainer::error_of(const Example& example, const Parameters& parameters) {
  return std::inner_product(parameters.weight.begin(), parameters.weight.end(),
                            example.features.begin(), parameters.bias) -
         example.target;
}

double LinearTrainer::mean_loss(const Parameters& parameters) const {
  double sum = 0;
  for (const Example& example : data_) {
    const double error = error_of(example, parameters);
    sum += error * error;
  }
  return data_.empty() ? 0 : sum / static_cast<double>(data_.size());
}

// A plan that asks for more than this trainer does is an error, not something to be near enough.
Status LinearTrainer::train(const TrainingJob& job, Parameters parameters) const {
  const auto& settings = job.plan.train;
  if (settings.optimizer != covey::plan::Optimizer::kSgd || settings.momentum != 0 ||
      settings.weight_decay != 0 || settings.fedprox_mu != 0 || settings.gradient_clip != 0 ||
      settings.loss != covey::plan::Loss::kMeanSquared) {
    return covey::invalid_argument("this trainer does plain SGD on the mean squared error only");
  }
  if (data_.empty()) return {};
  std::mt19937_64 random(job.seed);
  std::vector<std::size_t> order(data_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const std::size_t batch = std::min<std::size_t>(settings.batch_size, data_.size());
  const std::size_t steps_of_epoch = (data_.size() + batch - 1) / batch;
  const std::size_t steps = settings.steps > 0 ? settings.steps : settings.epochs * steps_of_epoch;
  std::vector<float> gradient(parameters.weight.size());
  for (std::size_t step = 0; step < steps; ++step) {
    if (job.stop.stop_requested()) return Error{ErrorCode::kCancelled, "the training was stopped"};
    if (step % steps_of_epoch == 0) std::shuffle(order.begin(), order.end(), random);
    const std::size_t first = step % steps_of_epoch * batch;
    const std::size_t count = std::min(batch, data_.size() - first);
    const float rate = 2 * static_cast<float>(settings.learning_rate) / static_cast<float>(count);
    std::fill(gradient.begin(), gradient.end(), 0.0f);
    float bias_gradient = 0;
    for (std::size_t i = first; i < first + count; ++i) {
      const Example& example = data_[order[i]];
      const float error = error_of(example, parameters);
      for (std::size_t k = 0; k < gradient.size(); ++k) gradient[k] += error * example.features[k];
      bias_gradient += error;
    }
    for (std::size_t k = 0; k < gradient.size(); ++k) parameters.weight[k] -= rate * gradient[k];
    parameters.bias -= rate * bias_gradient;
  }
  return {};
}

Result<TrainingReport> LinearTrainer::run(const TrainingJob& job, covey::model::Model& model) {
  const Parameters parameters{model.floats("weight"), model.floats("bias").front()};
  if (job.plan.purpose == covey::plan::Purpose::kTrain) {
    COVEY_RETURN_IF_ERROR(train(job, parameters));
  }
  TrainingReport report;
  report.examples = data_.size();
  for (const std::string& metric : job.plan.metrics) {
    if (metric != "loss") return covey::invalid_argument("this trainer measures 'loss' only");
    report.metrics.push_back(mean_loss(parameters));
  }
  return report;
}
