#include "simulation/output/charts/frame.h"

#include <algorithm>
#include <cmath>

#include "covey/shell/numbers.h"
#include "covey/shell/table.h"
#include "simulation/output/charts/markup.h"

namespace covey::simulation {
namespace {

constexpr std::size_t kMostNames = 12;

std::string legend_of(const Frame& frame) {
  std::string out = "<p class=\"legend\">";
  for (const LegendEntry& entry : frame.legend) {
    out += "<span><i class=\"c" + std::to_string(entry.colour) + "\"></i>" + escaped(entry.name);
    if (!entry.value.empty()) out += " <b>" + escaped(entry.value) + "</b>";
    out += "</span>";
  }
  return out + "</p>";
}

struct Tick {
  double at = 0;  // 0 … kSide
  std::string text;
};

std::vector<Tick> y_ticks(const Frame& frame) {
  std::vector<Tick> out;
  for (const double tick : frame.y.ticks()) {
    out.push_back({frame.at_y(tick), shell::text_of_number(tick, frame.y.digits) + frame.y_suffix});
  }
  return out;
}

// Those that lie within the axis, which ends at its last value and not at a tick.
std::vector<Tick> x_ticks(const Frame& frame) {
  std::vector<Tick> out;
  if (!frame.x_names.empty()) {
    const std::size_t every = (frame.x_names.size() + kMostNames - 1) / kMostNames;
    for (std::size_t i = 0; i < frame.x_names.size(); i += every) {
      out.push_back({frame.at_x(static_cast<double>(i)), frame.x_names[i]});
    }
    return out;
  }
  const double first = std::ceil(frame.x.low / frame.x.step - 1e-9) * frame.x.step;
  for (int i = 0; first + i * frame.x.step <= frame.x.high + 1e-9 * frame.x.step; ++i) {
    const double tick = first + i * frame.x.step;
    out.push_back({frame.at_x(tick), shell::text_of_number(tick, frame.x.digits)});
  }
  return out;
}

std::string labels(const std::vector<Tick>& ticks, const char* side) {
  std::string out;
  for (const Tick& tick : ticks) {
    out += "<span style=\"" + std::string(side) + ":" + coordinate(tick.at * 100 / kSide) + "%\">" +
           escaped(tick.text) + "</span>";
  }
  return out;
}

std::string grid(const std::vector<Tick>& ticks) {
  std::string path;
  for (const Tick& tick : ticks) path += "M0 " + coordinate(tick.at) + "h1000";
  return "<path class=\"grid\" d=\"" + path + "\"/>";
}

std::string json_of(const Frame& frame) {
  std::string places;
  for (const ReadOut::Place& place : frame.read_out.places) {
    places += (places.empty() ? "[" : ",[") + coordinate(place.at) + "," + json_text(place.name);
    for (const std::string& text : place.texts) places += "," + json_text(text);
    places += "]";
  }
  std::string entries;
  for (const LegendEntry& entry : frame.legend) {
    entries += (entries.empty() ? "[" : ",[") + json_text(entry.name) + "," +
               std::to_string(entry.colour) + "]";
  }
  return "{\"s\":[" + entries + "],\"p\":[" + places + "]}";
}

}  // namespace

std::string html_of(const Frame& frame) {
  const std::vector<Tick> rows = y_ticks(frame);
  std::size_t widest = 1;
  for (const Tick& tick : rows) widest = std::max(widest, shell::width_of(tick.text));
  std::string out = "<figure class=\"card chart " + frame.kind + "\"><figcaption><h3>" +
                    escaped(frame.title) + "</h3>" + (frame.shows_legend ? legend_of(frame) : "") +
                    "</figcaption><div class=\"plot\" style=\"--w:" + std::to_string(widest + 1) +
                    "ch\"><div class=\"ys\">" + labels(rows, "top") +
                    "</div><div class=\"area\"><svg viewBox=\"0 0 1000 1000\" "
                    "preserveAspectRatio=\"none\" role=\"img\" aria-label=\"" +
                    escaped(frame.title) + "\">" + grid(rows) + frame.drawing +
                    "</svg></div><div class=\"xs\">" + labels(x_ticks(frame), "left") + "</div>";
  if (!frame.x_suffix.empty()) out += "<div class=\"xt\">" + escaped(frame.x_suffix) + "</div>";
  return out + "</div><script type=\"application/json\">" + json_of(frame) + "</script></figure>\n";
}

}  // namespace covey::simulation
