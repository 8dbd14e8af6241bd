#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "covey/aggregation/model/model.h"
#include "covey/client/trainer.h"
#include "covey/datasets/examples.h"

namespace covey::client {

// Networks that Covey knows by name, for digits of 1 x 28 x 28: "cnn-small" (27,000 parameters, for
// trying things out), "logistic" (a linear classifier) and "mlp-2nn" ([McMahan17]: two hidden
// layers of 200). This header needs no LibTorch.
std::span<const std::string_view> model_names();

// A first global model, the same bits for a seed on every machine. kNotFound, with the names that
// there are, for another name.
Result<model::Model> initial_model(std::string_view name, std::uint64_t seed);

// A trainer whose data can be replaced, for a worker that plays many devices.
class ExamplesTrainer : public Trainer {
 public:
  // kInvalidArgument when the examples are not as the network wants them. They are copied.
  virtual Status set_examples(const datasets::Examples& train,
                              const datasets::Examples& held_out) = 0;
};

// A TorchTrainer of the network `name`, with the default options. `held_out` may be empty.
Result<std::unique_ptr<ExamplesTrainer>> make_trainer(std::string_view name,
                                                      const datasets::Examples& train,
                                                      const datasets::Examples& held_out);

}  // namespace covey::client
