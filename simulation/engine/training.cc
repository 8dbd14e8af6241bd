#include "simulation/engine/training.h"

#include <algorithm>

namespace covey::simulation {
namespace {

// Sums are taken over these parts in their order, whoever evaluates them.
constexpr std::size_t kEvaluationPart = 500;

void copy(const model::Model& from, model::Model& to) {
  for (std::size_t i = 0; i < from.views().size(); ++i) {
    std::ranges::copy(from.bytes(i), to.bytes(i).begin());
  }
}

}  // namespace

Result<Training> Training::create(const MakeTrainer& make_trainer, Workers& workers,
                                  const datasets::FederatedDataset& dataset, Hooks* hooks) {
  Training training;
  training.workers_ = &workers;
  training.hooks_ = hooks;
  for (std::size_t i = 0; i < workers.count(); ++i) {
    auto kit = std::make_unique<Kit>();
    COVEY_ASSIGN_OR_RETURN(kit->trainer, make_trainer());
    if (i > 0) {
      const auto difference = training.manifest().first_difference(kit->trainer->manifest());
      if (difference) {
        return Error{
            ErrorCode::kFailedPrecondition,
            "each worker has a network of its own, and two of them differ: " + *difference};
      }
    }
    training.kits_.push_back(std::move(kit));
  }
  training.data_ = std::make_unique<DataCache>(dataset);
  training.local_ = std::make_unique<LocalTensors>(training.manifest());
  return training;
}

model::Model& Training::scratch(std::size_t worker, const model::Model& global) {
  auto& scratch = kits_[worker]->scratch;
  if (scratch) {
    copy(global, *scratch);
  } else {
    scratch = global.clone();
  }
  return *scratch;
}

Result<client::TrainingReport> Training::train(std::size_t worker, std::size_t device,
                                               const client::TrainingJob& job,
                                               const model::Model& global, model::Model& model) {
  client::ExamplesTrainer& trainer = *kits_[worker]->trainer;
  COVEY_ASSIGN_OR_RETURN(datasets::DeviceData data, data_->device(device));
  COVEY_RETURN_IF_ERROR(trainer.set_examples(std::move(data.train), std::move(data.held_out)));
  if (local_->is_needed()) {
    model::Model own = global.clone();
    local_->load(device, own);
    COVEY_RETURN_IF_ERROR(trainer.set_local(own));
  }
  Result<client::TrainingReport> report = trainer.run(job, model);
  if (!report) return report;
  if (hooks_ != nullptr) hooks_->trained(job.round, device, *report, model);
  return report;
}

Result<Evaluation> Training::evaluate(const plan::Plan& plan, model::Model& model,
                                      const datasets::Rows& rows, bool is_classification) {
  plan::Plan evaluation = plan;
  evaluation.purpose = plan::Purpose::kEvaluate;
  evaluation.metrics.clear();
  evaluation.metrics.emplace_back("loss");
  if (is_classification) evaluation.metrics.emplace_back("accuracy");
  const std::size_t parts = (rows.size() + kEvaluationPart - 1) / kEvaluationPart;
  struct Part {
    std::uint64_t examples = 0;
    std::vector<double> metrics;
    std::optional<Error> error;
  };
  std::vector<Part> found(parts);
  workers_->run_all(parts, [&](std::size_t part, std::size_t worker) {
    const std::size_t first = part * kEvaluationPart;
    const std::size_t count = std::min(kEvaluationPart, rows.size() - first);
    const auto indices = std::span(rows.rows).subspan(first, count);
    datasets::Rows some{rows.table, std::vector<std::int64_t>(indices.begin(), indices.end())};
    client::ExamplesTrainer& trainer = *kits_[worker]->trainer;
    if (Status set = trainer.set_examples({}, std::move(some)); !set) {
      found[part].error = set.error();
      return;
    }
    if (local_->is_needed()) {  // those of the global model, not of whom the worker played last
      if (Status set = trainer.set_local(model); !set) {
        found[part].error = set.error();
        return;
      }
    }
    const client::TrainingJob job{evaluation, 0, 0, {}};
    auto report = trainer.run(job, model);
    if (!report) {
      found[part].error = report.error();
      return;
    }
    found[part].examples = report->examples;
    found[part].metrics = std::move(report->metrics);
  });
  Evaluation sum;
  double correct = 0;
  for (const Part& part : found) {
    if (part.error) return *part.error;
    const auto examples = static_cast<double>(part.examples);
    sum.examples += part.examples;
    sum.loss += part.metrics[0] * examples;
    if (is_classification) correct += part.metrics[1] * examples;
  }
  const auto examples = static_cast<double>(std::max<std::uint64_t>(sum.examples, 1));
  sum.loss /= examples;
  if (is_classification) sum.accuracy = correct / examples;
  return sum;
}

}  // namespace covey::simulation
