#include <algorithm>

#include "covey/shell/numbers.h"
#include "simulation/output/charts/chart.h"
#include "simulation/output/charts/heat_map.h"
#include "simulation/output/report/sections.h"

namespace covey::simulation {
namespace {

std::string who_holds_what(const PartitionPicture& picture) {
  HeatMap map;
  map.title = "Who holds what";
  map.row_title = "label";
  map.bar_title = "examples";
  map.note = picture.shown.size() == picture.devices
                 ? "each column is a device"
                 : "each column is a device: " + std::to_string(picture.shown.size()) + " of " +
                       shell::with_separators(picture.devices) + ", evenly picked";
  map.note += picture.classes > 0
                  ? "; above, how many examples it has, below, the labels' shares of them"
                  : "; how many examples it has";
  for (const DevicePicture& device : picture.shown) {
    HeatMap::Column column{device.name, static_cast<double>(device.examples), {}};
    for (const std::uint64_t count : device.labels) {
      column.cells.push_back(static_cast<double>(count));
    }
    map.columns.push_back(std::move(column));
  }
  return html_of(map);
}

std::string sizes(const PartitionPicture& picture) {
  StackedChart chart;
  chart.title = "Examples of a device";
  chart.unit = Unit::count();
  chart.x_suffix = "examples";
  chart.parts = {"devices"};
  chart.colours = {6};
  for (const SizeBin& bin : picture.sizes) {
    const std::string range = bin.low == bin.high
                                  ? std::to_string(bin.low)
                                  : std::to_string(bin.low) + " to " + std::to_string(bin.high);
    chart.columns.push_back({static_cast<double>(bin.low) - 0.5,
                             static_cast<double>(bin.high) + 0.5,
                             range + " examples",
                             {static_cast<double>(bin.devices)}});
  }
  return html_of(chart);
}

}  // namespace

std::string partition_section(const PartitionPicture& picture) {
  if (picture.devices == 0) return {};
  return "<h2>The data: " + shell::with_separators(picture.examples) + " examples on " +
         shell::with_separators(picture.devices) + " devices</h2><section class=\"charts\">" +
         who_holds_what(picture) + sizes(picture) + "</section>\n";
}

}  // namespace covey::simulation
