#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "datasets/src/glyphs.h"

namespace covey::datasets {

inline constexpr int kSide = 28;  // pixels

// One place of the pen's tip, in pixels, and how far its ink reaches there.
struct Tip {
  Point at;
  double radius = 0;
};

// The smooth line through the points of `stroke` (uniform Catmull-Rom), as many short pieces.
std::vector<Point> smooth(const Stroke& stroke);

// Ink from 0 to 255 for each pixel of kSide x kSide, row by row, with soft edges.
class Paper {
 public:
  // Lines from tip to tip. `ink`: 0 … 1.
  void draw(std::span<const Tip> tips, double ink);
  std::vector<std::uint8_t> pixels() const;

 private:
  void draw_piece(const Tip& from, const Tip& to, double ink);

  std::vector<double> ink_ = std::vector<double>(kSide * kSide, 0.0);
};

}  // namespace covey::datasets
