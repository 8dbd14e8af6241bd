// Built with -O3 in every build type, and with -ffp-contract=off, so that the bits are those of the
// source.
#include "client/torch/models/lstm_cell.h"

namespace covey::client {
namespace {

struct Gates {
  const float* input;
  const float* forget;
  const float* candidate;
  const float* output;
};

Gates gates_of(const LstmCell& cell, std::size_t row) {
  const float* const first = cell.gates + 4 * row * cell.units;
  return {first, first + cell.units, first + 2 * cell.units, first + 3 * cell.units};
}

}  // namespace

void cell_forward(const LstmCell& cell, float* cells) {
  for (std::size_t row = 0; row < cell.rows; ++row) {
    const Gates gates = gates_of(cell, row);
    const float* const before = cell.cells_before + row * cell.units;
    float* const __restrict after = cells + row * cell.units;
    for (std::size_t i = 0; i < cell.units; ++i) {
      after[i] = gates.forget[i] * before[i] + gates.input[i] * gates.candidate[i];
    }
  }
}

void cell_output(const LstmCell& cell, const float* tanh_cells, float* output) {
  for (std::size_t row = 0; row < cell.rows; ++row) {
    const float* const gate = gates_of(cell, row).output;
    const float* const value = tanh_cells + row * cell.units;
    float* const __restrict out = output + row * cell.units;
    for (std::size_t i = 0; i < cell.units; ++i) out[i] = gate[i] * value[i];
  }
}

void cell_backward(const LstmCell& cell, const float* tanh_cells, const LstmGradients& gradients) {
  for (std::size_t row = 0; row < cell.rows; ++row) {
    const Gates gates = gates_of(cell, row);
    const std::size_t first = row * cell.units;
    const float* const before = cell.cells_before + first;
    const float* const tanh_cell = tanh_cells + first;
    const float* const of_output = gradients.of_output + first;
    const float* const of_later = gradients.of_later + first;
    float* const __restrict of_cells = gradients.of_cells + first;
    float* const __restrict of_input = gradients.of_gates + 4 * first;
    float* const __restrict of_forget = of_input + cell.units;
    float* const __restrict of_candidate = of_forget + cell.units;
    float* const __restrict of_gate = of_candidate + cell.units;
    for (std::size_t i = 0; i < cell.units; ++i) {
      const float input = gates.input[i];
      const float forget = gates.forget[i];
      const float candidate = gates.candidate[i];
      const float gate = gates.output[i];
      const float value = tanh_cell[i];
      const float from_above = of_output[i] + of_later[i];
      const float of_cell = of_cells[i] + from_above * gate * (1 - value * value);
      of_input[i] = of_cell * candidate * input * (1 - input);
      of_forget[i] = of_cell * before[i] * forget * (1 - forget);
      of_candidate[i] = of_cell * input * (1 - candidate * candidate);
      of_gate[i] = from_above * value * gate * (1 - gate);
      of_cells[i] = of_cell * forget;
    }
  }
}

}  // namespace covey::client
