#include <algorithm>
#include <limits>
#include <set>

#include "simulation/output/charts/chart.h"
#include "simulation/output/charts/frame.h"
#include "simulation/output/charts/markup.h"

namespace covey::simulation {
namespace {

constexpr std::size_t kMostPoints = 400;
constexpr std::size_t kMostPlaces = 200;
constexpr std::size_t kMostDots = 40;  // with more points, the line alone is calmer

int colour_of(std::size_t index) { return static_cast<int>(index % 8) + 1; }

struct Range {
  double low = std::numeric_limits<double>::max();
  double high = std::numeric_limits<double>::lowest();
  void add(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
};

std::string path_of(const Frame& frame, const Unit& unit, const std::vector<Point>& points) {
  std::string path;
  for (const Point& point : points) {
    path += (path.empty() ? "M" : "L") + coordinate(frame.at_x(point.x)) + " " +
            coordinate(frame.at_y(point.y * unit.factor));
  }
  return path;
}

std::string dots_of(const Frame& frame, const Unit& unit, const std::vector<Point>& points) {
  std::string path;
  for (const Point& point : points) {
    path += "M" + coordinate(frame.at_x(point.x)) + " " +
            coordinate(frame.at_y(point.y * unit.factor)) + "h0";
  }
  return path;
}

std::string draw(const Frame& frame, const LineChart& chart, const Curve& curve, int colour) {
  const std::vector<Point> points = thinned(curve.points, kMostPoints);
  const std::string classes = "c" + std::to_string(colour);
  std::string out =
      "<path class=\"line " + classes + "\" d=\"" + path_of(frame, chart.unit, points) + "\"/>";
  if (points.size() <= kMostDots) {
    out +=
        "<path class=\"dots " + classes + "\" d=\"" + dots_of(frame, chart.unit, points) + "\"/>";
  }
  return out;
}

// Where all curves together have points, at most kMostPlaces of them, evenly picked.
std::vector<double> places_of(const std::vector<Curve>& curves) {
  std::set<double> all;
  for (const Curve& curve : curves) {
    for (const Point& point : curve.points) all.insert(point.x);
  }
  const std::vector<double> sorted(all.begin(), all.end());
  const std::size_t count = std::min(sorted.size(), kMostPlaces);
  std::vector<double> out;
  for (std::size_t i = 0; i < count; ++i) {
    out.push_back(sorted[count == 1 ? 0 : i * (sorted.size() - 1) / (count - 1)]);
  }
  return out;
}

std::string name_of_place(const LineChart& chart, double x) {
  const auto index = static_cast<std::size_t>(x);
  return index < chart.names.size() ? chart.names[index] : "round " + coordinate(x);
}

ReadOut read_out_of(const Frame& frame, const LineChart& chart) {
  ReadOut out;
  for (const double x : places_of(chart.curves)) {
    ReadOut::Place place{frame.at_x(x), name_of_place(chart, x), {}};
    for (const Curve& curve : chart.curves) {
      const Point* point = last_until(curve.points, x);
      std::string text = point == nullptr ? "" : chart.unit.text_of(point->y);
      if (point != nullptr && point->x != x) text += " (" + name_of_place(chart, point->x) + ")";
      place.texts.push_back(std::move(text));
    }
    out.places.push_back(std::move(place));
  }
  return out;
}

void set_axes(Frame& frame, const LineChart& chart) {
  Range x;
  Range y;
  for (const Curve& curve : chart.curves) {
    for (const Point& point : curve.points) {
      x.add(point.x);
      y.add(point.y * chart.unit.factor);
    }
  }
  if (chart.target) y.add(*chart.target * chart.unit.factor);
  if (chart.starts_at_zero) y.add(0);
  frame.x = shell::AxisScale::around(x.low, x.high, 1, chart.is_wide ? 10 : 6);
  if (!chart.names.empty()) {
    frame.x.low = -0.5;
    frame.x.high = static_cast<double>(chart.names.size()) - 0.5;
  } else if (x.high > x.low) {  // no room is left at the sides
    frame.x.low = x.low;
    frame.x.high = x.high;
  }
  frame.y = shell::AxisScale::around(y.low, y.high, chart.unit.is_count ? 1 : 0);
  if (y.low >= 0) frame.y.low = std::max(frame.y.low, 0.0);
}

}  // namespace

std::string html_of(const LineChart& original) {
  LineChart chart = original;
  std::erase_if(chart.curves, [](const Curve& curve) { return curve.points.empty(); });
  if (chart.curves.empty()) return {};
  Frame frame;
  frame.title = chart.title;
  frame.kind = chart.is_wide ? "wide" : "";
  frame.shows_legend = chart.has_legend;
  frame.x_names = chart.names;
  frame.y_suffix = chart.unit.suffix;
  if (chart.names.empty()) frame.x_suffix = "round";
  set_axes(frame, chart);
  if (chart.target) {
    frame.drawing += "<path class=\"target\" d=\"M0 " +
                     coordinate(frame.at_y(*chart.target * chart.unit.factor)) + "h1000\"/>";
  }
  for (std::size_t i = 0; i < chart.curves.size(); ++i) {
    const Curve& curve = chart.curves[i];
    frame.drawing += draw(frame, chart, curve, colour_of(i));
    frame.legend.push_back({curve.name, colour_of(i), chart.unit.text_of(curve.points.back().y)});
  }
  if (chart.best) {
    const std::string at = dots_of(frame, chart.unit, {*chart.best});
    frame.drawing +=
        "<path class=\"ring c1\" d=\"" + at + "\"/><path class=\"hole\" d=\"" + at + "\"/>";
  }
  frame.read_out = read_out_of(frame, chart);
  return html_of(frame);
}

}  // namespace covey::simulation
