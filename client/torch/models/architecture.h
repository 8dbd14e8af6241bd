#pragma once

#include <span>

#include "covey/client/torch/models.h"
#include "covey/client/torch/torch_trainer.h"

namespace covey::client {

// A network of the catalogue.
struct Architecture {
  ModelInfo info;
  std::string_view takes;  // what its input has to be, for an error
  bool (*accepts)(const NetworkShape& shape);
  TorchNetwork (*make)(const NetworkShape& shape);  // of a shape that it accepts
  bool is_sequence = false;                         // an output at every position of the input
};

std::span<const Architecture> digit_networks();
std::span<const Architecture> residual_networks();
std::span<const Architecture> sequence_networks();

// Of all of them. kNotFound, with the names that there are, for another name.
Result<const Architecture*> find_architecture(std::string_view name);

// Values for a first model, the same bits for a seed on every machine and for every LibTorch:
// weights and biases of linear layers and convolutions evenly within ± 1/√fan-in, of an LSTM within
// ± 1/√units, as LibTorch draws them; embeddings about normal; what normalises begins as the
// identity.
void initialise(torch::nn::Module& module, std::uint64_t seed);

}  // namespace covey::client
