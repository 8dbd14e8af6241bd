#include <algorithm>
#include <numeric>

#include "simulation/output/charts/chart.h"
#include "simulation/output/charts/frame.h"
#include "simulation/output/charts/markup.h"

namespace covey::simulation {
namespace {

constexpr std::size_t kMostSeparate = 70;  // with more columns there is no room between them

double total(const StackedChart::Column& column) {
  return std::accumulate(column.values.begin(), column.values.end(), 0.0);
}

// The rectangles of one part, as one path.
std::string path_of(const Frame& frame, const StackedChart& chart, std::size_t part) {
  std::string path;
  for (const StackedChart::Column& column : chart.columns) {
    const double below = std::accumulate(
        column.values.begin(), column.values.begin() + static_cast<std::ptrdiff_t>(part), 0.0);
    const double value = column.values[part];
    if (!(value > 0)) continue;
    const double width = column.high - column.low;
    const double gap = chart.columns.size() <= kMostSeparate ? 0.1 * width : 0;
    const double left = frame.at_x(column.low + gap);
    const double right = frame.at_x(column.high - gap);
    const double top = frame.at_y((below + value) * chart.unit.factor);
    const double bottom = frame.at_y(below * chart.unit.factor);
    path += "M" + coordinate(left) + " " + coordinate(bottom) + "V" + coordinate(top) + "H" +
            coordinate(right) + "V" + coordinate(bottom) + "z";
  }
  return path;
}

}  // namespace

std::string html_of(const StackedChart& chart) {
  if (chart.columns.empty()) return {};
  double highest = 0;
  for (const StackedChart::Column& column : chart.columns) {
    highest = std::max(highest, total(column));
  }
  if (!(highest > 0)) return {};
  Frame frame;
  frame.title = chart.title;
  frame.kind = chart.width == StackedChart::Width::kOne    ? ""
               : chart.width == StackedChart::Width::kWide ? "wide"
                                                           : "full";
  frame.y_suffix = chart.unit.suffix;
  frame.x_suffix = chart.x_suffix;
  const double low = chart.columns.front().low;
  const double high = chart.columns.back().high;
  frame.x = shell::AxisScale::around(low, high, 1, 6);
  frame.x.low = low;
  frame.x.high = high;
  frame.y = shell::AxisScale::around(0, highest * chart.unit.factor, chart.unit.is_count ? 1 : 0);
  for (std::size_t part = 0; part < chart.parts.size(); ++part) {
    frame.legend.push_back({chart.parts[part], chart.colours[part], ""});
    const std::string path = path_of(frame, chart, part);
    if (path.empty()) continue;
    frame.drawing +=
        "<path class=\"bars c" + std::to_string(chart.colours[part]) + "\" d=\"" + path + "\"/>";
  }
  for (const StackedChart::Column& column : chart.columns) {
    ReadOut::Place place{frame.at_x((column.low + column.high) / 2), column.name, {}};
    for (const double value : column.values) place.texts.push_back(chart.unit.text_of(value));
    frame.read_out.places.push_back(std::move(place));
  }
  return html_of(frame);
}

}  // namespace covey::simulation
