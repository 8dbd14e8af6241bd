#include "datasets/src/pen.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace covey::datasets {
namespace {

constexpr int kPieces = 6;  // between two points of a stroke

double spline(double before, double from, double to, double after, double t) {
  return 0.5 * (2 * from + t * (to - before +
                                t * (2 * before - 5 * from + 4 * to - after +
                                     t * (3 * from - before - 3 * to + after))));
}

int pixel(double coordinate) {
  return std::clamp(static_cast<int>(std::floor(coordinate)), 0, kSide - 1);
}

}  // namespace

std::vector<Point> smooth(const Stroke& stroke) {
  std::vector<Point> line;
  const std::size_t last = stroke.size() - 1;
  for (std::size_t i = 0; i < last; ++i) {
    const Point& before = stroke[i == 0 ? 0 : i - 1];
    const Point& from = stroke[i];
    const Point& to = stroke[i + 1];
    const Point& after = stroke[std::min(i + 2, last)];
    if (from.x == to.x && from.y == to.y) continue;  // a corner
    for (int piece = 0; piece < kPieces; ++piece) {
      const double t = static_cast<double>(piece) / kPieces;
      line.push_back(
          {spline(before.x, from.x, to.x, after.x, t), spline(before.y, from.y, to.y, after.y, t)});
    }
  }
  line.push_back(stroke[last]);
  return line;
}

void Paper::draw(std::span<const Tip> tips, double ink) {
  for (std::size_t i = 1; i < tips.size(); ++i) draw_piece(tips[i - 1], tips[i], ink);
}

// Each pixel within reach gets ink by its distance to the piece; where pieces meet the darker wins.
void Paper::draw_piece(const Tip& from, const Tip& to, double ink) {
  const double reach = std::max(from.radius, to.radius) + 1;
  const double dx = to.at.x - from.at.x;
  const double dy = to.at.y - from.at.y;
  const double length_squared = std::max(dx * dx + dy * dy, 1e-12);
  for (int y = pixel(std::min(from.at.y, to.at.y) - reach);
       y <= pixel(std::max(from.at.y, to.at.y) + reach); ++y) {
    for (int x = pixel(std::min(from.at.x, to.at.x) - reach);
         x <= pixel(std::max(from.at.x, to.at.x) + reach); ++x) {
      const double px = x + 0.5 - from.at.x;
      const double py = y + 0.5 - from.at.y;
      const double t = std::clamp((px * dx + py * dy) / length_squared, 0.0, 1.0);
      const double ex = px - t * dx;
      const double ey = py - t * dy;
      const double radius = from.radius + t * (to.radius - from.radius);
      const double cover = std::clamp(radius + 0.5 - std::sqrt(ex * ex + ey * ey), 0.0, 1.0);
      double& at = ink_[static_cast<std::size_t>(y * kSide + x)];
      at = std::max(at, cover * ink);
    }
  }
}

std::vector<std::uint8_t> Paper::pixels() const {
  std::vector<std::uint8_t> pixels;
  for (const double ink : ink_) pixels.push_back(static_cast<std::uint8_t>(ink * 255 + 0.5));
  return pixels;
}

}  // namespace covey::datasets
