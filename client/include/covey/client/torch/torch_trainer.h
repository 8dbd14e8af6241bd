#pragma once

#include <torch/torch.h>

#include <functional>
#include <memory>

#include "covey/aggregation/model/safetensors.h"
#include "covey/client/trainer.h"

namespace covey::client {

// A module, and how it is called: `network_of` makes one of any torch::nn::Module that has
// `Tensor forward(Tensor)`.
struct TorchNetwork {
  std::shared_ptr<torch::nn::Module> module;
  std::function<torch::Tensor(const torch::Tensor&)> forward;
};

template <typename Module>
TorchNetwork network_of(std::shared_ptr<Module> module) {
  return {module, [module](const torch::Tensor& batch) { return module->forward(batch); }};
}
template <typename Module>
TorchNetwork network_of(const torch::nn::ModuleHolder<Module>& holder) {
  return network_of(holder.ptr());
}

// The values that a network has now, as a model: what an app writes to init.safetensors. Tensors
// are in the order of Python's state_dict. `role` decides about each tensor (empty:
// model::default_role, and kFrozen for a parameter that needs no gradient). kInvalidArgument,
// naming the tensor, for what cannot be aggregated: parameters that are not float32 on the CPU, or
// are shared under two names.
Result<model::Model> model_of(const TorchNetwork& network, const model::RoleOf& role = {});

// A device's own data; the first dimension of each tensor counts examples. Features go to the
// network as they are, a batch in memory that the next batch is written to. Targets: for
// cross-entropy int64 classes, [n] where the network gives [n, classes], or [n, positions] where it
// gives [n, positions, classes]; for the mean squared error floats, as many as the network's output
// has. Undefined tensors stand for no examples.
//
// With rows (int64 [m], indices into the examples) the device has only these, in that order:
// tensors of all devices' examples can be shared, and are never written to. Undefined: all.
struct TorchData {
  torch::Tensor features{};
  torch::Tensor targets{};
  torch::Tensor held_out_features{};
  torch::Tensor held_out_targets{};
  torch::Tensor rows{};
  torch::Tensor held_out_rows{};
};

struct TorchOptions {
  // For torch and for OpenBLAS where torch uses it. PROCESS-WIDE, and set again when a trainer
  // runs: an app that computes with torch beside it must know.
  int intra_op_threads = 1;
  model::RoleOf role;                 // as for `model_of`
  Digest data_schema{};               // what Trainer::data_schema answers
  std::int64_t held_out_batch = 256;  // examples evaluated at a time
};

// Trains a LibTorch network on the device's data as the plan says: SGD with momentum, Adam or
// AdamW, the FedProx term, clipping of each step's gradient, for epochs or for steps. The network's
// parameters are views into one block of memory; a step of the optimizer is one pass over each of
// them, from its gradient as LibTorch gives it.
//
// Metrics by name: "train_loss" is the mean over the steps of the training; "loss", "accuracy"
// (cross-entropy: of all positions) and "rmse" (mean squared error: its root) are of the received
// model on the held-out part, before training. `examples` counts the training
// examples that were used, for an evaluation the held-out ones.
//
// Tensors of role kLocal are not loaded: they keep what training here made of them, for as long as
// this object lives.
//
// The same seed, data and LibTorch and the same kind of processor give the same bits with one
// thread. What a network draws itself (dropout) comes from LibTorch's process-wide generator,
// seeded at the start of a run: it is the same again only while nothing else draws from it.
//
// Errors of `run`: kCancelled after a stop; kInvalidArgument for another model, an unknown metric
// or data that does not fit the plan's loss; kFailedPrecondition when a metric needs held-out
// examples and there are none; kOutOfRange when a loss is not finite; kInternal with LibTorch's
// own text when it throws. Not thread-safe.
class TorchTrainer final : public Trainer {
 public:
  using MakeNetwork = std::function<TorchNetwork()>;

  // `make_network` is called once. Errors as `model_of`, as `set_data`, and kInternal when it
  // throws.
  static Result<std::unique_ptr<TorchTrainer>> create(const MakeNetwork& make_network,
                                                      TorchData data, TorchOptions options = {});
  ~TorchTrainer() override;

  // For a worker that plays many devices. Other data for the next runs, in microseconds: nothing is
  // copied. kInvalidArgument when features and targets do not count the same examples.
  Status set_data(TorchData data);
  // The tensors of role kLocal from `model`, as `run` loads the others. Errors as for `run`.
  Status set_local(const model::Model& model);

  const ring::Manifest& manifest() const override;
  Digest data_schema() const override;
  Result<TrainingReport> run(const TrainingJob& job, model::Model& model) override;

 private:
  class State;
  explicit TorchTrainer(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace covey::client
