#pragma once

#include <string>

namespace covey::simulation {

// How the values of an axis are told: multiplied by `factor`, with `suffix` after them.
struct Unit {
  double factor = 1;
  std::string suffix;
  int digits = 4;         // of a value that is read off; ticks have as many as they need
  bool is_count = false;  // steps are whole

  std::string text_of(double value) const;

  static Unit percent() { return {100, " %", 2}; }
  static Unit count() { return {1, "", 0, true}; }
  // The one in which `largest` has one to three digits before the point.
  static Unit bytes(double largest);
  static Unit seconds(double largest);
};

}  // namespace covey::simulation
