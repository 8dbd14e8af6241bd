#pragma once

#include <span>
#include <vector>

#include "covey/client/torch/torch_trainer.h"

namespace covey::client {

// A network whose parameters, and their gradients, are views into two flat blocks: first those that
// are trained, then the frozen ones, each on a 64-byte boundary. Buffers stay where they are.
// Moves. May throw what LibTorch throws.
class FlatNetwork {
 public:
  // Errors as `model_of`. The network is this object's from here on.
  static Result<FlatNetwork> create(TorchNetwork network, const model::RoleOf& role);

  const ring::Manifest& manifest() const { return manifest_; }
  torch::nn::Module& module() { return *network_.module; }
  torch::Tensor forward(const torch::Tensor& batch) { return network_.forward(batch); }

  // Copies every tensor but those of role kLocal. kInvalidArgument when the model is another one.
  Status load(const model::Model& model);
  // Copies every tensor; `model` was accepted by `load`.
  void store(model::Model& model) const;

  std::span<float> trained() { return floats(parameters_); }
  std::span<float> gradients() { return floats(gradients_); }

  // kFailedPrecondition, naming the first parameter that is no longer a view into the blocks, which
  // an app's module may cause (`to`, `zero_grad`, another assignment).
  Status check_views() const;

 private:
  FlatNetwork(TorchNetwork network, ring::Manifest manifest, std::vector<torch::Tensor> tensors);
  void flatten();
  std::span<float> floats(const torch::Tensor& block) const;
  bool is_parameter(std::size_t tensor) const { return is_parameter_[tensor]; }

  TorchNetwork network_;
  ring::Manifest manifest_;
  std::vector<torch::Tensor> tensors_;  // in the manifest's order
  std::vector<bool> is_parameter_;
  torch::Tensor parameters_;  // float32, one dimension
  torch::Tensor gradients_;
  std::size_t trained_length_ = 0;  // of both blocks, with padding
};

}  // namespace covey::client
