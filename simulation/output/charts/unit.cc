#include "simulation/output/charts/unit.h"

#include <array>

#include "covey/shell/numbers.h"

namespace covey::simulation {
namespace {

struct Step {
  double size;
  const char* suffix;
};

}  // namespace

std::string Unit::text_of(double value) const {
  return shell::text_of_number(value * factor, digits) + suffix;
}

Unit Unit::bytes(double largest) {
  constexpr std::array kSteps = {Step{1e12, " TB"}, Step{1e9, " GB"}, Step{1e6, " MB"},
                                 Step{1e3, " kB"}};
  for (const Step& step : kSteps) {
    if (largest >= step.size) return {1 / step.size, step.suffix, 2};
  }
  return {1, " B", 0};
}

Unit Unit::seconds(double largest) {
  if (largest >= 7200) return {1.0 / 3600, " h", 2};
  if (largest >= 120) return {1.0 / 60, " min", 2};
  return largest < 1 ? Unit{1000, " ms", 0} : Unit{1, " s", 2};
}

}  // namespace covey::simulation
