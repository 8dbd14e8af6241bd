#include "covey/client/torch/torch_trainer.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "client/torch/batch_order.h"
#include "client/torch/data_part.h"
#include "client/torch/flat_network.h"
#include "client/torch/guarded.h"
#include "client/torch/losses.h"
#include "client/torch/plan_optimizer.h"
#include "client/torch/threads.h"

namespace covey::client {
namespace {

using plan::Loss;
using plan::Purpose;

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

double metric(const std::string& name, double train_loss, const HeldOut& held_out) {
  if (name == "train_loss") return train_loss;
  if (name == "accuracy") return held_out.accuracy;
  return name == "rmse" ? std::sqrt(held_out.loss) : held_out.loss;
}

}  // namespace

class TorchTrainer::State {
 public:
  State(FlatNetwork network, TorchOptions options)
      : network_(std::move(network)), options_(std::move(options)) {}

  Status set_data(TorchData data) {
    COVEY_ASSIGN_OR_RETURN(DataPart train,
                           DataPart::create("training", std::move(data.features),
                                            std::move(data.targets), std::move(data.rows)));
    COVEY_ASSIGN_OR_RETURN(
        held_out_,
        DataPart::create("held-out", std::move(data.held_out_features),
                         std::move(data.held_out_targets), std::move(data.held_out_rows)));
    train_ = std::move(train);
    return {};
  }
  Status set_local(const model::Model& model) { return network_.load_local(model); }

  const ring::Manifest& manifest() const { return network_.manifest(); }
  const Digest& data_schema() const { return options_.data_schema; }

  Result<TrainingReport> run(const TrainingJob& job, model::Model& model) {
    set_intra_op_threads(options_.intra_op_threads);
    torch::manual_seed(job.seed);
    COVEY_RETURN_IF_ERROR(check(job.plan));
    COVEY_RETURN_IF_ERROR(network_.check_views());
    COVEY_RETURN_IF_ERROR(network_.load(model));

    const bool is_training = job.plan.purpose == Purpose::kTrain;
    TrainingReport report;
    report.metrics.assign(job.plan.metrics.size(), 0.0);
    const std::int64_t available = is_training ? train_.size() : held_out_.size();
    if (available == 0) return report;
    HeldOut held_out;
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
      report.metrics[i] = metric(job.plan.metrics[i], train_loss, held_out);
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
                            name == (is_classification ? "accuracy" : "rmse");
      if (!is_known) {
        return invalid_argument(
            "this trainer measures \"loss\", \"accuracy\" (with cross-entropy), \"rmse\" (with the "
            "mean squared error) and \"train_loss\" (when it trains); the plan asks for another "
            "metric");
      }
    }
    if (is_training &&
        (plan.train.batch_size == 0 || (plan.train.epochs == 0) == (plan.train.steps == 0))) {
      return invalid_argument(
          "a plan for training needs a batch size above 0, and either epochs or steps above 0");
    }
    COVEY_RETURN_IF_ERROR(check_targets(plan.train.loss, train_.targets()));
    COVEY_RETURN_IF_ERROR(check_targets(plan.train.loss, held_out_.targets()));
    if (is_training && needs_held_out(plan) && train_.size() > 0 && held_out_.size() == 0) {
      return Error{ErrorCode::kFailedPrecondition,
                   "the plan asks for a metric on held-out examples, but this device holds none "
                   "out"};
    }
    return {};
  }

  Result<HeldOut> evaluate(const TrainingJob& job) {
    const torch::NoGradGuard no_grad;
    network_.module().eval();
    const std::int64_t total = held_out_.size();
    double loss_sum = 0;
    std::int64_t correct = 0;
    std::int64_t positions = 0;
    for (std::int64_t first = 0; first < total; first += options_.held_out_batch) {
      if (job.stop.stop_requested()) return cancelled();
      const std::int64_t count = std::min(options_.held_out_batch, total - first);
      const Batch batch = held_out_.range(first, count);
      const torch::Tensor output = network_.forward(batch.features);
      const auto examples = static_cast<double>(count);
      loss_sum += loss_of(job.plan.train.loss, output, batch.targets).item<double>() * examples;
      if (job.plan.train.loss == Loss::kCrossEntropy) {
        correct += correct_of(output, batch.targets);
        positions += batch.targets.numel();
      }
    }
    if (!std::isfinite(loss_sum)) return not_finite("of the received model");
    HeldOut held_out;
    held_out.loss = loss_sum / static_cast<double>(total);
    if (positions > 0) {
      held_out.accuracy = static_cast<double>(correct) / static_cast<double>(positions);
    }
    return held_out;
  }

  // The mean loss over the steps. `examples`: in, how many there are; out, how many were used.
  Result<double> train(const TrainingJob& job, std::uint64_t& examples) {
    const plan::TrainSettings& settings = job.plan.train;
    network_.module().train();
    PlanOptimizer optimizer(settings, network_.trained_values());
    BatchOrder order(examples, settings.batch_size, job.seed);
    const std::uint64_t steps = settings.steps > 0
                                    ? settings.steps
                                    : settings.epochs * std::uint64_t{order.batches_per_epoch()};
    double loss_sum = 0;
    std::uint64_t used = 0;
    for (std::uint64_t step = 0; step < steps; ++step) {
      if (job.stop.stop_requested()) return cancelled();
      const std::span<const std::int64_t> positions = order.next();
      used += positions.size();
      const Batch batch = train_.at(positions);
      const torch::Tensor loss =
          loss_of(settings.loss, network_.forward(batch.features), batch.targets);
      const auto value = loss.item<double>();
      if (!std::isfinite(value)) return not_finite("of step " + std::to_string(step + 1));
      loss_sum += value;
      update(loss, optimizer);
    }
    COVEY_RETURN_IF_ERROR(network_.check_views());
    examples = std::min(examples, used);
    return loss_sum / static_cast<double>(steps);
  }

  // The gradients as LibTorch makes them, each read once and given back: none is kept from step to
  // step, zeroed or summed into.
  void update(const torch::Tensor& loss, PlanOptimizer& optimizer) {
    std::vector<torch::Tensor> gradients =
        torch::autograd::grad({loss}, network_.trained(), {}, {}, false, true);
    std::vector<const float*> values;
    for (std::size_t i = 0; i < gradients.size(); ++i) {
      torch::Tensor& gradient = gradients[i];
      // Undefined: the loss does not depend on it, as where a network branches.
      gradient =
          gradient.defined() ? gradient.contiguous() : torch::zeros_like(network_.trained()[i]);
      values.push_back(gradient.data_ptr<float>());
    }
    optimizer.step(values);
  }

  FlatNetwork network_;
  DataPart train_;
  DataPart held_out_;
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
Status TorchTrainer::set_local(const model::Model& model) { return state_->set_local(model); }
const ring::Manifest& TorchTrainer::manifest() const { return state_->manifest(); }
Digest TorchTrainer::data_schema() const { return state_->data_schema(); }

Result<TrainingReport> TorchTrainer::run(const TrainingJob& job, model::Model& model) {
  return guarded("training", [&] { return state_->run(job, model); });
}

}  // namespace covey::client
