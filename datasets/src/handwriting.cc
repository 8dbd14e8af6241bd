#include "covey/datasets/handwriting.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include "covey/datasets/draws.h"
#include "datasets/src/pen.h"

namespace covey::datasets {
namespace {

constexpr int kDigits = 10;
constexpr double kBox = 20;  // pixels that a digit's longer side has, as in MNIST

// What stays the same from one digit of a writer to the next.
struct Hand {
  double slant = 0;       // x for each y
  double turn = 0;        // tangent of half the angle
  double proportion = 1;  // width to height
  double radius = 1;      // of the pen, in pixels
  double pressure = 0;    // how much thinner or thicker strokes end
  double ink = 1;
  double unsteadiness = 0;
  std::array<Glyph, kDigits> glyphs;
};

void jitter(Glyph& glyph, double deviation, Draws& draws) {
  for (Stroke& stroke : glyph) {
    for (std::size_t i = 0; i < stroke.size(); ++i) {
      const bool is_corner =
          i > 0 && stroke[i].x == stroke[i - 1].x && stroke[i].y == stroke[i - 1].y;
      if (is_corner) continue;
      const Point moved{stroke[i].x + deviation * draws.bell(),
                        stroke[i].y + deviation * draws.bell()};
      const bool begins_corner =
          i + 1 < stroke.size() && stroke[i].x == stroke[i + 1].x && stroke[i].y == stroke[i + 1].y;
      stroke[i] = moved;
      if (begins_corner) stroke[++i] = moved;
    }
  }
}

Hand hand_of(std::uint64_t writer, std::uint64_t seed) {
  Draws draws(mixed_seed(mixed_seed(seed, writer), 0));
  Hand hand;
  hand.slant = 0.15 + 0.3 * draws.bell();
  hand.turn = 0.07 * draws.bell();
  hand.proportion = draws.between(0.45, 1.05);
  hand.radius = draws.between(0.7, 1.7);
  hand.pressure = draws.between(-0.3, 0.3);
  hand.ink = draws.between(0.8, 1.0);
  hand.unsteadiness = draws.between(0.03, 0.06);
  for (int digit = 0; digit < kDigits; ++digit) {
    const auto& forms = forms_of(digit);
    // Half of all writers use the common form.
    const std::uint64_t form = draws.below(2) == 0 ? 0 : draws.below(forms.size());
    Glyph& glyph = hand.glyphs[static_cast<std::size_t>(digit)];
    glyph = forms[static_cast<std::size_t>(form)];
    jitter(glyph, 0.05, draws);
  }
  return hand;
}

// Slant, turn and proportion, by the rational form of a rotation: libm's sine may differ.
Point placed(Point point, const Hand& hand, double turn) {
  const double y = point.y - 0.5;
  const double x = (point.x - 0.5) * hand.proportion - hand.slant * y;
  const double cosine = (1 - turn * turn) / (1 + turn * turn);
  const double sine = 2 * turn / (1 + turn * turn);
  return {x * cosine - y * sine, x * sine + y * cosine};
}

using Lines = std::vector<std::vector<Tip>>;

// Into a box of kBox pixels, its centre of mass in the middle of the paper.
void fit(Lines& lines, double radius) {
  Point low{1e9, 1e9};
  Point high{-1e9, -1e9};
  for (const auto& line : lines) {
    for (const Tip& tip : line) {
      low = {std::min(low.x, tip.at.x), std::min(low.y, tip.at.y)};
      high = {std::max(high.x, tip.at.x), std::max(high.y, tip.at.y)};
    }
  }
  const double scale = (kBox - 2 * radius) / std::max(high.x - low.x, high.y - low.y);
  Point mass;
  double ink = 0;
  for (auto& line : lines) {
    for (Tip& tip : line) tip.at = {(tip.at.x - low.x) * scale, (tip.at.y - low.y) * scale};
    for (std::size_t i = 1; i < line.size(); ++i) {
      const double dx = line[i].at.x - line[i - 1].at.x;
      const double dy = line[i].at.y - line[i - 1].at.y;
      const double weight = std::sqrt(dx * dx + dy * dy) * line[i].radius;
      mass.x += weight * line[i].at.x;
      mass.y += weight * line[i].at.y;
      ink += weight;
    }
  }
  const Point shift{kSide / 2.0 - mass.x / ink, kSide / 2.0 - mass.y / ink};
  for (auto& line : lines) {
    for (Tip& tip : line) tip.at = {tip.at.x + shift.x, tip.at.y + shift.y};
  }
}

std::vector<std::uint8_t> drawn(int digit, Hand hand, Draws& draws) {
  Glyph& glyph = hand.glyphs[static_cast<std::size_t>(digit)];
  jitter(glyph, hand.unsteadiness, draws);
  hand.slant += 0.1 * draws.bell();
  hand.proportion *= 1 + 0.12 * draws.bell();
  const double turn = hand.turn + 0.06 * draws.bell();
  const double radius = hand.radius * (1 + 0.1 * draws.bell());

  Lines lines;
  for (const Stroke& stroke : glyph) {
    std::vector<Tip>& tips = lines.emplace_back();
    const std::vector<Point> line = smooth(stroke);
    for (std::size_t i = 0; i < line.size(); ++i) {
      const double along = static_cast<double>(i) / static_cast<double>(line.size()) - 0.5;
      tips.push_back({placed(line[i], hand, turn), radius * (1 + 2 * hand.pressure * along)});
    }
  }
  fit(lines, radius);
  Paper paper;
  for (const auto& tips : lines) paper.draw(tips, hand.ink);
  return paper.pixels();
}

}  // namespace

Examples generate_handwriting(std::uint64_t writer, std::size_t count, std::uint64_t seed) {
  const Hand hand = hand_of(writer, seed);
  Draws draws(mixed_seed(mixed_seed(seed, writer), 1));
  Examples examples{{1, kSide, kSide}, {}, {}, kDigits};
  for (std::size_t i = 0; i < count; ++i) {
    const int digit = static_cast<int>(draws.below(kDigits));
    for (const std::uint8_t pixel : drawn(digit, hand, draws)) {
      examples.features.push_back(static_cast<float>(pixel) / 255.0f);
    }
    examples.labels.push_back(digit);
  }
  return examples;
}

}  // namespace covey::datasets
