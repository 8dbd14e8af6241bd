#include "covey/client/torch/torch_trainer.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>

#include "client/torch/batch_order.h"
#include "client/torch/flat_network.h"
#include "client/torch/flat_optimizer.h"
#include "client/torch/guarded.h"
#include "client/torch/threads.h"

namespace covey::client {
namespace {

using plan::Loss;
using plan::Purpose;

std::int64_t count_of(const torch::Tensor& features) {
  return features.defined() && features.dim() > 0 ? features.size(0) : 0;
}

Status check_part(const char* part, const torch::Tensor& features, const torch::Tensor& targets) {
  if (count_of(features) == count_of(targets)) return {};
  return invalid_argument(std::string("the ") + part + " part has " +
                          std::to_string(count_of(features)) + " features, but " +
                          std::to_string(count_of(targets)) + " targets");
}

Status check_targets(Loss loss, const torch::Tensor& targets) {
  if (count_of(targets) == 0) return {};
  const bool fits = loss == Loss::kCrossEntropy
                        ? targets.scalar_type() == torch::kInt64 && targets.dim() == 1
                        : targets.is_floating_point();
  if (fits) return {};
  return invalid_argument(loss == Loss::kCrossEntropy
                              ? "cross-entropy needs int64 classes of one dimension as targets"
                              : "the mean squared error needs floats as targets");
}

// The mean over the examples of a batch.
torch::Tensor loss_of(Loss loss, const torch::Tensor& output, const torch::Tensor& targets) {
  if (loss == Loss::kCrossEntropy) return torch::cross_entropy_loss(output, targets);
  // Of other shapes LibTorch would repeat one to fit the other: [n, 1] against [n] is n x n.
  return torch::mse_loss(output.reshape(targets.sizes()), targets);
}

Error not_finite(const std::string& where) {
  return {ErrorCode::kOutOfRange,
          "the loss " + where +
              " is not finite; is the learning rate too high, or the data not "
              "scaled?"};
}

Error cancelled() { return {ErrorCode::kCancelled, "training was stopped"}; }

struct HeldOut {
  double loss = 0;
  double accuracy = 0;
};

}  // namespace

class TorchTrainer::State {
 public:
  State(FlatNetwork network, TorchOptions options)
      : network_(std::move(network)), options_(std::move(options)) {}

  Status set_data(TorchData data) {
    COVEY_RETURN_IF_ERROR(check_part("training", data.features, data.targets));
    COVEY_RETURN_IF_ERROR(check_part("held-out", data.held_out_features, data.held_out_targets));
    data_ = std::move(data);
    return {};
  }

  const ring::Manifest& manifest() const { return network_.manifest(); }
  const Digest& data_schema() const { return options_.data_schema; }

  Result<TrainingReport> run(const TrainingJob& job, model::Model& model) {
    set_intra_op_threads(options_.intra_op_threads);
    torch::manual_seed(job.seed);
    COVEY_RETURN_IF_ERROR(check(job.plan));
    COVEY_RETURN_IF_ERROR(network_.check_views());
    COVEY_RETURN_IF_ERROR(network_.load(model));

    std::optional<HeldOut> held_out;
    const bool is_training = job.plan.purpose == Purpose::kTrain;
    TrainingReport report;
    report.metrics.assign(job.plan.metrics.size(), 0.0);
    const std::int64_t available = count_of(is_training ? data_.features : data_.held_out_features);
    if (available == 0) return report;
    if (needs_held_out(job.plan)) {
      COVEY_ASSIGN_OR_RETURN(held_out, evaluate(job));
    }
    double train_loss = 0;
    report.examples = static_cast<std::uint64_t>(available);
    if (is_training) {
      COVEY_ASSIGN_OR_RETURN(train_loss, train(job, report.examples));
      network_.store(model);
    }
    for (std::size_t i = 0; i < report.metrics.size(); ++i) {
      const std::string& name = job.plan.metrics[i];
      report.metrics[i] = name == "train_loss" ? train_loss
                          : name == "loss"     ? held_out->loss
                                               : held_out->accuracy;
    }
    return report;
  }

 private:
  static bool needs_held_out(const plan::Plan& plan) {
    return std::ranges::any_of(plan.metrics,
                               [](const std::string& name) { return name != "train_loss"; });
  }

  Status check(const plan::Plan& plan) const {
    const bool is_training = plan.purpose == Purpose::kTrain;
    const bool is_classification = plan.train.loss == Loss::kCrossEntropy;
    for (const std::string& name : plan.metrics) {
      const bool is_known = name == "loss" || (name == "train_loss" && is_training) ||
                            (name == "accuracy" && is_classification);
      if (!is_known) {
        return invalid_argument(
            "this trainer measures \"loss\", \"accuracy\" (with cross-entropy) and \"train_loss\" "
            "(when it trains); the plan asks for another metric");
      }
    }
    if (is_training &&
        (plan.train.batch_size == 0 || (plan.train.epochs == 0) == (plan.train.steps == 0))) {
      return invalid_argument(
          "a plan for training needs a batch size above 0, and either epochs or steps above 0");
    }
    COVEY_RETURN_IF_ERROR(check_targets(plan.train.loss, data_.targets));
    COVEY_RETURN_IF_ERROR(check_targets(plan.train.loss, data_.held_out_targets));
    if (is_training && needs_held_out(plan) && count_of(data_.features) > 0 &&
        count_of(data_.held_out_features) == 0) {
      return Error{ErrorCode::kFailedPrecondition,
                   "the plan asks for a metric on held-out examples, but this device holds none "
                   "out"};
    }
    return {};
  }

  Result<HeldOut> evaluate(const TrainingJob& job) {
    const torch::NoGradGuard no_grad;
    network_.module().eval();
    const std::int64_t total = count_of(data_.held_out_features);
    double loss_sum = 0;
    std::int64_t correct = 0;
    for (std::int64_t first = 0; first < total; first += options_.held_out_batch) {
      if (job.stop.stop_requested()) return cancelled();
      const std::int64_t count = std::min(options_.held_out_batch, total - first);
      const torch::Tensor targets = data_.held_out_targets.narrow(0, first, count);
      const torch::Tensor output =
          network_.forward(data_.held_out_features.narrow(0, first, count));
      loss_sum +=
          loss_of(job.plan.train.loss, output, targets).item<double>() * static_cast<double>(count);
      if (job.plan.train.loss == Loss::kCrossEntropy) {
        correct += output.argmax(1).eq(targets).sum().item<std::int64_t>();
      }
    }
    if (!std::isfinite(loss_sum)) return not_finite("of the received model");
    const auto examples = static_cast<double>(total);
    return HeldOut{loss_sum / examples, static_cast<double>(correct) / examples};
  }

  // The mean loss over the steps. `examples`: in, how many there are; out, how many were used.
  Result<double> train(const TrainingJob& job, std::uint64_t& examples) {
    const plan::TrainSettings& settings = job.plan.train;
    network_.module().train();
    FlatOptimizer optimizer(settings, network_.trained(), network_.gradients());
    BatchOrder order(examples, settings.batch_size, job.seed);
    const std::uint64_t steps = settings.steps > 0
                                    ? settings.steps
                                    : settings.epochs * std::uint64_t{order.batches_per_epoch()};
    double loss_sum = 0;
    std::uint64_t used = 0;
    for (std::uint64_t step = 0; step < steps; ++step) {
      if (job.stop.stop_requested()) return cancelled();
      const std::span<std::int64_t> batch = order.next();
      used += batch.size();
      const torch::Tensor indices =
          torch::from_blob(batch.data(), {static_cast<std::int64_t>(batch.size())}, torch::kInt64);
      const torch::Tensor loss =
          loss_of(settings.loss, network_.forward(data_.features.index_select(0, indices)),
                  data_.targets.index_select(0, indices));
      const auto value = loss.item<double>();
      if (!std::isfinite(value)) return not_finite("of step " + std::to_string(step + 1));
      loss_sum += value;
      loss.backward();
      optimizer.step();
    }
    COVEY_RETURN_IF_ERROR(network_.check_views());
    examples = std::min(examples, used);
    return loss_sum / static_cast<double>(steps);
  }

  FlatNetwork network_;
  TorchData data_;
  TorchOptions options_;
};

TorchTrainer::TorchTrainer(std::unique_ptr<State> state) : state_(std::move(state)) {}
TorchTrainer::~TorchTrainer() = default;

Result<std::unique_ptr<TorchTrainer>> TorchTrainer::create(const MakeNetwork& make_network,
                                                           TorchData data, TorchOptions options) {
  if (options.intra_op_threads < 1 || options.held_out_batch < 1) {
    return invalid_argument("intra_op_threads and held_out_batch must be above 0");
  }
  return guarded("making the network", [&]() -> Result<std::unique_ptr<TorchTrainer>> {
    set_intra_op_threads(options.intra_op_threads);
    COVEY_ASSIGN_OR_RETURN(FlatNetwork network, FlatNetwork::create(make_network(), options.role));
    auto state = std::make_unique<State>(std::move(network), std::move(options));
    COVEY_RETURN_IF_ERROR(state->set_data(std::move(data)));
    return std::unique_ptr<TorchTrainer>(new TorchTrainer(std::move(state)));
  });
}

Status TorchTrainer::set_data(TorchData data) { return state_->set_data(std::move(data)); }
const ring::Manifest& TorchTrainer::manifest() const { return state_->manifest(); }
Digest TorchTrainer::data_schema() const { return state_->data_schema(); }

Result<TrainingReport> TorchTrainer::run(const TrainingJob& job, model::Model& model) {
  return guarded("training", [&] { return state_->run(job, model); });
}

}  // namespace covey::client
