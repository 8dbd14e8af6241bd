#pragma once

#include <cstddef>

namespace covey::client {

// One position of an LSTM layer for a batch, after the matrix products: [Hochreiter97] with forget
// gates. All arrays are row by row; gates are [rows, 4, units] in the order input, forget,
// candidate, output, and hold their values, not what goes into σ and tanh.
struct LstmCell {
  std::size_t rows, units;
  const float* gates;
  const float* cells_before;  // [rows, units]
};

// cells = forget · cells_before + input · candidate.
void cell_forward(const LstmCell& cell, float* cells);
// output = output gate · tanh(cells).
void cell_output(const LstmCell& cell, const float* tanh_cells, float* output);

// What comes back from the loss: `of_output` and `of_later` (through the next position's gates) are
// summed; `of_cells` is of these cells before, and of cells_before afterwards; `of_gates` gets the
// gradient of what goes into σ and tanh.
struct LstmGradients {
  const float* of_output;
  const float* of_later;
  float* of_cells;
  float* of_gates;
};
void cell_backward(const LstmCell& cell, const float* tanh_cells, const LstmGradients& gradients);

}  // namespace covey::client
