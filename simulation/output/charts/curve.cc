#include "simulation/output/charts/curve.h"

#include <algorithm>

namespace covey::simulation {

std::vector<Point> thinned(const std::vector<Point>& points, std::size_t most) {
  if (points.size() <= most || most < 4) return points;
  const std::size_t stretches = most / 2 - 1;
  const std::size_t inner = points.size() - 2;
  std::vector<Point> out{points.front()};
  for (std::size_t i = 0; i < stretches; ++i) {
    const auto begin = points.begin() + static_cast<std::ptrdiff_t>(1 + i * inner / stretches);
    const auto end = points.begin() + static_cast<std::ptrdiff_t>(1 + (i + 1) * inner / stretches);
    const auto [low, high] =
        std::minmax_element(begin, end, [](const Point& a, const Point& b) { return a.y < b.y; });
    out.push_back(*std::min(low, high));
    if (low != high) out.push_back(*std::max(low, high));
  }
  out.push_back(points.back());
  return out;
}

const Point* last_until(const std::vector<Point>& points, double x) {
  const auto after = std::ranges::upper_bound(points, x, {}, &Point::x);
  return after == points.begin() ? nullptr : &*std::prev(after);
}

}  // namespace covey::simulation
