#pragma once

#include <vector>

namespace covey::datasets {

struct Point {
  double x = 0;
  double y = 0;
};
// Points that a smooth line goes through; one that is there twice is a corner.
using Stroke = std::vector<Point>;
// In a box of 1 x 1, x to the right, y down.
using Glyph = std::vector<Stroke>;

// The forms in which people write `digit` (0 … 9), the most common one first.
const std::vector<Glyph>& forms_of(int digit);

}  // namespace covey::datasets
