#include <algorithm>
#include <cmath>

#include "covey/shell/numbers.h"
#include "simulation/output/charts/chart.h"
#include "simulation/output/charts/markup.h"
#include "simulation/output/report/comparison.h"
#include "simulation/output/report/page.h"
#include "simulation/output/report/run_charts.h"
#include "simulation/output/report/sections.h"

namespace covey::simulation {
namespace {

constexpr std::size_t kMostCurves = 8;    // as there are colours
constexpr std::size_t kLongestName = 10;  // that fits under an axis

// What the run is called in a legend: the settings that set it apart, or its folder.
std::string legend_name(const Comparison& comparison, const Comparison::Row& row) {
  std::string out;
  for (std::size_t i = 0; i < row.settings.size() && i < 3; ++i) {
    const std::string& name = comparison.names[i];
    out += (out.empty() ? "" : ", ") + label_of(name.substr(name.rfind('.') + 1)) + " " +
           row.settings[i];
  }
  return out.empty() ? row.name : out;
}

// The runs that are drawn: the best ones where there are more than colours.
std::vector<std::size_t> drawn_of(const Comparison& comparison) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < comparison.rows.size(); ++i) order.push_back(i);
  if (order.size() <= kMostCurves) return order;
  std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) {
    const RunSummary& first = comparison.rows[a].summary;
    const RunSummary& second = comparison.rows[b].summary;
    if (!first.best || !second.best) return first.best.has_value() && !second.best.has_value();
    return falls(first.headline) ? first.best->value < second.best->value
                                 : first.best->value > second.best->value;
  });
  order.resize(kMostCurves);
  std::ranges::sort(order);
  return order;
}

std::string title_of(std::string_view value) {
  if (value == "test_accuracy") return "Test accuracy";
  if (value == "test_loss") return "Test loss";
  if (value == "train_loss") return "Loss on devices' training data";
  if (value == "accuracy") return "Accuracy on devices' held-out data";
  return value == "loss" ? "Loss on devices' held-out data" : label_of(value);
}

struct Runs {
  const Comparison& comparison;
  std::span<const RunRecord> records;
  std::vector<std::size_t> drawn;
};

// Colours mean the same in all charts, so that one legend does.
std::string chart_of(const Runs& runs, const std::string& value, bool is_first) {
  LineChart chart;
  chart.title = title_of(value);
  if (value.ends_with("accuracy")) chart.unit = Unit::percent();
  chart.is_wide = is_first;
  chart.has_legend = is_first;
  for (const std::size_t i : runs.drawn) {
    chart.curves.push_back({legend_name(runs.comparison, runs.comparison.rows[i]),
                            points_of(runs.records[i].results, value)});
  }
  return html_of(chart);
}

std::string best_by_run(const Runs& runs) {
  const std::string& headline = runs.comparison.rows.front().summary.headline;
  LineChart chart;
  chart.title = "Best " + label_of(headline) + ", by run";
  if (headline.ends_with("accuracy")) chart.unit = Unit::percent();
  chart.has_legend = false;
  Curve curve{"best", {}};
  for (const Comparison::Row& row : runs.comparison.rows) {
    if (row.summary.best) {
      curve.points.push_back({static_cast<double>(chart.names.size()), row.summary.best->value});
    }
    const bool has_name = row.settings.size() == 1 && row.settings.front().size() <= kLongestName;
    chart.names.push_back(has_name ? row.settings.front() : std::to_string(chart.names.size() + 1));
  }
  chart.curves.push_back(std::move(curve));
  return html_of(chart);
}

std::string charts_of(const Runs& runs) {
  const std::string& headline = runs.comparison.rows.front().summary.headline;
  const std::string test_loss = chart_of(runs, "test_loss", false);
  std::string out = chart_of(runs, headline, true) + best_by_run(runs);
  if (headline != "test_loss") out += test_loss;
  if (headline != "accuracy") out += chart_of(runs, "accuracy", false);
  if (headline != "loss" && test_loss.empty()) out += chart_of(runs, "loss", false);
  return out + (headline == "train_loss" ? "" : chart_of(runs, "train_loss", false));
}

std::string table_of(const Comparison& comparison) {
  std::string out = "<div class=\"card scroll\"><table><tr>";
  for (const std::string& column : table_columns(comparison)) {
    out += "<th>" + escaped(column) + "</th>";
  }
  out += "</tr>";
  for (const Comparison::Row& row : comparison.rows) {
    out += row.is_best ? "<tr class=\"best\">" : "<tr>";
    for (const std::string& cell : table_cells(row)) out += "<td>" + escaped(cell) + "</td>";
    out += "</tr>";
  }
  return out + "</table></div>\n";
}

std::string tiles_of(const Comparison& comparison) {
  std::string out = "<section class=\"tiles\">";
  const auto best = std::ranges::find(comparison.rows, true, &Comparison::Row::is_best);
  if (best != comparison.rows.end()) {
    out += tile("Best " + label_of(best->summary.headline),
                text_of_value(best->summary.headline, best->summary.best->value),
                legend_name(comparison, *best));
  }
  double seconds = 0;
  for (const Comparison::Row& row : comparison.rows) seconds += row.summary.seconds;
  out += tile("Runs", std::to_string(comparison.rows.size()),
              comparison.names.size() == 1
                  ? "one setting differs"
                  : std::to_string(comparison.names.size()) + " settings differ");
  out += tile("Time", shell::text_of_milliseconds(std::llround(1000 * seconds)), "all together");
  return out + "</section>\n";
}

}  // namespace

std::string comparison_report(const std::string& title, std::span<const RunRecord> records) {
  const Comparison comparison = compare(records);
  if (comparison.rows.empty()) return page_of(title, "<h1>no runs</h1>");
  const Runs runs{comparison, records, drawn_of(comparison)};
  std::string body = "<header><p class=\"over\">Covey simulation</p><h1>" + escaped(title) +
                     "</h1></header>" + tiles_of(comparison) + "<section class=\"charts\">" +
                     charts_of(runs) + "</section>";
  if (runs.drawn.size() < records.size()) {
    body += "<p class=\"note\">Curves are of the best " + std::to_string(kMostCurves) + " of " +
            std::to_string(records.size()) + " runs.</p>";
  }
  return page_of(title, body + "<h2>Runs</h2>" + table_of(comparison));
}

}  // namespace covey::simulation
