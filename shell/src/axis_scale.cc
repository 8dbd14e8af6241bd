#include "covey/shell/axis_scale.h"

#include <algorithm>
#include <cmath>

namespace covey::shell {

AxisScale AxisScale::around(double low, double high, double least_step, int wanted) {
  if (!(high > low)) {
    low -= least_step > 0 ? least_step : std::max(std::abs(low), 1.0) * 0.1;
    high += least_step > 0 ? least_step : std::max(std::abs(high), 1.0) * 0.1;
  }
  const double rough = (high - low) / wanted;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  const double ratio = rough / power;
  const double nice = ratio <= 1 ? 1 : ratio <= 2 ? 2 : ratio <= 5 ? 5 : 10;
  const double step = std::max(nice * power, least_step);
  const int digits = std::max(0, static_cast<int>(-std::floor(std::log10(step) + 1e-9)));
  return {std::floor(low / step + 1e-9) * step, std::ceil(high / step - 1e-9) * step, step,
          std::min(digits, 9)};
}

std::vector<double> AxisScale::ticks() const {
  std::vector<double> out;
  const auto count = static_cast<int>(std::lround((high - low) / step));
  for (int i = 0; i <= count; ++i) out.push_back(low + i * step);
  return out;
}

}  // namespace covey::shell
