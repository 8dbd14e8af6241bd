#pragma once

#include <span>
#include <vector>

#include "covey/client/torch/torch_trainer.h"

namespace covey::client {

// A network whose parameters are views into one flat block: first those that are trained, then the
// frozen ones, each on a 64-byte boundary. Buffers stay where they are. Moves. May throw what
// LibTorch throws.
class FlatNetwork {
 public:
  // Errors as `model_of`. The network is this object's from here on.
  static Result<FlatNetwork> create(TorchNetwork network, const model::RoleOf& role);

  const ring::Manifest& manifest() const { return manifest_; }
  torch::nn::Module& module() { return *network_.module; }
  torch::Tensor forward(const torch::Tensor& batch) { return network_.forward(batch); }

  // Copies every tensor but those of role kLocal. kInvalidArgument when the model is another one.
  Status load(const model::Model& model);
  // The same for those of role kLocal.
  Status load_local(const model::Model& model);
  // Copies every tensor; `model` was accepted by `load`.
  void store(model::Model& model) const;

  // Parameters that are not frozen, in the block's order.
  const std::vector<torch::Tensor>& trained() const { return trained_; }
  std::vector<std::span<float>> trained_values() const;

  // kFailedPrecondition, naming the first parameter that is no longer a view into the block, which
  // an app's module may cause (`to`, another assignment).
  Status check_views() const;

 private:
  FlatNetwork(TorchNetwork network, ring::Manifest manifest, std::vector<torch::Tensor> tensors);
  void flatten();
  Status load_where(const model::Model& model, bool is_local);
  bool is_parameter(std::size_t tensor) const { return is_parameter_[tensor]; }
  bool has_role(std::size_t tensor, ring::Role role) const {
    return manifest_.tensors()[tensor].role == role;
  }

  TorchNetwork network_;
  ring::Manifest manifest_;
  std::vector<torch::Tensor> tensors_;  // in the manifest's order
  std::vector<bool> is_parameter_;
  torch::Tensor parameters_;  // float32, one dimension
  std::vector<torch::Tensor> trained_;
};

}  // namespace covey::client
