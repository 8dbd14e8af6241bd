#pragma once

#include <torch/torch.h>

namespace covey::client {

// torch::nn::Linear with another way to the same numbers (but for rounding): see matrix_product.h.
struct DenseImpl : torch::nn::LinearImpl {
  using LinearImpl::LinearImpl;
  torch::Tensor forward(const torch::Tensor& input);
};
TORCH_MODULE(Dense);

// An LSTM layer that gives its output at every position: [n, positions, inputs] to [n, positions,
// units]. Gates in PyTorch's order, with one bias for both products, as [Hochreiter97] has it.
struct LstmLayerImpl : torch::nn::Module {
  LstmLayerImpl(std::int64_t inputs, std::int64_t units);
  torch::Tensor forward(const torch::Tensor& input);

  torch::Tensor weight_ih;  // [4 · units, inputs]
  torch::Tensor weight_hh;  // [4 · units, units]
  torch::Tensor bias;       // [4 · units]
};
TORCH_MODULE(LstmLayer);

// Images for what follows: channels last, in which LibTorch's pooling is some ten times faster and
// its convolutions need no reordering. The same values in the same dimensions.
torch::Tensor channels_last(const torch::Tensor& images);

// The largest of each 2 x 2, and nothing below 0: ReLU after pooling, on a quarter of the values,
// gives what ReLU before it would.
torch::Tensor pooled_relu(const torch::Tensor& images);

}  // namespace covey::client
