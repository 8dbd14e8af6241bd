#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace covey::simulation {

struct Point {
  double x = 0;
  double y = 0;
  bool operator==(const Point&) const = default;
};

// A line of a chart: points by rising x, all finite.
struct Curve {
  std::string name;
  std::vector<Point> points;
};

// The same shape with about `most` points: the first, the last, and of each stretch the lowest and
// the highest, so that no peak is lost.
std::vector<Point> thinned(const std::vector<Point>& points, std::size_t most);

// The last point that is not beyond `x`; null when there is none.
const Point* last_until(const std::vector<Point>& points, double x);

}  // namespace covey::simulation
