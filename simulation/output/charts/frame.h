#pragma once

#include <optional>
#include <string>
#include <vector>

#include "covey/shell/axis_scale.h"
#include "simulation/output/charts/unit.h"

namespace covey::simulation {

// What all charts have in common: a title, a legend, axes, and room for what is drawn, which is
// kSide x kSide units from the lower left corner, whatever it is stretched to.
inline constexpr double kSide = 1000;

struct LegendEntry {
  std::string name;
  int colour = 1;
  std::string value;  // may be empty
};

// What the page's script shows where the pointer is: for each place on the x axis (0 … kSide) a
// name, and a text for each entry of the legend; empty ones are left out.
struct ReadOut {
  struct Place {
    double at = 0;
    std::string name;
    std::vector<std::string> texts;
  };
  std::vector<Place> places;
};

struct Frame {
  std::string title;
  std::string kind;  // further classes
  std::vector<LegendEntry> legend;
  bool shows_legend = true;
  shell::AxisScale x;
  shell::AxisScale y;  // in the unit's values: multiplied by its factor
  std::string y_suffix;
  std::string x_suffix;
  std::vector<std::string> x_names;  // of 0, 1, …, instead of numbers
  std::string drawing;               // SVG
  ReadOut read_out;

  double at_x(double value) const { return kSide * x.part(value); }
  double at_y(double scaled) const { return kSide * (1 - y.part(scaled)); }
};

std::string html_of(const Frame& frame);

}  // namespace covey::simulation
