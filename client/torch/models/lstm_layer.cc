#include "client/torch/models/layers.h"
#include "client/torch/models/lstm_cell.h"
#include "client/torch/models/matrix_product.h"

namespace covey::client {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// The last dimension as columns, all others as rows.
Matrix matrix_of(const torch::Tensor& tensor) {
  const std::int64_t columns = tensor.size(-1);
  return {tensor.data_ptr<float>(), tensor.numel() / columns, columns};
}
Matrix transposed(const torch::Tensor& tensor) {
  Matrix matrix = matrix_of(tensor);
  matrix.is_transposed = true;
  return matrix;
}
float* at(const torch::Tensor& tensor, std::int64_t position) {
  return tensor.data_ptr<float>() + position * tensor.stride(0);
}

// A whole layer at once: what LibTorch's lstm computes, with one product over all positions for
// each gradient of a weight, where that sums one for every position. All tensors but the weights
// begin with the position: [positions, n, …].
struct LstmFunction : torch::autograd::Function<LstmFunction> {
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& input,
                               const torch::Tensor& weight_ih, const torch::Tensor& weight_hh,
                               const torch::Tensor& bias) {
    const std::int64_t positions = input.size(0), rows = input.size(1), units = weight_hh.size(1);
    const torch::Tensor gates = torch::empty({positions, rows, 4 * units});
    gates.copy_(bias);  // to every row
    matrix_product(matrix_of(input), transposed(weight_ih), 1, gates.data_ptr<float>());
    const torch::Tensor outputs = torch::empty({positions, rows, units});
    const torch::Tensor cells = torch::empty_like(outputs);
    const torch::Tensor tanh_cells = torch::empty_like(outputs);
    const torch::Tensor nothing = torch::zeros({rows, units});  // before the first position
    for (std::int64_t t = 0; t < positions; ++t) {
      if (t > 0) {
        matrix_product({at(outputs, t - 1), rows, units}, transposed(weight_hh), 1, at(gates, t));
      }
      activate(gates[t], units);
      const LstmCell cell = cell_at(gates, cells, nothing, t);
      cell_forward(cell, at(cells, t));
      torch::Tensor tanh_cell = tanh_cells[t];
      torch::tanh_out(tanh_cell, cells[t]);
      cell_output(cell, at(tanh_cells, t), at(outputs, t));
    }
    context->save_for_backward(
        {input, weight_ih, weight_hh, gates, outputs, cells, tanh_cells, nothing});
    return outputs;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const torch::Tensor &input = saved[0], &weight_ih = saved[1], &weight_hh = saved[2];
    const torch::Tensor &gates = saved[3], &outputs = saved[4], &cells = saved[5];
    const torch::Tensor &tanh_cells = saved[6], &nothing = saved[7];
    const torch::Tensor of_outputs = gradients[0].contiguous();
    const std::int64_t positions = input.size(0), rows = input.size(1), units = weight_hh.size(1);
    const torch::Tensor of_gates = torch::empty_like(gates);
    const torch::Tensor of_later = torch::zeros({rows, units});
    const torch::Tensor of_cells = torch::zeros({rows, units});
    for (std::int64_t t = positions - 1; t >= 0; --t) {
      cell_backward(cell_at(gates, cells, nothing, t), at(tanh_cells, t),
                    {at(of_outputs, t), of_later.data_ptr<float>(), of_cells.data_ptr<float>(),
                     at(of_gates, t)});
      matrix_product({at(of_gates, t), rows, 4 * units}, matrix_of(weight_hh), 0,
                     of_later.data_ptr<float>());
    }
    torch::Tensor of_input;
    if (context->needs_input_grad(0)) {
      of_input = torch::empty_like(input);
      matrix_product(matrix_of(of_gates), matrix_of(weight_ih), 0, of_input.data_ptr<float>());
    }
    const torch::Tensor of_weight_ih = torch::empty_like(weight_ih);
    matrix_product(transposed(of_gates), matrix_of(input), 0, of_weight_ih.data_ptr<float>());
    const torch::Tensor of_weight_hh = torch::zeros_like(weight_hh);
    if (positions > 1) {
      matrix_product(transposed(of_gates.narrow(0, 1, positions - 1)),
                     matrix_of(outputs.narrow(0, 0, positions - 1)), 0,
                     of_weight_hh.data_ptr<float>());
    }
    return {of_input, of_weight_ih, of_weight_hh, of_gates.flatten(0, 1).sum(0)};
  }

  static void activate(const torch::Tensor& gates, std::int64_t units) {
    gates.narrow(1, 0, 2 * units).sigmoid_();
    gates.narrow(1, 2 * units, units).tanh_();
    gates.narrow(1, 3 * units, units).sigmoid_();
  }

  static LstmCell cell_at(const torch::Tensor& gates, const torch::Tensor& cells,
                          const torch::Tensor& nothing, std::int64_t position) {
    return {static_cast<std::size_t>(cells.size(1)), static_cast<std::size_t>(cells.size(2)),
            at(gates, position),
            position > 0 ? at(cells, position - 1) : nothing.data_ptr<float>()};
  }
};

}  // namespace

LstmLayerImpl::LstmLayerImpl(std::int64_t inputs, std::int64_t units)
    : weight_ih(register_parameter("weight_ih", torch::zeros({4 * units, inputs}))),
      weight_hh(register_parameter("weight_hh", torch::zeros({4 * units, units}))),
      bias(register_parameter("bias", torch::zeros({4 * units}))) {}

torch::Tensor LstmLayerImpl::forward(const torch::Tensor& input) {
  const torch::Tensor by_position = input.transpose(0, 1).contiguous();
  if (has_matrix_product() && input.numel() > 0) {
    return LstmFunction::apply(by_position, weight_ih, weight_hh, bias).transpose(0, 1);
  }
  const torch::Tensor zeros = torch::zeros({1, input.size(0), weight_hh.size(1)});
  const auto all = torch::lstm(by_position, {zeros, zeros},
                               {weight_ih, weight_hh, bias, torch::zeros_like(bias)}, true, 1, 0.0,
                               is_training(), false, false);
  return std::get<0>(all).transpose(0, 1);
}

}  // namespace covey::client
