#include "datasets/src/steady_math.h"

#include <cmath>

namespace covey::datasets {
namespace {

// ln 2 in two parts: the first has 21 zero bits at its end, so that a product with a small whole
// number is exact.
constexpr double kLogTwoHigh = 0x1.62e42feep-1;
constexpr double kLogTwoLow = 0x1.a39ef35793c76p-33;

}  // namespace

// x = 2^e m with m in [√½, √2), and ln m = 2 artanh((m - 1) / (m + 1)), by its series.
double steady_log(double x) {
  int e = 0;
  double m = std::frexp(x, &e);  // exact, as ldexp is
  if (m < 0.70710678118654752) {
    m *= 2;
    --e;
  }
  const double z = (m - 1) / (m + 1);
  const double square = z * z;  // below 0.0295
  double sum = 0;
  for (int k = 25; k >= 1; k -= 2) sum = sum * square + 1.0 / k;
  return e * kLogTwoHigh + (e * kLogTwoLow + 2 * z * sum);
}

// x = k ln 2 + r with |r| ≤ ½ ln 2, and e^r by its series.
double steady_exp(double x) {
  if (x < -700) return 0;
  const double k = std::floor(x / (kLogTwoHigh + kLogTwoLow) + 0.5);
  const double r = (x - k * kLogTwoHigh) - k * kLogTwoLow;
  double sum = 1;
  for (int n = 16; n >= 1; --n) sum = 1 + sum * r / n;
  return std::ldexp(sum, static_cast<int>(k));
}

double steady_power(double x, double exponent) { return steady_exp(exponent * steady_log(x)); }

}  // namespace covey::datasets
