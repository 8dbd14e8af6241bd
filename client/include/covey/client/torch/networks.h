#pragma once

#include <string_view>

#include "covey/client/torch/models.h"
#include "covey/client/torch/torch_trainer.h"

namespace covey::client {

// The network of a name in `model_catalogue`, its values as LibTorch draws them. An empty shape
// stands for its own. Errors as `shape_for`.
Result<TorchNetwork> make_network(std::string_view name, const NetworkShape& shape = {});

}  // namespace covey::client
