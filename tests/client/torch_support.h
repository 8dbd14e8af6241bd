#pragma once

#include <functional>
#include <memory>

#include "covey/client/trainer.h"

namespace covey::testing {

// Small networks and data for tests of TorchTrainer, behind declarations that need no LibTorch: its
// headers and Catch2's do not go together.
enum class Net {
  kPlain,      // 6 - 8 - 3
  kBatchNorm,  // the same with batch norm before the last layer
  kFrozen,     // the same, its first layer without gradients
  kLocal,      // kPlain, its first layer of role kLocal
  kPositions,  // kPlain with two positions, for each of which it gives 3
  kUnused,     // kPlain with a layer that the output does not depend on
  kTied,       // one tensor under two names
  kHalf,       // float16 parameters
};

struct TorchCase {
  Net net = Net::kPlain;
  plan::Loss loss = plan::Loss::kCrossEntropy;
  std::int64_t examples = 37;
  std::int64_t held_out = 11;
  std::function<void()> on_forward;  // called before each pass; may throw
  bool replaces_a_parameter = false;
  bool has_scalar_targets = false;  // one class, however many positions
  bool has_rows = false;            // the examples are rows of tables with others in between
};

Result<std::unique_ptr<client::Trainer>> make_torch_trainer(const TorchCase& test_case);
Result<std::unique_ptr<client::Trainer>> make_trainer_of_throwing_factory();
Result<model::Model> torch_model(Net net, std::uint64_t seed);

// The naive twins: torch.optim over the module's parameters one by one, the same batches; and the
// loss and accuracy on the held-out part, an example at a time.
model::Model train_naively(const TorchCase& test_case, const plan::TrainSettings& settings,
                           std::uint64_t seed, const model::Model& start);
std::vector<double> evaluate_naively(const TorchCase& test_case, const model::Model& model);

// How far layers of the catalogue, and a network with pooling, are from what LibTorch computes with
// the same values: the largest difference in the output and in any gradient, over the largest
// value.
double dense_error(std::int64_t rows, std::int64_t inputs, std::int64_t outputs);
double lstm_error(std::int64_t rows, std::int64_t positions, std::int64_t inputs,
                  std::int64_t units);
double cnn_small_error(std::int64_t channels, std::int64_t height, std::int64_t width);

}  // namespace covey::testing
