#include "client/torch_support.h"

#include <torch/torch.h>

#include <cstring>
#include <stdexcept>

#include "client/torch/batch_order.h"
#include "client/torch/models/layers.h"
#include "covey/client/torch/networks.h"
#include "covey/client/torch/torch_trainer.h"

namespace covey::testing {
namespace {

namespace nn = torch::nn;
using client::TorchNetwork;

struct NetImpl : nn::Module {
  explicit NetImpl(const TorchCase& what) : test_case(what) {
    if (what.net == Net::kBatchNorm) norm = register_module("norm", nn::BatchNorm1d(8));
    last = register_module("last", nn::Linear(8, what.net == Net::kPositions ? 6 : 3));
    if (what.net == Net::kUnused) register_module("unused", nn::Linear(2, 2));
    if (what.net == Net::kFrozen) first->weight.set_requires_grad(false);
    if (what.net == Net::kTied) register_parameter("again", first->weight);
    if (what.net == Net::kHalf) to(torch::kFloat16);
  }

  torch::Tensor forward(const torch::Tensor& batch) {
    if (test_case.on_forward) test_case.on_forward();
    if (test_case.replaces_a_parameter) last->weight.set_data(last->weight.detach().clone());
    torch::Tensor x = torch::tanh(first(batch));
    if (norm) x = norm(x);
    x = last(x);
    return test_case.net == Net::kPositions ? x.view({-1, 2, 3}) : x;
  }

  TorchCase test_case;
  nn::Linear first = register_module("first", nn::Linear(6, 8));
  nn::BatchNorm1d norm{nullptr};
  nn::Linear last{nullptr};
};

ring::Role local_first(std::string_view name, ring::DType dtype) {
  return name.starts_with("first.") ? ring::Role::kLocal : model::default_role(name, dtype);
}

model::RoleOf role_of(Net net) {
  return net == Net::kLocal ? model::RoleOf(local_first) : model::RoleOf();
}

torch::Tensor targets_of(const TorchCase& test_case, const torch::Tensor& features) {
  if (test_case.net == Net::kPositions && !test_case.has_scalar_targets) {
    const torch::Tensor numbers = features.view({-1, 2, 3});
    return test_case.loss == plan::Loss::kMeanSquared ? numbers.sin() : numbers.argmax(2);
  }
  if (test_case.loss == plan::Loss::kMeanSquared) return features.narrow(1, 0, 3).sin();
  return features.narrow(1, 0, 3).argmax(1);
}

client::TorchData data_of(const TorchCase& test_case) {
  torch::manual_seed(11);
  client::TorchData data;
  data.features = torch::randn({test_case.examples, 6});
  data.targets = targets_of(test_case, data.features);
  data.held_out_features = torch::randn({test_case.held_out, 6});
  data.held_out_targets = targets_of(test_case, data.held_out_features);
  return data;
}

// The same examples, backwards among as many that nobody has, and rows that name them in order.
torch::Tensor spread(torch::Tensor& examples) {
  const std::int64_t count = examples.size(0);
  const torch::Tensor rows = torch::arange(2 * count - 1, 0, -2);
  torch::Tensor table = torch::zeros_like(torch::cat({examples, examples}));
  table.index_copy_(0, rows, examples);
  examples = table;
  return rows;
}

client::TorchData spread(client::TorchData data) {
  data.rows = spread(data.features);
  spread(data.targets);
  data.held_out_rows = spread(data.held_out_features);
  spread(data.held_out_targets);
  return data;
}

// Every tensor of `net`, as its state_dict names them.
std::vector<std::pair<std::string, torch::Tensor>> tensors_of(const NetImpl& net) {
  std::vector<std::pair<std::string, torch::Tensor>> all;
  for (const auto& item : net.named_parameters()) all.emplace_back(item.key(), item.value());
  for (const auto& item : net.named_buffers()) all.emplace_back(item.key(), item.value());
  return all;
}

std::size_t index_of(const model::Model& model, const std::string& name) {
  const auto& tensors = model.manifest().tensors();
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (tensors[i].name == name) return i;
  }
  throw std::runtime_error("no tensor " + name);
}

std::shared_ptr<NetImpl> loaded(const TorchCase& test_case, const model::Model& model) {
  auto net = std::make_shared<NetImpl>(test_case);
  for (auto& [name, tensor] : tensors_of(*net)) {
    const ByteView bytes = model.bytes(index_of(model, name));
    std::memcpy(tensor.data_ptr(), bytes.data(), bytes.size());
  }
  return net;
}

torch::Tensor loss_of(plan::Loss loss, torch::Tensor output, const torch::Tensor& targets) {
  if (loss == plan::Loss::kMeanSquared) return nn::functional::mse_loss(output, targets);
  if (output.dim() == 3) output = output.transpose(1, 2);  // classes come second in LibTorch
  return nn::functional::cross_entropy(output, targets);
}

std::unique_ptr<torch::optim::Optimizer> optimizer_of(const plan::TrainSettings& settings,
                                                      std::vector<torch::Tensor> parameters) {
  using namespace torch::optim;
  switch (settings.optimizer) {
    case plan::Optimizer::kAdam:
      return std::make_unique<Adam>(
          parameters, AdamOptions(settings.learning_rate).weight_decay(settings.weight_decay));
    case plan::Optimizer::kAdamW:
      return std::make_unique<AdamW>(
          parameters, AdamWOptions(settings.learning_rate).weight_decay(settings.weight_decay));
    default:
      return std::make_unique<SGD>(parameters, SGDOptions(settings.learning_rate)
                                                   .momentum(settings.momentum)
                                                   .weight_decay(settings.weight_decay));
  }
}

}  // namespace

Result<std::unique_ptr<client::Trainer>> make_torch_trainer(const TorchCase& test_case) {
  client::TorchOptions options;
  options.role = role_of(test_case.net);
  options.held_out_batch = 4;
  COVEY_ASSIGN_OR_RETURN(
      auto trainer, client::TorchTrainer::create(
                        [&] { return client::network_of(std::make_shared<NetImpl>(test_case)); },
                        test_case.has_rows ? spread(data_of(test_case)) : data_of(test_case),
                        std::move(options)));
  return std::unique_ptr<client::Trainer>(std::move(trainer));
}

Result<std::unique_ptr<client::Trainer>> make_trainer_of_throwing_factory() {
  const auto factory = []() -> TorchNetwork { throw std::runtime_error("no such layer"); };
  COVEY_ASSIGN_OR_RETURN(auto trainer, client::TorchTrainer::create(factory, {}));
  return std::unique_ptr<client::Trainer>(std::move(trainer));
}

Result<model::Model> torch_model(Net net, std::uint64_t seed) {
  torch::manual_seed(seed);
  TorchCase test_case;
  test_case.net = net;
  return client::model_of(client::network_of(std::make_shared<NetImpl>(test_case)), role_of(net));
}

model::Model train_naively(const TorchCase& test_case, const plan::TrainSettings& settings,
                           std::uint64_t seed, const model::Model& start) {
  const client::TorchData data = data_of(test_case);
  const auto net = loaded(test_case, start);
  const auto origin = loaded(test_case, start)->parameters();
  net->train();
  std::vector<torch::Tensor> trained;
  for (const auto& parameter : net->parameters()) {
    if (parameter.requires_grad()) trained.push_back(parameter);
  }
  const auto optimizer = optimizer_of(settings, trained);
  client::BatchOrder order(static_cast<std::size_t>(test_case.examples), settings.batch_size, seed);
  const std::size_t steps =
      settings.steps > 0 ? settings.steps : settings.epochs * order.batches_per_epoch();
  for (std::size_t step = 0; step < steps; ++step) {
    const auto batch = order.next();
    const auto indices =
        torch::tensor(std::vector<std::int64_t>(batch.begin(), batch.end()), torch::kInt64);
    optimizer->zero_grad();
    torch::Tensor loss = loss_of(settings.loss, net->forward(data.features.index({indices})),
                                 data.targets.index({indices}));
    for (std::size_t i = 0; i < origin.size(); ++i) {
      loss = loss +
             settings.fedprox_mu / 2 * (net->parameters()[i] - origin[i].detach()).square().sum();
    }
    loss.backward();
    if (settings.gradient_clip > 0) {
      nn::utils::clip_grad_norm_(trained, settings.gradient_clip);
    }
    optimizer->step();
  }
  model::Model result = start.clone();
  for (const auto& [name, tensor] : tensors_of(*net)) {
    const MutableByteView bytes = result.bytes(index_of(result, name));
    std::memcpy(bytes.data(), tensor.data_ptr(), bytes.size());
  }
  return result;
}

std::vector<double> evaluate_naively(const TorchCase& test_case, const model::Model& model) {
  const torch::NoGradGuard no_grad;
  const client::TorchData data = data_of(test_case);
  const auto net = loaded(test_case, model);
  net->eval();
  double loss = 0;
  double correct = 0;
  for (std::int64_t i = 0; i < test_case.held_out; ++i) {
    const torch::Tensor output = net->forward(data.held_out_features.narrow(0, i, 1));
    const torch::Tensor target = data.held_out_targets.narrow(0, i, 1);
    loss += loss_of(test_case.loss, output, target).item<double>();
    if (test_case.loss == plan::Loss::kCrossEntropy) {
      correct += output.argmax(-1).eq(target).to(torch::kFloat64).mean().item<double>();
    }
  }
  const auto count = static_cast<double>(test_case.held_out);
  return {loss / count, correct / count};
}

namespace {

using Forward = std::function<torch::Tensor(const torch::Tensor&)>;

// Of the outputs of both for `input`, and of the gradients of their weighted sums.
double error_between(const Forward& ours, const Forward& twin, const torch::Tensor& input,
                     std::vector<torch::Tensor> parameters) {
  parameters.push_back(input.set_requires_grad(true));
  const torch::Tensor output = ours(input);
  const torch::Tensor expected = twin(input);
  const torch::Tensor weights = torch::randn_like(expected);
  auto gradients = torch::autograd::grad({(output * weights).sum()}, parameters);
  auto expected_gradients = torch::autograd::grad({(expected * weights).sum()}, parameters);
  gradients.push_back(output);
  expected_gradients.push_back(expected);
  double most = 0;
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    if (gradients[i].sizes() != expected_gradients[i].sizes()) return 1;
    const double scale = expected_gradients[i].abs().max().item<double>();
    const double error = (gradients[i] - expected_gradients[i]).abs().max().item<double>();
    most = std::max(most, error / scale);
  }
  return most;
}

}  // namespace

double dense_error(std::int64_t rows, std::int64_t inputs, std::int64_t outputs) {
  torch::manual_seed(5);
  const client::Dense layer(inputs, outputs);
  return error_between(
      [&](const torch::Tensor& x) { return layer.ptr()->forward(x); },
      [&](const torch::Tensor& x) { return torch::linear(x, layer->weight, layer->bias); },
      torch::randn({rows, inputs}), layer->parameters());
}

double lstm_error(std::int64_t rows, std::int64_t positions, std::int64_t inputs,
                  std::int64_t units) {
  torch::manual_seed(5);
  const client::LstmLayer layer(inputs, units);
  for (torch::Tensor& parameter : layer->parameters()) {
    const torch::NoGradGuard no_grad;
    parameter.uniform_(-1, 1);
  }
  const torch::Tensor zeros = torch::zeros({1, rows, units});
  const auto twin = [&](const torch::Tensor& x) {
    return std::get<0>(torch::lstm(
        x, {zeros, zeros},
        {layer->weight_ih, layer->weight_hh, layer->bias, torch::zeros_like(layer->bias)}, true, 1,
        0.0, true, false, true));
  };
  return error_between([&](const torch::Tensor& x) { return layer.ptr()->forward(x); }, twin,
                       torch::randn({rows, positions, inputs}), layer->parameters());
}

double cnn_small_error(std::int64_t channels, std::int64_t height, std::int64_t width) {
  torch::manual_seed(5);
  const auto size = [](std::int64_t value) { return static_cast<std::uint64_t>(value); };
  const TorchNetwork network =
      client::make_network("cnn-small", {{size(channels), size(height), size(width)}, 3}).value();
  const auto p = network.module->parameters();
  const auto twin = [&](const torch::Tensor& images) {
    torch::Tensor x = torch::max_pool2d(torch::relu(torch::conv2d(images, p[0], p[1], 1, 2)), 2);
    x = torch::max_pool2d(torch::relu(torch::conv2d(x, p[2], p[3], 1, 1)), 2);
    return torch::linear(torch::relu(torch::linear(x.flatten(1), p[4], p[5])), p[6], p[7]);
  };
  return error_between(network.forward, twin, torch::randn({5, channels, height, width}), p);
}

}  // namespace covey::testing
