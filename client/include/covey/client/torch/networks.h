#pragma once

#include <string_view>

#include "covey/client/torch/torch_trainer.h"

namespace covey::client {

// The network of a name in `model_names` (models.h), its values as LibTorch draws them. kNotFound
// for another name.
Result<TorchNetwork> make_network(std::string_view name);

}  // namespace covey::client
