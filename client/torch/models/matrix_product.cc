#include "client/torch/models/matrix_product.h"

#include <dlfcn.h>

#include <stdexcept>

namespace covey::client {
namespace {

// As oneDNN's documentation has it since version 1: row-major, 0 for success. Found by name, since
// not every LibTorch shows it.
using Sgemm = int (*)(char transa, char transb, std::int64_t m, std::int64_t n, std::int64_t k,
                      float alpha, const float* a, std::int64_t lda, const float* b,
                      std::int64_t ldb, float beta, float* c, std::int64_t ldc);

Sgemm found_sgemm() {
  static const auto sgemm = reinterpret_cast<Sgemm>(dlsym(RTLD_DEFAULT, "dnnl_sgemm"));
  return sgemm;
}

char letter(const Matrix& matrix) { return matrix.is_transposed ? 'T' : 'N'; }

}  // namespace

bool has_matrix_product() { return found_sgemm() != nullptr; }

void matrix_product(const Matrix& left, const Matrix& right, float kept, float* c) {
  const std::int64_t m = left.is_transposed ? left.columns : left.rows;
  const std::int64_t k = left.is_transposed ? left.rows : left.columns;
  const std::int64_t n = right.is_transposed ? right.rows : right.columns;
  const int status = found_sgemm()(letter(left), letter(right), m, n, k, 1.0f, left.values,
                                   left.columns, right.values, right.columns, kept, c, n);
  if (status != 0) throw std::runtime_error("oneDNN could not multiply two matrices");
}

}  // namespace covey::client
