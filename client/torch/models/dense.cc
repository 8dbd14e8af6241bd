#include "client/torch/models/layers.h"
#include "client/torch/models/matrix_product.h"

namespace covey::client {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

Matrix matrix_of(const torch::Tensor& tensor) {
  return {tensor.data_ptr<float>(), tensor.size(0), tensor.size(1)};
}
Matrix transposed(const torch::Tensor& tensor) {
  return {tensor.data_ptr<float>(), tensor.size(0), tensor.size(1), true};
}

// y = x Wᵀ + b of contiguous tensors of two dimensions.
struct DenseFunction : torch::autograd::Function<DenseFunction> {
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& input,
                               const torch::Tensor& weight, const torch::Tensor& bias) {
    context->save_for_backward({input, weight});
    const torch::Tensor output = torch::empty({input.size(0), weight.size(0)});
    output.copy_(bias);  // to every row
    matrix_product(matrix_of(input), transposed(weight), 1, output.data_ptr<float>());
    return output;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const torch::Tensor& input = saved[0];
    const torch::Tensor& weight = saved[1];
    const torch::Tensor gradient = gradients[0].contiguous();
    torch::Tensor of_input;
    if (context->needs_input_grad(0)) {
      of_input = torch::empty_like(input);
      matrix_product(matrix_of(gradient), matrix_of(weight), 0, of_input.data_ptr<float>());
    }
    torch::Tensor of_weight = torch::empty_like(weight);
    matrix_product(transposed(gradient), matrix_of(input), 0, of_weight.data_ptr<float>());
    return {of_input, of_weight, gradient.sum(0)};
  }
};

}  // namespace

torch::Tensor DenseImpl::forward(const torch::Tensor& input) {
  if (!has_matrix_product() || input.numel() == 0) return LinearImpl::forward(input);
  const torch::Tensor rows = input.flatten(0, -2).contiguous();
  const torch::Tensor output = DenseFunction::apply(rows, weight, bias);
  if (input.dim() == 2) return output;
  std::vector<std::int64_t> sizes = input.sizes().vec();
  sizes.back() = output.size(1);
  return output.view(sizes);
}

torch::Tensor channels_last(const torch::Tensor& images) {
  // Of one channel both orders are the same bytes, and only the strides tell which is meant.
  if (images.size(1) != 1) return images.contiguous(torch::MemoryFormat::ChannelsLast);
  return images.contiguous()
      .view({images.size(0), images.size(2), images.size(3), 1})
      .permute({0, 3, 1, 2});
}

torch::Tensor pooled_relu(const torch::Tensor& images) {
  return torch::max_pool2d(images, 2).relu_();
}

}  // namespace covey::client
