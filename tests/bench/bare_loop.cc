#include "bench/bare_loop.h"

#include <torch/torch.h>

#include <algorithm>
#include <atomic>
#include <numeric>
#include <stdexcept>
#include <thread>

#include "covey/client/torch/models.h"
#include "covey/client/torch/networks.h"
#include "covey/datasets/draws.h"

namespace covey::bench {
namespace {

namespace nn = torch::nn;

constexpr double kLearningRate = 0.01;

// The networks of [McMahan17] as one writes them with torch::nn.
struct PlainMlpImpl : nn::Module {
  torch::Tensor forward(const torch::Tensor& x) {
    return fc3(torch::relu(fc2(torch::relu(fc1(x.flatten(1))))));
  }
  nn::Linear fc1 = register_module("fc1", nn::Linear(28 * 28, 200));
  nn::Linear fc2 = register_module("fc2", nn::Linear(200, 200));
  nn::Linear fc3 = register_module("fc3", nn::Linear(200, 10));
};

struct PlainCnnImpl : nn::Module {
  torch::Tensor forward(const torch::Tensor& images) {
    torch::Tensor x = torch::max_pool2d(torch::relu(conv1(images)), 2);
    x = torch::max_pool2d(torch::relu(conv2(x)), 2);
    return fc2(torch::relu(fc1(x.flatten(1))));
  }
  nn::Conv2d conv1 = register_module("conv1", nn::Conv2d(nn::Conv2dOptions(1, 32, 5).padding(2)));
  nn::Conv2d conv2 = register_module("conv2", nn::Conv2d(nn::Conv2dOptions(32, 64, 5).padding(2)));
  nn::Linear fc1 = register_module("fc1", nn::Linear(64 * 7 * 7, 512));
  nn::Linear fc2 = register_module("fc2", nn::Linear(512, 10));
};

struct PlainLstmImpl : nn::Module {
  torch::Tensor forward(const torch::Tensor& characters) {
    return fc(std::get<0>(lstm(embedding(characters.to(torch::kInt64)))));
  }
  nn::Embedding embedding = register_module("embedding", nn::Embedding(90, 8));
  nn::LSTM lstm =
      register_module("lstm", nn::LSTM(nn::LSTMOptions(8, 256).num_layers(2).batch_first(true)));
  nn::Linear fc = register_module("fc", nn::Linear(256, 90));
};

client::TorchNetwork bare_network(const std::string& name) {
  if (name == "mlp-2nn") return client::network_of(std::make_shared<PlainMlpImpl>());
  if (name == "cnn-mcmahan") return client::network_of(std::make_shared<PlainCnnImpl>());
  return client::make_network(name).value();  // none of ours but the network itself
}

const client::ModelInfo& info_of(const std::string& name) {
  for (const client::ModelInfo& info : client::model_catalogue()) {
    if (info.name == name) return info;
  }
  throw std::invalid_argument("no network is named '" + name + "'");
}

}  // namespace

bool has_bare_network(const std::string& model) {
  return model == "mlp-2nn" || model == "cnn-mcmahan";
}

datasets::Rows random_examples(const std::string& model, std::size_t count) {
  const client::ModelInfo& info = info_of(model);
  datasets::Draws draws(1);
  datasets::Examples examples;
  examples.shape = info.shape.input;
  const bool is_text = model == "char-lstm";
  const auto outputs = static_cast<std::uint64_t>(info.shape.outputs);
  examples.features.resize(count * examples.width());
  for (float& value : examples.features) {
    value = static_cast<float>(is_text ? static_cast<double>(draws.below(outputs)) : draws.bell());
  }
  if (outputs == 1) {
    for (std::size_t i = 0; i < count; ++i) {
      examples.targets.push_back(static_cast<float>(draws.unit()));
    }
  } else {
    examples.classes = info.shape.outputs;
    if (is_text) examples.labels_per_example = examples.width();
    for (std::size_t i = 0; i < count * examples.labels_per_example; ++i) {
      examples.labels.push_back(static_cast<std::int64_t>(draws.below(outputs)));
    }
  }
  return datasets::Rows::all_of(std::move(examples));
}

class BareLoop::State {
 public:
  State(const std::string& model, const datasets::Rows& rows, std::size_t batch_size)
      : network_(bare_network(model)), batch_size_(batch_size), order_(rows.size()) {
    const datasets::Examples& table = *rows.table;
    std::vector<std::int64_t> sizes{static_cast<std::int64_t>(rows.size())};
    sizes.insert(sizes.end(), table.shape.begin(), table.shape.end());
    features_ = torch::tensor(torch::ArrayRef<float>(table.features)).view(sizes);
    is_regression_ = table.classes == 0;
    if (is_regression_) {
      targets_ = torch::tensor(torch::ArrayRef<float>(table.targets));
    } else {
      targets_ = torch::tensor(torch::ArrayRef<std::int64_t>(table.labels));
      if (table.labels_per_example > 1) targets_ = targets_.view({sizes[0], -1});
    }
    std::iota(order_.begin(), order_.end(), std::int64_t{0});
  }

  void update() {
    network_.module->train();
    torch::optim::SGD optimizer(network_.module->parameters(), kLearningRate);
    datasets::Draws draws(++seed_);
    draws.shuffle(std::span(order_));
    for (std::size_t first = 0; first < order_.size(); first += batch_size_) {
      const std::size_t count = std::min(batch_size_, order_.size() - first);
      const auto batch = torch::from_blob(order_.data() + first, {static_cast<std::int64_t>(count)},
                                          torch::kInt64);
      optimizer.zero_grad();
      const torch::Tensor output = network_.forward(features_.index_select(0, batch));
      const torch::Tensor targets = targets_.index_select(0, batch);
      const torch::Tensor loss =
          is_regression_ ? nn::functional::mse_loss(output.flatten(), targets)
                         : nn::functional::cross_entropy(output.flatten(0, -2), targets.flatten());
      last_loss_ += loss.item<float>();
      loss.backward();
      optimizer.step();
    }
  }

 private:
  client::TorchNetwork network_;
  std::size_t batch_size_;
  torch::Tensor features_;
  torch::Tensor targets_;
  bool is_regression_ = false;
  std::vector<std::int64_t> order_;
  std::uint64_t seed_ = 0;
  double last_loss_ = 0;
};

BareLoop::BareLoop(const std::string& model, const datasets::Rows& rows, std::size_t batch_size)
    : state_(std::make_unique<State>(model, rows, batch_size)) {}
BareLoop::~BareLoop() = default;
void BareLoop::update() {
  torch::set_num_threads(1);  // of this thread
  state_->update();
}

BareLoops::BareLoops(const std::string& model, std::size_t threads) {
  const datasets::Rows rows = random_examples(model, 600);
  for (std::size_t i = 0; i < threads; ++i) {
    loops_.push_back(std::make_unique<BareLoop>(model, rows, 10));
  }
}

void BareLoops::run(std::size_t updates) {
  std::atomic<std::size_t> next{0};
  std::vector<std::jthread> threads;
  for (const auto& loop : loops_) {
    threads.emplace_back([&] {
      while (next++ < updates) loop->update();
    });
  }
}

}  // namespace covey::bench
