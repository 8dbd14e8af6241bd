#pragma once

#include <vector>

namespace covey::shell {

// An axis around values: round steps of 1, 2 or 5 times a power of ten, about `wanted` of them.
struct AxisScale {
  double low = 0;
  double high = 1;
  double step = 1;
  int digits = 0;  // after the decimal point that tell the ticks apart

  // `least_step`: 1 for what is counted; 0 for none. Values that are all the same get some room.
  static AxisScale around(double low, double high, double least_step, int wanted = 5);
  double part(double value) const { return (value - low) / (high - low); }
  std::vector<double> ticks() const;
};

}  // namespace covey::shell
