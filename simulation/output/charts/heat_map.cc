#include "simulation/output/charts/heat_map.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "covey/shell/axis_scale.h"
#include "covey/shell/numbers.h"
#include "simulation/output/charts/markup.h"

namespace covey::simulation {
namespace {

constexpr double kSide = 1000;
constexpr std::size_t kShades = 10;  // cells of one shade are one path
constexpr std::size_t kMostRowNames = 12;

std::size_t rows_of(const HeatMap& map) {
  return map.columns.empty() ? 0 : map.columns.front().cells.size();
}

std::string rectangle(double left, double top, double width, double height) {
  return "M" + coordinate(left) + " " + coordinate(top) + "h" + coordinate(width) + "v" +
         coordinate(height) + "H" + coordinate(left) + "z";
}

std::string svg(const std::string& drawing, const std::string& label) {
  return "<svg viewBox=\"0 0 1000 1000\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"" +
         escaped(label) + "\">" + drawing + "</svg>";
}

std::string draw_cells(const HeatMap& map) {
  std::array<std::string, kShades> paths;
  const double width = kSide / static_cast<double>(map.columns.size());
  const double height = kSide / static_cast<double>(rows_of(map));
  for (std::size_t x = 0; x < map.columns.size(); ++x) {
    const std::vector<double>& cells = map.columns[x].cells;
    const double sum = std::accumulate(cells.begin(), cells.end(), 0.0);
    for (std::size_t y = 0; y < cells.size(); ++y) {
      if (!(cells[y] > 0)) continue;
      // The root: small shares are to be seen, too.
      const double shade = std::sqrt(cells[y] / sum) * kShades;
      const std::size_t index = std::min(static_cast<std::size_t>(shade), kShades - 1);
      paths[index] += rectangle(static_cast<double>(x) * width, static_cast<double>(y) * height,
                                width * 0.92, height * 0.92);
    }
  }
  std::string out;
  for (std::size_t i = 0; i < kShades; ++i) {
    if (paths[i].empty()) continue;
    out += "<path class=\"cells\" fill-opacity=\"" +
           shell::text_of_number(static_cast<double>(i + 1) / kShades, 1) + "\" d=\"" + paths[i] +
           "\"/>";
  }
  return out;
}

std::string draw_bars(const HeatMap& map, double highest) {
  const double width = kSide / static_cast<double>(map.columns.size());
  std::string path;
  for (std::size_t x = 0; x < map.columns.size(); ++x) {
    const double height = kSide * map.columns[x].bar / highest;
    path += rectangle(static_cast<double>(x) * width, kSide - height, width * 0.92, height);
  }
  return "<path class=\"bars c8\" d=\"" + path + "\"/>";
}

std::string row_names(std::size_t rows) {
  const std::size_t every = (rows + kMostRowNames - 1) / kMostRowNames;
  std::string out;
  for (std::size_t row = 0; row < rows; row += every) {
    out += "<span style=\"top:" +
           coordinate((static_cast<double>(row) + 0.5) * 100 / static_cast<double>(rows)) + "%\">" +
           std::to_string(row) + "</span>";
  }
  return out;
}

std::string json_of(const HeatMap& map) {
  std::string columns;
  for (const HeatMap::Column& column : map.columns) {
    columns += (columns.empty() ? "[" : ",[") + json_text(column.name) + "," +
               coordinate(column.bar) + ",[";
    for (std::size_t i = 0; i < column.cells.size(); ++i) {
      columns += (i == 0 ? "" : ",") + coordinate(column.cells[i]);
    }
    columns += "]]";
  }
  return "{\"b\":" + json_text(map.bar_title) + ",\"r\":" + json_text(map.row_title) + ",\"h\":[" +
         columns + "]}";
}

}  // namespace

std::string html_of(const HeatMap& map) {
  if (map.columns.empty()) return {};
  double highest = 1;
  for (const HeatMap::Column& column : map.columns) highest = std::max(highest, column.bar);
  const std::size_t rows = rows_of(map);
  std::string out = "<figure class=\"card chart wide heat\"><figcaption><h3>" + escaped(map.title) +
                    "</h3><p class=\"note\">" + escaped(map.note) +
                    "</p></figcaption><div class=\"plot\" style=\"--w:7ch\"><div class=\"ys\">"
                    "<span style=\"top:0%\">" +
                    coordinate(highest) + "</span></div><div class=\"area sizes\">" +
                    svg(draw_bars(map, highest), map.bar_title) + "</div>";
  if (rows > 0) {
    out += "<div class=\"ys\">" + row_names(rows) + "</div><div class=\"area\">" +
           svg(draw_cells(map), map.title) + "</div>";
  }
  return out + "</div><script type=\"application/json\">" + json_of(map) + "</script></figure>\n";
}

}  // namespace covey::simulation
