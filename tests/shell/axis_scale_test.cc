#include "covey/shell/axis_scale.h"

#include <cmath>

#include "support/catch.h"

namespace covey::shell {

TEST_CASE("an axis from 0 to 1 has five steps of 0.2", "[shell]") {
  const AxisScale scale = AxisScale::around(0.03, 0.97, 0);
  CHECK(scale.low == Approx(0));
  CHECK(scale.high == Approx(1));
  CHECK(scale.step == Approx(0.2));
  CHECK(scale.digits == 1);
  CHECK(scale.ticks().size() == 6);
}

TEST_CASE("an axis of counts has whole steps however few there are", "[shell]") {
  const AxisScale scale = AxisScale::around(1, 2, 1);
  CHECK(scale.step == 1);
  CHECK(scale.digits == 0);
  CHECK(AxisScale::around(7, 7, 1).ticks() == std::vector<double>{6, 7, 8});
}

TEST_CASE("an axis holds its values, with round steps and a few ticks", "[shell]") {
  for (const double size : {1e-12, 1e-3, 0.7, 1.0, 3.0, 1e4, 1e12}) {
    for (int i = 0; i <= 40; ++i) {
      for (const double offset : {0.0, -0.5, 3.0}) {
        const double low = offset * size;
        const double high = low + size * (1 + i / 4.0);
        const AxisScale scale = AxisScale::around(low, high, 0);
        INFO(low << " to " << high);
        CHECK(scale.low <= low + 1e-6 * size);
        CHECK(scale.high >= high - 1e-6 * size);
        CHECK(scale.ticks().size() >= 3);
        CHECK(scale.ticks().size() <= 8);
        const double mantissa =
            scale.step / std::pow(10, std::floor(std::log10(scale.step) + 1e-9));
        CHECK((mantissa == Approx(1) || mantissa == Approx(2) || mantissa == Approx(5)));
        CHECK(scale.part(scale.high) == Approx(1));
      }
    }
  }
}

}  // namespace covey::shell
