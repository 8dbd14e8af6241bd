#include "covey/client/torch/networks.h"

#include <array>

#include "client/torch/guarded.h"
#include "covey/client/torch/models.h"
#include "covey/datasets/draws.h"

namespace covey::client {
namespace {

namespace nn = torch::nn;

constexpr std::array<std::string_view, 3> kNames = {"cnn-small", "logistic", "mlp-2nn"};

// Two convolutions, each halved by pooling, and two linear layers: cheap enough for one core.
struct CnnSmallImpl : nn::Module {
  CnnSmallImpl()
      : conv1(register_module("conv1", nn::Conv2d(nn::Conv2dOptions(1, 8, 5).padding(2)))),
        conv2(register_module("conv2", nn::Conv2d(nn::Conv2dOptions(8, 16, 3).padding(1)))),
        fc1(register_module("fc1", nn::Linear(16 * 7 * 7, 32))),
        fc2(register_module("fc2", nn::Linear(32, 10))) {}

  torch::Tensor forward(const torch::Tensor& images) {
    torch::Tensor x = torch::max_pool2d(torch::relu(conv1(images)), 2);
    x = torch::max_pool2d(torch::relu(conv2(x)), 2);
    return fc2(torch::relu(fc1(x.flatten(1))));
  }

  nn::Conv2d conv1, conv2;
  nn::Linear fc1, fc2;
};

struct LogisticImpl : nn::Module {
  torch::Tensor forward(const torch::Tensor& images) { return fc(images.flatten(1)); }

  nn::Linear fc = register_module("fc", nn::Linear(28 * 28, 10));
};

struct Mlp2nnImpl : nn::Module {
  torch::Tensor forward(const torch::Tensor& images) {
    return fc3(torch::relu(fc2(torch::relu(fc1(images.flatten(1))))));
  }

  nn::Linear fc1 = register_module("fc1", nn::Linear(28 * 28, 200));
  nn::Linear fc2 = register_module("fc2", nn::Linear(200, 200));
  nn::Linear fc3 = register_module("fc3", nn::Linear(200, 10));
};

// Weights and biases of a layer evenly within ± 1/√fan-in, as LibTorch draws them, but the same on
// every machine and for every version of it.
void initialise(nn::Module& module, std::uint64_t seed) {
  const torch::NoGradGuard no_grad;
  datasets::Draws draws(seed);
  for (const auto& layer : module.modules(false)) {
    auto parameters = layer->named_parameters(false);
    const torch::Tensor* const weight = parameters.find("weight");
    if (weight == nullptr) continue;
    const auto fan_in = static_cast<double>(weight->numel() / weight->size(0));
    const double bound = 1 / std::sqrt(fan_in);
    for (auto& parameter : parameters) {
      float* const values = parameter.value().data_ptr<float>();
      for (std::int64_t i = 0; i < parameter.value().numel(); ++i) {
        values[i] = static_cast<float>(draws.between(-bound, bound));
      }
    }
  }
}

torch::Tensor features_of(const datasets::Examples& examples) {
  const auto count = static_cast<std::int64_t>(examples.size());
  return torch::tensor(torch::ArrayRef<float>(examples.features)).view({count, 1, 28, 28});
}

torch::Tensor targets_of(const datasets::Examples& examples) {
  return torch::tensor(torch::ArrayRef<std::int64_t>(examples.labels));
}

Status check_digits(const datasets::Examples& examples) {
  if (examples.size() == 0) return {};
  const bool fits = examples.shape == std::vector<std::uint64_t>{1, 28, 28} &&
                    examples.features.size() == examples.size() * examples.width() &&
                    examples.classes == 10;
  if (fits) return {};
  return invalid_argument("this network takes digits of 1 x 28 x 28 in 10 classes");
}

Result<TorchData> data_of(const datasets::Examples& train, const datasets::Examples& held_out) {
  COVEY_RETURN_IF_ERROR(check_digits(train));
  COVEY_RETURN_IF_ERROR(check_digits(held_out));
  return guarded("copying the examples", [&]() -> Result<TorchData> {
    return TorchData{features_of(train), targets_of(train), features_of(held_out),
                     targets_of(held_out)};
  });
}

class TorchExamplesTrainer final : public ExamplesTrainer {
 public:
  explicit TorchExamplesTrainer(std::unique_ptr<TorchTrainer> trainer)
      : trainer_(std::move(trainer)) {}

  Status set_examples(const datasets::Examples& train,
                      const datasets::Examples& held_out) override {
    COVEY_ASSIGN_OR_RETURN(TorchData data, data_of(train, held_out));
    return trainer_->set_data(std::move(data));
  }
  const ring::Manifest& manifest() const override { return trainer_->manifest(); }
  Result<TrainingReport> run(const TrainingJob& job, model::Model& model) override {
    return trainer_->run(job, model);
  }

 private:
  std::unique_ptr<TorchTrainer> trainer_;
};

}  // namespace

std::span<const std::string_view> model_names() { return kNames; }

Result<TorchNetwork> make_network(std::string_view name) {
  return guarded("making the network", [&]() -> Result<TorchNetwork> {
    if (name == "cnn-small") return network_of(std::make_shared<CnnSmallImpl>());
    if (name == "logistic") return network_of(std::make_shared<LogisticImpl>());
    if (name == "mlp-2nn") return network_of(std::make_shared<Mlp2nnImpl>());
    std::string known;
    for (const std::string_view one : kNames) known += " " + std::string(one);
    return Error{ErrorCode::kNotFound, "no network has that name; there are:" + known};
  });
}

Result<model::Model> initial_model(std::string_view name, std::uint64_t seed) {
  COVEY_ASSIGN_OR_RETURN(const TorchNetwork network, make_network(name));
  initialise(*network.module, seed);
  return model_of(network);
}

Result<std::unique_ptr<ExamplesTrainer>> make_trainer(std::string_view name,
                                                      const datasets::Examples& train,
                                                      const datasets::Examples& held_out) {
  COVEY_ASSIGN_OR_RETURN(const TorchNetwork network, make_network(name));
  COVEY_ASSIGN_OR_RETURN(TorchData data, data_of(train, held_out));
  COVEY_ASSIGN_OR_RETURN(std::unique_ptr<TorchTrainer> trainer,
                         TorchTrainer::create([&] { return network; }, std::move(data)));
  return std::unique_ptr<ExamplesTrainer>(
      std::make_unique<TorchExamplesTrainer>(std::move(trainer)));
}

}  // namespace covey::client
