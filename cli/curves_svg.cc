#include "cli/curves_svg.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "cli/format.h"
#include "covey/shell/axis_scale.h"

namespace covey::cli {
namespace {

using coordinator::RoundRecord;
using coordinator::RoundState;
using shell::AxisScale;

// Lengths in the SVG's own units, which a browser takes as pixels.
constexpr double kWidth = 760;
constexpr double kLeft = 76;
constexpr double kRight = 24;
constexpr double kTop = 56;
constexpr double kPanelHeight = 210;
constexpr double kPanelGap = 64;
constexpr double kBottom = 56;

struct Point {
  double x, y;
};
struct Curve {
  std::string name;
  std::string colour;
  std::vector<Point> points;
};
struct Panel {
  std::string axis;
  std::vector<Curve> curves;
  bool has_values() const {
    return std::ranges::any_of(curves, [](const Curve& curve) { return !curve.points.empty(); });
  }
};

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : printable(text)) {
    out += c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : std::string(1, c);
  }
  return out;
}

std::string at(double value) { return text_of_number(value, 1); }

std::string text_at(double x, double y, const std::string& attributes, const std::string& text) {
  return "<text x=\"" + at(x) + "\" y=\"" + at(y) + "\" " + attributes + ">" + escaped(text) +
         "</text>\n";
}
std::string line_at(Point from, Point to, const char* colour) {
  return "<line x1=\"" + at(from.x) + "\" y1=\"" + at(from.y) + "\" x2=\"" + at(to.x) + "\" y2=\"" +
         at(to.y) + "\" stroke=\"" + colour + "\"/>\n";
}

Curve curve_of(const std::vector<RoundRecord>& rounds, const char* metric, const char* name,
               const char* colour) {
  Curve curve{name, colour, {}};
  for (const RoundRecord& round : rounds) {
    const auto found = round.metrics.find(metric);
    if (round.state != RoundState::kCompleted || found == round.metrics.end()) continue;
    if (!std::isfinite(found->second)) continue;
    curve.points.push_back({static_cast<double>(round.number), found->second});
  }
  return curve;
}

template <typename Coordinate>
AxisScale scale_of(const Panel& panel, Coordinate coordinate, double least_step) {
  double low = std::numeric_limits<double>::max();
  double high = std::numeric_limits<double>::lowest();
  for (const Curve& curve : panel.curves) {
    for (const Point& point : curve.points) {
      low = std::min(low, point.*coordinate);
      high = std::max(high, point.*coordinate);
    }
  }
  return AxisScale::around(low, high, least_step);
}

std::string draw_axes(const Panel& panel, const AxisScale& x, const AxisScale& y, double top) {
  const double right = kWidth - kRight;
  const double bottom = top + kPanelHeight;
  std::string out;
  for (const double tick : y.ticks()) {
    const double at_y = bottom - y.part(tick) * kPanelHeight;
    out += line_at({kLeft, at_y}, {right, at_y}, "#e3e3e3");
    out += text_at(kLeft - 8, at_y + 4, "text-anchor=\"end\"", text_of_number(tick, y.digits));
  }
  for (const double tick : x.ticks()) {
    const double at_x = kLeft + x.part(tick) * (right - kLeft);
    out += line_at({at_x, bottom}, {at_x, bottom + 5}, "#444444");
    out += text_at(at_x, bottom + 20, "text-anchor=\"middle\"", text_of_number(tick, 0));
  }
  out += line_at({kLeft, top}, {kLeft, bottom}, "#444444");
  out += line_at({kLeft, bottom}, {right, bottom}, "#444444");
  out += text_at((kLeft + right) / 2, bottom + 40, "text-anchor=\"middle\"", "round");
  const std::string turned =
      "text-anchor=\"middle\" transform=\"rotate(-90 20 " + at(top + kPanelHeight / 2) + ")\"";
  return out + text_at(20, top + kPanelHeight / 2, turned, panel.axis);
}

std::string draw_curve(const Curve& curve, const AxisScale& x, const AxisScale& y, double top) {
  std::string points;
  std::string dots;
  for (const Point& point : curve.points) {
    const std::string at_x = at(kLeft + x.part(point.x) * (kWidth - kRight - kLeft));
    const std::string at_y = at(top + kPanelHeight - y.part(point.y) * kPanelHeight);
    points += (points.empty() ? "" : " ") + at_x + "," + at_y;
    if (curve.points.size() <= 60) {
      dots += "<circle cx=\"" + at_x + "\" cy=\"" + at_y + "\" r=\"2.5\" fill=\"" + curve.colour +
              "\"/>\n";
    }
  }
  return "<polyline points=\"" + points + "\" fill=\"none\" stroke=\"" + curve.colour +
         "\" stroke-width=\"2\" stroke-linejoin=\"round\"/>\n" + dots;
}

std::string draw_panel(const Panel& panel, double top) {
  const AxisScale x = scale_of(panel, &Point::x, 1);
  const AxisScale y = scale_of(panel, &Point::y, 0);
  std::string out = draw_axes(panel, x, y, top);
  double legend = kWidth - kRight;
  for (auto curve = panel.curves.rbegin(); curve != panel.curves.rend(); ++curve) {
    if (curve->points.empty()) continue;
    out += draw_curve(*curve, x, y, top);
    out += text_at(legend, top - 10, "text-anchor=\"end\"", curve->name);
    const double text_width = 7.2 * static_cast<double>(curve->name.size());
    out += "<line x1=\"" + at(legend - text_width - 26) + "\" y1=\"" + at(top - 14) + "\" x2=\"" +
           at(legend - text_width - 6) + "\" y2=\"" + at(top - 14) + "\" stroke=\"" +
           curve->colour + "\" stroke-width=\"2\"/>\n";
    legend -= text_width + 46;
  }
  return out;
}

}  // namespace

std::string curves_svg(const std::string& title, const std::vector<RoundRecord>& rounds) {
  std::vector<Panel> panels = {{"accuracy", {curve_of(rounds, "accuracy", "accuracy", "#1b6ca8")}},
                               {"loss",
                                {curve_of(rounds, "train_loss", "training loss", "#c77700"),
                                 curve_of(rounds, "loss", "loss", "#a3243b")}}};
  std::erase_if(panels, [](const Panel& panel) { return !panel.has_values(); });
  const double count = static_cast<double>(std::max<std::size_t>(panels.size(), 1));
  const double height = kTop + count * kPanelHeight + (count - 1) * kPanelGap + kBottom;
  const std::string size = "width=\"" + at(kWidth) + "\" height=\"" + at(height) + "\"";
  std::string out = "<svg xmlns=\"http://www.w3.org/2000/svg\" " + size + " viewBox=\"0 0 " +
                    at(kWidth) + " " + at(height) +
                    "\" font-family=\"sans-serif\" font-size=\"13\" fill=\"#222222\">\n<title>" +
                    escaped(title) + "</title>\n<rect " + size + " fill=\"#ffffff\"/>\n";
  out += text_at(kLeft, 30, "font-size=\"17\" font-weight=\"bold\"", "Task " + title);
  if (panels.empty()) out += text_at(kLeft, 80, "", "no values yet");
  double top = kTop;
  for (const Panel& panel : panels) {
    out += draw_panel(panel, top);
    top += kPanelHeight + kPanelGap;
  }
  return out + "</svg>\n";
}

}  // namespace covey::cli
