#include "simulation/output/report/run_charts.h"

#include <algorithm>
#include <cmath>

namespace covey::simulation {
namespace {

constexpr std::size_t kMostColumns = 140;

template <typename Value>
std::vector<Point> points_by(std::span<const RoundResult> results, Value value) {
  std::vector<Point> points;
  for (const RoundResult& result : results) {
    const double y = value(result);
    if (std::isfinite(y)) points.push_back({static_cast<double>(result.round), y});
  }
  return points;
}

double part_of(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? NAN : static_cast<double>(part) / static_cast<double>(whole);
}

double highest(const std::vector<Point>& points) {
  double most = 0;
  for (const Point& point : points) most = std::max(most, point.y);
  return most;
}

LineChart quality_chart(const char* title, const char* metric, const RunInfo& info,
                        const RunSummary& summary, std::span<const RoundResult> results) {
  const std::string test = std::string("test_") + metric;
  LineChart chart;
  chart.title = title;
  chart.curves = {{"test set", points_of(results, test)},
                  {"devices' held-out data", points_of(results, metric)},
                  {"devices' training data", points_of(results, std::string("train_") + metric)}};
  if (info.target_metric == test || info.target_metric == metric) chart.target = info.target_value;
  if (summary.best && (summary.headline == test || summary.headline == metric)) {
    chart.best = Point{static_cast<double>(summary.best->round), summary.best->value};
  }
  return chart;
}

std::string participation(std::span<const RoundResult> results) {
  StackedChart chart;
  chart.title = "Participation";
  chart.unit = Unit::count();
  chart.unit.digits = results.size() > kMostColumns ? 1 : 0;
  chart.x_suffix = "round";
  chart.parts = {"in the sum", "left over", "dropped out"};
  chart.colours = {1, 8, 5};
  chart.columns = columns_of(results, [](const RoundResult& r) {
    const double rest = static_cast<double>(r.assigned) - static_cast<double>(r.survivors) -
                        static_cast<double>(r.dropped);
    return std::vector{static_cast<double>(r.survivors), std::max(rest, 0.0),
                       static_cast<double>(r.dropped)};
  });
  return html_of(chart);
}

std::string clipping(std::span<const RoundResult> results) {
  LineChart chart;
  chart.title = "Clipping";
  chart.unit = Unit::percent();
  chart.curves = {
      {"devices over the bound",
       points_by(results,
                 [](const RoundResult& r) { return part_of(r.clipped_devices, r.survivors); })},
      {"coordinates at the edge", points_by(results, [](const RoundResult& r) {
         return part_of(r.clipped_coordinates, r.coordinates);
       })}};
  chart.starts_at_zero = true;
  return html_of(chart);
}

std::string bytes(std::span<const RoundResult> results) {
  LineChart chart;
  chart.title = "Bytes of a round";
  chart.curves = {
      {"up",
       points_by(results, [](const RoundResult& r) { return static_cast<double>(r.bytes_up); })},
      {"down",
       points_by(results, [](const RoundResult& r) { return static_cast<double>(r.bytes_down); })}};
  chart.unit =
      Unit::bytes(std::max(highest(chart.curves[0].points), highest(chart.curves[1].points)));
  chart.starts_at_zero = true;
  return html_of(chart);
}

std::string time_by_phase(std::span<const RoundResult> results, StackedChart::Width width) {
  double longest = 0;
  for (const RoundResult& result : results) longest = std::max(longest, result.seconds.total());
  StackedChart chart;
  chart.title = "Time of a round, by this machine's clock";
  chart.width = width;
  chart.unit = Unit::seconds(longest);
  chart.x_suffix = "round";
  chart.parts = {"training", "aggregation", "merge", "evaluation"};
  chart.colours = {1, 4, 2, 3};
  chart.columns = columns_of(results, [](const RoundResult& r) {
    return std::vector{r.seconds.training, r.seconds.aggregation, r.seconds.merge,
                       r.seconds.evaluation};
  });
  return html_of(chart);
}

// Nothing when they stay as they are.
std::string learning_rates(std::span<const RoundResult> results) {
  LineChart chart;
  chart.title = "Learning rates";
  chart.curves = {
      {"devices", points_by(results, [](const auto& r) { return r.learning_rate; })},
      {"server", points_by(results, [](const auto& r) { return r.server_learning_rate; })}};
  std::erase_if(chart.curves, [](const Curve& curve) {
    return std::ranges::all_of(curve.points,
                               [&](const Point& p) { return p.y == curve.points.front().y; });
  });
  chart.starts_at_zero = true;
  return html_of(chart);
}

}  // namespace

std::vector<Point> points_of(std::span<const RoundResult> results, std::string_view value) {
  return points_by(results, [&](const RoundResult& r) { return value_of(r, value).value_or(NAN); });
}

std::vector<StackedChart::Column> columns_of(std::span<const RoundResult> results, PartsOf parts) {
  std::vector<StackedChart::Column> columns;
  const std::size_t count = std::min(results.size(), kMostColumns);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t begin = i * results.size() / count;
    const std::size_t end = (i + 1) * results.size() / count;
    StackedChart::Column column;
    column.low = static_cast<double>(results[begin].round) - 0.5;
    column.high = static_cast<double>(results[end - 1].round) + 0.5;
    const std::string first = std::to_string(results[begin].round);
    column.name = end - begin == 1 ? "round " + first
                                   : "rounds " + first + " to " +
                                         std::to_string(results[end - 1].round) + ", mean";
    for (std::size_t at = begin; at < end; ++at) {
      const std::vector<double> values = parts(results[at]);
      column.values.resize(values.size());
      for (std::size_t part = 0; part < values.size(); ++part) {
        const double value = std::isfinite(values[part]) ? values[part] : 0;
        column.values[part] += value / static_cast<double>(end - begin);
      }
    }
    columns.push_back(std::move(column));
  }
  return columns;
}

std::string run_charts(const RunInfo& info, const RunSummary& summary,
                       std::span<const RoundResult> results) {
  LineChart accuracy = quality_chart("Accuracy", "accuracy", info, summary, results);
  accuracy.unit = Unit::percent();
  LineChart loss = quality_chart("Loss", "loss", info, summary, results);
  accuracy.is_wide = true;
  loss.is_wide = html_of(accuracy).empty();
  const std::string rates = learning_rates(results);
  const auto rest = rates.empty() ? StackedChart::Width::kFull : StackedChart::Width::kWide;
  return "<section class=\"charts\">" + html_of(accuracy) + html_of(loss) + participation(results) +
         clipping(results) + bytes(results) + time_by_phase(results, rest) + rates + "</section>\n";
}

}  // namespace covey::simulation
