// Networks for digits and other small images, and for plain vectors.
#include "client/torch/models/architecture.h"
#include "client/torch/models/layers.h"

namespace covey::client {
namespace {

namespace nn = torch::nn;

std::int64_t numbers_of(const NetworkShape& shape) {
  std::uint64_t product = 1;
  for (const std::uint64_t size : shape.input) product *= size;
  return static_cast<std::int64_t>(product);
}
std::int64_t size_of(const NetworkShape& shape, std::size_t dimension) {
  return static_cast<std::int64_t>(shape.input[dimension]);
}
bool is_image(const NetworkShape& shape, std::uint64_t smallest) {
  return shape.input.size() == 3 && shape.input[1] >= smallest && shape.input[2] >= smallest;
}

nn::Conv2d convolution(std::int64_t from, std::int64_t to, std::int64_t size,
                       std::int64_t padding) {
  return nn::Conv2d(nn::Conv2dOptions(from, to, size).padding(padding));
}

struct LogisticImpl : nn::Module {
  explicit LogisticImpl(const NetworkShape& shape)
      : fc(register_module("fc", Dense(numbers_of(shape), shape.outputs))) {}

  torch::Tensor forward(const torch::Tensor& examples) { return fc(examples.flatten(1)); }

  Dense fc;
};

struct Mlp2nnImpl : nn::Module {
  explicit Mlp2nnImpl(const NetworkShape& shape)
      : fc1(register_module("fc1", Dense(numbers_of(shape), 200))),
        fc2(register_module("fc2", Dense(200, 200))),
        fc3(register_module("fc3", Dense(200, shape.outputs))) {}

  torch::Tensor forward(const torch::Tensor& examples) {
    return fc3(fc2(fc1(examples.flatten(1)).relu_()).relu_());
  }

  Dense fc1, fc2, fc3;
};

// Two convolutions, each halved by pooling, and two linear layers.
struct CnnImpl : nn::Module {
  struct Widths {
    std::int64_t filters1, filters2, size2, units;
  };
  CnnImpl(const NetworkShape& shape, const Widths& widths)
      : conv1(register_module("conv1", convolution(size_of(shape, 0), widths.filters1, 5, 2))),
        conv2(register_module("conv2", convolution(widths.filters1, widths.filters2, widths.size2,
                                                   widths.size2 / 2))),
        fc1(register_module(
            "fc1", Dense(widths.filters2 * (size_of(shape, 1) / 4) * (size_of(shape, 2) / 4),
                         widths.units))),
        fc2(register_module("fc2", Dense(widths.units, shape.outputs))) {}

  torch::Tensor forward(const torch::Tensor& images) {
    const torch::Tensor x = pooled_relu(conv2(pooled_relu(conv1(channels_last(images)))));
    return fc2(fc1(x.flatten(1)).relu_());
  }

  nn::Conv2d conv1, conv2;
  Dense fc1, fc2;
};

// [LeCun98]'s sizes with today's parts: ReLU, and the larger of each 2 x 2. Images below 32 x 32
// get a border of 2, as there.
struct Lenet5Impl : nn::Module {
  explicit Lenet5Impl(const NetworkShape& shape)
      : conv1(register_module("conv1", convolution(size_of(shape, 0), 6, 5, border(shape)))),
        conv2(register_module("conv2", convolution(6, 16, 5, 0))),
        fc1(register_module("fc1", Dense(16 * left_of(shape, 1) * left_of(shape, 2), 120))),
        fc2(register_module("fc2", Dense(120, 84))),
        fc3(register_module("fc3", Dense(84, shape.outputs))) {}

  torch::Tensor forward(const torch::Tensor& images) {
    const torch::Tensor x = pooled_relu(conv2(pooled_relu(conv1(channels_last(images)))));
    return fc3(fc2(fc1(x.flatten(1)).relu_()).relu_());
  }

  static std::int64_t border(const NetworkShape& shape) {
    return size_of(shape, 1) < 32 && size_of(shape, 2) < 32 ? 2 : 0;
  }
  static std::int64_t left_of(const NetworkShape& shape, std::size_t dimension) {
    return ((size_of(shape, dimension) + 2 * border(shape) - 4) / 2 - 4) / 2;
  }

  nn::Conv2d conv1, conv2;
  Dense fc1, fc2, fc3;
};

template <typename Module>
TorchNetwork make(const NetworkShape& shape) {
  return network_of(std::make_shared<Module>(shape));
}
bool accepts_anything(const NetworkShape&) { return true; }

const Architecture kNetworks[] = {
    {{"cnn-small",
      "two small convolutions and two linear layers, to try things out with",
      "",
      {{1, 28, 28}, 10},
      26'826},
     "images, channels x height x width, of at least 4 x 4",
     [](const NetworkShape& shape) { return is_image(shape, 4); },
     [](const NetworkShape& shape) {
       return network_of(std::make_shared<CnnImpl>(shape, CnnImpl::Widths{8, 16, 3, 32}));
     }},
    {{"logistic", "a linear classifier", "", {{1, 28, 28}, 10}, 7'850},
     "anything",
     accepts_anything,
     make<LogisticImpl>},
    {{"mlp-2nn", "two hidden layers of 200", "[McMahan17] §3", {{1, 28, 28}, 10}, 199'210},
     "anything",
     accepts_anything,
     make<Mlp2nnImpl>},
    {{"cnn-mcmahan",
      "two 5 x 5 convolutions of 32 and 64 filters, and a hidden layer of 512",
      "[McMahan17] §3",
      {{1, 28, 28}, 10},
      1'663'370},
     "images, channels x height x width, of at least 4 x 4",
     [](const NetworkShape& shape) { return is_image(shape, 4); },
     [](const NetworkShape& shape) {
       return network_of(std::make_shared<CnnImpl>(shape, CnnImpl::Widths{32, 64, 5, 512}));
     }},
    {{"lenet5",
      "two 5 x 5 convolutions of 6 and 16 filters, and three linear layers",
      "[LeCun98]",
      {{1, 28, 28}, 10},
      61'706},
     "images, channels x height x width, of at least 16 x 16",
     [](const NetworkShape& shape) { return is_image(shape, 16); },
     make<Lenet5Impl>},
};

}  // namespace

std::span<const Architecture> digit_networks() { return kNetworks; }

}  // namespace covey::client
