// ResNet-18 for small images: [He16]'s, its first layer a 3 x 3 convolution without pooling, as is
// usual for CIFAR.
#include "client/torch/models/architecture.h"
#include "client/torch/models/layers.h"

namespace covey::client {
namespace {

namespace nn = torch::nn;

constexpr std::int64_t kGroups = 2;

// [Hsieh20] and [Reddi21] take group norm, which has no statistics of the data to average.
enum class Norm { kGroup, kBatch };

// All norms of a network. They are registered here and not with their blocks, so that one line
// names them all: "norms.*".
class Norms {
 public:
  explicit Norms(Norm norm) : norm_(norm) {}

  nn::AnyModule add(std::int64_t channels) {
    nn::AnyModule norm = norm_ == Norm::kBatch ? nn::AnyModule(nn::BatchNorm2d(channels))
                                               : nn::AnyModule(nn::GroupNorm(kGroups, channels));
    list_->push_back(norm.ptr());
    return norm;
  }
  const nn::ModuleList& list() const { return list_; }

 private:
  Norm norm_;
  nn::ModuleList list_;
};

nn::Conv2d convolution(std::int64_t from, std::int64_t to, std::int64_t size, std::int64_t stride) {
  return nn::Conv2d(nn::Conv2dOptions(from, to, size).stride(stride).padding(size / 2).bias(false));
}

struct BlockImpl : nn::Module {
  BlockImpl(Norms& norms, std::int64_t from, std::int64_t to, std::int64_t stride)
      : conv1(register_module("conv1", convolution(from, to, 3, stride))),
        norm1(norms.add(to)),
        conv2(register_module("conv2", convolution(to, to, 3, 1))),
        norm2(norms.add(to)) {
    if (stride == 1 && from == to) return;
    shortcut = register_module("shortcut", convolution(from, to, 1, stride));
    shortcut_norm = norms.add(to);
  }

  torch::Tensor forward(const torch::Tensor& x) {
    const torch::Tensor inner = norm1.forward(conv1(x)).relu_();
    torch::Tensor sum = norm2.forward(conv2(inner));
    sum += shortcut ? shortcut_norm.forward(shortcut(x)) : x;
    return sum.relu_();
  }

  nn::Conv2d conv1;
  nn::AnyModule norm1;
  nn::Conv2d conv2;
  nn::AnyModule norm2;
  nn::Conv2d shortcut{nullptr};
  nn::AnyModule shortcut_norm;
};
TORCH_MODULE(Block);

struct Resnet18Impl : nn::Module {
  Resnet18Impl(const NetworkShape& shape, Norm norm)
      : conv1(register_module("conv1",
                              convolution(static_cast<std::int64_t>(shape.input[0]), 64, 3, 1))) {
    Norms norms(norm);
    norm1 = norms.add(64);
    std::int64_t channels = 64;
    for (const std::int64_t to : {64, 128, 256, 512}) {
      blocks->push_back(Block(norms, channels, to, to == channels ? 1 : 2));
      blocks->push_back(Block(norms, to, to, 1));
      channels = to;
    }
    register_module("blocks", blocks);
    fc = register_module("fc", Dense(channels, shape.outputs));
    register_module("norms", norms.list());
  }

  torch::Tensor forward(const torch::Tensor& images) {
    const torch::Tensor x = norm1.forward(conv1(channels_last(images))).relu_();
    return fc(blocks->forward(x).mean({2, 3}));
  }

  nn::Conv2d conv1;
  nn::AnyModule norm1;
  nn::Sequential blocks;
  Dense fc{nullptr};
};

bool accepts(const NetworkShape& shape) {
  return shape.input.size() == 3 && shape.input[1] >= 8 && shape.input[2] >= 8;
}
constexpr std::string_view kTakes = "images, channels x height x width, of at least 8 x 8";

template <Norm kNorm>
TorchNetwork make(const NetworkShape& shape) {
  return network_of(std::make_shared<Resnet18Impl>(shape, kNorm));
}

const Architecture kNetworks[] = {
    {{"resnet18-gn",
      "ResNet-18 for small images, group norm of two groups",
      "[He16], [Hsieh20] §6, [Reddi21] §5",
      {{3, 32, 32}, 10},
      11'173'962},
     kTakes,
     accepts,
     make<Norm::kGroup>},
    {{"resnet18-bn",
      "ResNet-18 for small images, batch norm",
      "[He16]",
      {{3, 32, 32}, 10},
      11'173'962},
     kTakes,
     accepts,
     make<Norm::kBatch>},
};

}  // namespace

std::span<const Architecture> residual_networks() { return kNetworks; }

}  // namespace covey::client
