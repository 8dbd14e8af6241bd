#include "datasets/src/distributions.h"

#include <cmath>

#include "datasets/src/steady_math.h"

namespace covey::datasets {

double draw_normal(Draws& draws) {
  for (;;) {
    const double x = 2 * draws.unit() - 1;
    const double y = 2 * draws.unit() - 1;
    const double square = x * x + y * y;
    if (square > 0 && square < 1) return x * std::sqrt(-2 * steady_log(square) / square);
  }
}

double draw_log_gamma(Draws& draws, double shape) {
  if (shape < 1) {
    const double unit = 1 - draws.unit();  // above 0
    return draw_log_gamma(draws, shape + 1) + steady_log(unit) / shape;
  }
  const double d = shape - 1.0 / 3.0;
  const double c = 1 / std::sqrt(9 * d);
  for (;;) {
    const double normal = draw_normal(draws);
    const double root = 1 + c * normal;
    if (root <= 0) continue;
    const double v = root * root * root;
    const double log_v = steady_log(v);
    const double bound = 0.5 * normal * normal + d - d * v + d * log_v;
    if (steady_log(1 - draws.unit()) < bound) return steady_log(d) + log_v;
  }
}

}  // namespace covey::datasets
