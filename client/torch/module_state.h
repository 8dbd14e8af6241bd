#pragma once

#include <vector>

#include "covey/client/torch/torch_trainer.h"

namespace covey::client {

// A module's parameters and buffers in the order of Python's state_dict: a module's own parameters,
// its own buffers, then its children. All contiguous; handles to the module's own tensors.
struct ModuleState {
  ring::Manifest manifest;
  std::vector<torch::Tensor> tensors;  // in the manifest's order
  std::vector<bool> is_parameter;
};

// Errors as `model_of`. May throw what LibTorch throws.
Result<ModuleState> state_of(const TorchNetwork& network, const model::RoleOf& role);

}  // namespace covey::client
