#include "datasets/src/distributions.h"

#include <cmath>

#include "datasets/src/steady_math.h"
#include "support/catch.h"

namespace covey::datasets {

TEST_CASE("logarithm, exponential and power agree with libm's", "[datasets]") {
  Draws draws(1);
  for (int i = 0; i < 10'000; ++i) {
    const double x = std::ldexp(draws.between(0.5, 1), static_cast<int>(draws.below(400)) - 200);
    CHECK(steady_log(x) == Approx(std::log(x)).epsilon(1e-14).margin(1e-15));
    const double y = draws.between(-700, 700);
    CHECK(steady_exp(y) == Approx(std::exp(y)).epsilon(1e-13));
    const double base = draws.between(0.1, 1e6);
    const double exponent = draws.between(-10, 10);
    CHECK(steady_power(base, exponent) == Approx(std::pow(base, exponent)).epsilon(1e-12));
  }
  CHECK(steady_log(1) == 0);
  CHECK(steady_exp(0) == 1);
  CHECK(steady_exp(-1e300) == 0);
}

TEST_CASE("normal values have the moments of a normal distribution", "[datasets]") {
  Draws draws(2);
  constexpr int kCount = 100'000;
  double sum = 0, squares = 0, fourths = 0;
  for (int i = 0; i < kCount; ++i) {
    const double x = draw_normal(draws);
    sum += x;
    squares += x * x;
    fourths += x * x * x * x;
  }
  CHECK(sum / kCount == Approx(0).margin(0.015));
  CHECK(squares / kCount == Approx(1).margin(0.02));
  CHECK(fourths / kCount == Approx(3).margin(0.15));
}

TEST_CASE("gamma values have the mean and the variance of their shape", "[datasets]") {
  for (const double shape : {0.05, 0.5, 1.0, 3.0, 50.0}) {
    Draws draws(3);
    constexpr int kCount = 100'000;
    double sum = 0, squares = 0;
    for (int i = 0; i < kCount; ++i) {
      const double x = std::exp(draw_log_gamma(draws, shape));
      sum += x;
      squares += x * x;
    }
    const double mean = sum / kCount;
    CHECK(mean == Approx(shape).epsilon(0.05));
    CHECK(squares / kCount - mean * mean == Approx(shape).epsilon(0.1));
  }
}

TEST_CASE("draws of distributions are the same on every machine", "[datasets]") {
  Draws draws(4);
  CHECK(draw_normal(draws) == 0x1.75eae5e6bfc55p+0);
  CHECK(draw_log_gamma(draws, 0.25) == -0x1.22e662e490b29p+2);
  CHECK(draw_log_gamma(draws, 2.5) == 0x1.3b205f539d928p+0);
}

}  // namespace covey::datasets
