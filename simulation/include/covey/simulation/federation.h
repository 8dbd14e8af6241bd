#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "covey/aggregation/merge/strategy.h"
#include "covey/aggregation/model/model.h"
#include "covey/aggregation/plan/plan.h"
#include "covey/aggregation/ring/counters.h"
#include "covey/client/torch/models.h"
#include "covey/datasets/federated_dataset.h"
#include "covey/simulation/round_result.h"
#include "covey/simulation/sampler.h"
#include "covey/simulation/settings.h"

namespace covey::simulation {

// What a researcher may look at and change, at each step of a round. Called from the thread that
// runs the round, but for `trained`. An override does not have to call the base.
class Hooks {
 public:
  virtual ~Hooks() = default;
  // The devices that are asked to take part.
  virtual void selected(std::uint64_t /*round*/, std::vector<std::size_t>& /*devices*/) {}
  // The plan that they get. A plan that is not valid afterwards ends the round with an error.
  virtual void configure(std::uint64_t /*round*/, plan::Plan& /*plan*/) {}
  // A device has trained; what is here changed is what it sends. Called from the worker threads,
  // several at once for different devices, in no order: what it does may depend on its arguments
  // only, or a run is not the same twice.
  virtual void trained(std::uint64_t /*round*/, std::size_t /*device*/,
                       client::TrainingReport& /*report*/, model::Model& /*model*/) {}
  // After the strategy has moved the model; `after` may be changed. Both are of the manifest's flat
  // vector.
  virtual void merged(std::uint64_t /*round*/, const ring::Counters& /*counters*/,
                      std::span<const float> /*before*/, std::span<float> /*after*/) {}
  virtual void evaluated(std::uint64_t /*round*/, const Evaluation& /*evaluation*/) {}
  virtual void ended(const RoundResult& /*result*/) {}
};

// What a federation is made of, where it is not to be what the task file names. Empty ones are as
// the task file says.
struct Parts {
  std::unique_ptr<datasets::FederatedDataset> dataset;
  std::unique_ptr<Sampler> sampler;
  std::unique_ptr<merge::Strategy> strategy;
  // The network: its first model (or [model] initial), and a trainer for it, which is asked for
  // once for each worker. make_federation (torch_federation.h) knows those that a task can name.
  std::optional<model::Model> initial_model;
  std::function<Result<std::unique_ptr<client::ExamplesTrainer>>()> make_trainer;
  std::unique_ptr<Hooks> hooks;
};

// What one round is to do differently.
struct RoundOptions {
  std::vector<std::size_t> devices;  // that are asked to take part; empty: the sampler draws them
  std::function<void(plan::Plan&)> change_plan;
  bool evaluates = true;  // centrally, whatever [simulation] says
};

// How a run ended.
struct RunEnd {
  bool is_target_reached = false;  // of [evaluate]
  bool is_stopped = false;         // by the caller
  std::string failure;             // too many rounds in a row were aborted: the last reason
};

// A federation on one machine: virtual devices, which train one after another on a few threads,
// and the coordinator's own rounds, secure aggregation and merging, in virtual time. With the same
// task file, the same seed, the same LibTorch and the same kind of processor the models are the
// same, bit for bit, for any number of workers, and for plain and for masked aggregation.
//
// Not thread-safe: one thread calls it.
class Federation {
 public:
  // Errors name the setting that does not fit, or the part that is missing.
  static Result<Federation> create(SimulationSpec spec, Parts parts = {});
  Federation(Federation&&) noexcept;
  Federation& operator=(Federation&&) noexcept;
  ~Federation();

  // One round. An aborted round is a result, not an error: the model stays as it was. Errors are
  // what would fail in every round: a plan that is not valid, a strategy's refusal.
  Result<RoundResult> run_round(const RoundOptions& options = {});
  // Rounds until the task's number of completed ones, its target, too many aborted ones in a row,
  // or until `goes_on` says false after one. A restored run goes on where it was.
  Result<RunEnd> run(const std::function<bool(const RoundResult&)>& goes_on);

  Result<Evaluation> evaluate();  // the current model on the test set

  const SimulationSpec& spec() const;
  const datasets::FederatedDataset& dataset() const;
  const model::Model& model() const;
  std::uint64_t version() const;       // of the model: 1 is the first
  std::uint64_t rounds_begun() const;  // aborted ones are among them
  std::uint64_t rounds_completed() const;
  std::uint64_t workers() const;
  Bytes model_file() const;  // safetensors, the bytes whose digest is RoundResult::model

  // All that the next rounds depend on, the model included. restore_state: of a federation made of
  // the same spec and parts; kDataLoss when damaged, kFailedPrecondition when it is of another.
  Bytes save_state() const;
  Status restore_state(ByteView state);

 private:
  class Core;
  explicit Federation(std::unique_ptr<Core> core);
  std::unique_ptr<Core> core_;
};

}  // namespace covey::simulation
