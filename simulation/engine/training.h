#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "covey/client/torch/models.h"
#include "covey/simulation/federation.h"
#include "simulation/engine/data_cache.h"
#include "simulation/engine/local_tensors.h"
#include "simulation/engine/workers.h"

namespace covey::simulation {

// What the workers train and evaluate with: a trainer for each, with a network of its own, which
// plays one device after the other.
class Training {
 public:
  using MakeTrainer = std::function<Result<std::unique_ptr<client::ExamplesTrainer>>()>;

  // kFailedPrecondition when two trainers have another model. `workers`, `dataset` and `hooks`
  // (which may be null) must outlive it.
  static Result<Training> create(const MakeTrainer& make_trainer, Workers& workers,
                                 const datasets::FederatedDataset& dataset, Hooks* hooks);

  const ring::Manifest& manifest() const { return kits_.front()->trainer->manifest(); }

  // On the thread of `worker`: trains `device`, beginning with `global`, into `model`.
  Result<client::TrainingReport> train(std::size_t worker, std::size_t device,
                                       const client::TrainingJob& job, const model::Model& global,
                                       model::Model& model);
  // A model that this worker may overwrite, `global` to begin with.
  model::Model& scratch(std::size_t worker, const model::Model& global);

  // On all workers: `model` on these rows. The same bits for any number of workers.
  Result<Evaluation> evaluate(const plan::Plan& plan, model::Model& model,
                              const datasets::Rows& rows, bool is_classification);

  LocalTensors& local() { return *local_; }
  const LocalTensors& local() const { return *local_; }
  void replace_local(std::unique_ptr<LocalTensors> local) { local_ = std::move(local); }

 private:
  struct Kit {
    std::unique_ptr<client::ExamplesTrainer> trainer;
    std::optional<model::Model> scratch;
  };
  Training() = default;

  Workers* workers_ = nullptr;
  Hooks* hooks_ = nullptr;
  std::vector<std::unique_ptr<Kit>> kits_;  // by worker
  std::unique_ptr<DataCache> data_;
  std::unique_ptr<LocalTensors> local_;
};

}  // namespace covey::simulation
