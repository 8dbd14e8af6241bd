#pragma once

#include <cstdint>

namespace covey::client {

// A matrix of floats, row by row without gaps; `is_transposed`: as it stands in the product.
struct Matrix {
  const float* values;
  std::int64_t rows, columns;  // in memory
  bool is_transposed = false;
};

// Is oneDNN there, of which LibTorch is mostly built? Its product of small matrices is several
// times faster than OpenBLAS's, which copies both to pack them, however few rows a batch has.
bool has_matrix_product();

// C = left · right + kept · C, with LibTorch's intra-op threads; with one, the bits are the same
// from run to run. The sizes fit one another.
void matrix_product(const Matrix& left, const Matrix& right, float kept, float* c);

}  // namespace covey::client
