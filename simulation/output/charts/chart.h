#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "simulation/output/charts/curve.h"
#include "simulation/output/charts/unit.h"

// Charts as pieces of HTML. The lines are an SVG that is stretched to whatever room there is; the
// letters are not part of it, so that they stay as large as they are. Colours are the page's
// classes c1 … c8, in order. A small JSON beside each is what the page's script reads values from.
namespace covey::simulation {

struct LineChart {
  std::string title;
  Unit unit;
  std::vector<Curve> curves;     // those without points are left out
  std::optional<double> target;  // a dashed line across
  std::optional<Point> best;     // a ring around a point
  bool is_wide = false;          // two places
  bool starts_at_zero = false;
  bool has_legend = true;
  std::vector<std::string> names;  // of x = 0, 1, …, instead of rounds
};

// Parts of a whole, round by round, one on top of the other.
struct StackedChart {
  struct Column {
    double low = 0;  // of x: what lies from there to `high`
    double high = 0;
    std::string name;  // "round 7"
    std::vector<double> values;
  };
  enum class Width : std::uint8_t { kOne, kWide, kFull };  // places of a row of the page
  std::string title;
  Unit unit;
  Width width = Width::kOne;
  std::string x_suffix;
  std::vector<std::string> parts;  // names, from below
  std::vector<int> colours;        // of each, from 1
  std::vector<Column> columns;
};

// Empty when there is nothing to draw.
std::string html_of(const LineChart& chart);
std::string html_of(const StackedChart& chart);

}  // namespace covey::simulation
