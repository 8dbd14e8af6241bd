// Networks for texts and for what sensors record over time.
#include "client/torch/models/architecture.h"
#include "client/torch/models/layers.h"

namespace covey::client {
namespace {

namespace nn = torch::nn;

// Says at each character of a text which one comes next. Characters come as floats that hold their
// index in the vocabulary, of which there are as many as outputs.
struct CharLstmImpl : nn::Module {
  static constexpr std::int64_t kEmbedding = 8;
  static constexpr std::int64_t kUnits = 256;

  explicit CharLstmImpl(const NetworkShape& shape)
      : embedding(register_module("embedding", nn::Embedding(shape.outputs, kEmbedding))),
        lstm1(register_module("lstm1", LstmLayer(kEmbedding, kUnits))),
        lstm2(register_module("lstm2", LstmLayer(kUnits, kUnits))),
        fc(register_module("fc", Dense(kUnits, shape.outputs))) {}

  torch::Tensor forward(const torch::Tensor& characters) {
    return fc(lstm2(lstm1(embedding(characters.to(torch::kInt64)))));
  }

  nn::Embedding embedding;
  LstmLayer lstm1, lstm2;
  Dense fc;
};

// How long an engine will still run, from a window of its sensors: convolutions over time, every
// sensor a channel.
struct TurbofanCnnImpl : nn::Module {
  explicit TurbofanCnnImpl(const NetworkShape& shape)
      : conv1(register_module("conv1", convolution(static_cast<std::int64_t>(shape.input[1]), 32))),
        conv2(register_module("conv2", convolution(32, 64))),
        fc1(register_module("fc1", Dense(64 * static_cast<std::int64_t>(shape.input[0] / 4), 64))),
        fc2(register_module("fc2", Dense(64, shape.outputs))) {}

  torch::Tensor forward(const torch::Tensor& windows) {
    torch::Tensor x = torch::max_pool1d(conv1(windows.transpose(1, 2)), 2).relu_();
    x = torch::max_pool1d(conv2(x), 2).relu_();
    return fc2(fc1(x.flatten(1)).relu_());
  }

  static nn::Conv1d convolution(std::int64_t from, std::int64_t to) {
    return nn::Conv1d(nn::Conv1dOptions(from, to, 5).padding(2));
  }

  nn::Conv1d conv1, conv2;
  Dense fc1, fc2;
};

template <typename Module>
TorchNetwork make(const NetworkShape& shape) {
  return network_of(std::make_shared<Module>(shape));
}

const Architecture kNetworks[] = {
    {{"char-lstm",
      "the next character of a text, at every one: embedding of 8, two LSTM layers of 256",
      "[McMahan17] §3, [Reddi21] §5",
      {{80}, 90},
      820'522},
     "texts of one dimension: as many characters, of a vocabulary of as many as there are classes",
     [](const NetworkShape& shape) { return shape.input.size() == 1; },
     make<CharLstmImpl>,
     true},
    {{"turbofan-cnn",
      "a number from a window of sensor values: two convolutions over time",
      "",
      {{30, 14}, 1},
      41'377},
     "windows, cycles x sensors, of at least 4 cycles",
     [](const NetworkShape& shape) { return shape.input.size() == 2 && shape.input[0] >= 4; },
     make<TurbofanCnnImpl>},
};

}  // namespace

std::span<const Architecture> sequence_networks() { return kNetworks; }

}  // namespace covey::client
