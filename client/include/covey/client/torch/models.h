#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "covey/aggregation/model/model.h"
#include "covey/aggregation/model/safetensors.h"
#include "covey/client/trainer.h"
#include "covey/datasets/examples.h"

namespace covey::client {

// What a network takes and gives.
struct NetworkShape {
  std::vector<std::uint64_t> input;  // of one example: 1 x 28 x 28
  std::int64_t outputs = 0;          // classes, or numbers
  bool operator==(const NetworkShape&) const = default;
};

// A network that Covey knows by name.
struct ModelInfo {
  std::string_view name;
  std::string_view summary;      // one line
  std::string_view source;       // where it comes from: "[McMahan17] §3"; may be empty
  NetworkShape shape;            // by default
  std::uint64_t parameters = 0;  // trained ones, with that shape
};
std::span<const ModelInfo> model_catalogue();

// The shape that `name` has for such data. kNotFound, with the names that there are, for another
// name; kInvalidArgument when the network cannot take such examples, saying what it takes.
Result<NetworkShape> shape_for(std::string_view name, std::span<const std::uint64_t> input,
                               std::int64_t outputs);

// A first global model, the same bits for a seed on every machine. An empty shape stands for the
// network's own. Errors as `shape_for`.
Result<model::Model> initial_model(std::string_view name, std::uint64_t seed,
                                   const NetworkShape& shape = {});

// A trainer whose data can be replaced, for a worker that plays many devices.
class ExamplesTrainer : public Trainer {
 public:
  // Nothing is copied: the tables must not change while the trainer has them. kInvalidArgument when
  // the examples are not as the network wants them.
  virtual Status set_examples(datasets::Rows train, datasets::Rows held_out) = 0;
  // Takes the tensors of role kLocal from `model`, as `run` takes the others.
  virtual Status set_local(const model::Model& model) = 0;
};

struct ExamplesTrainerOptions {
  NetworkShape shape;  // empty: the network's own
  model::RoleOf role;  // as for model_of; empty: by default
  Digest data_schema{};
};

// A TorchTrainer of the network `name`, without examples at first; one intra-op thread.
Result<std::unique_ptr<ExamplesTrainer>> make_trainer(std::string_view name,
                                                      ExamplesTrainerOptions options = {});

}  // namespace covey::client
