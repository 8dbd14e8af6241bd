#include "simulation/output/report/sections.h"

#include <algorithm>
#include <cmath>

#include "covey/shell/numbers.h"
#include "simulation/output/charts/markup.h"

namespace covey::simulation {
namespace {

using shell::text_of_bytes;
using shell::text_of_milliseconds;
using shell::text_of_number;
using shell::with_separators;

constexpr std::size_t kTableRounds = 20;
constexpr std::size_t kLongValue = 8;  // in letters; longer ones are smaller

std::string fact(const std::string& label, const std::string& text) {
  return text.empty() ? ""
                      : "<div><dt>" + escaped(label) + "</dt><dd>" + escaped(text) + "</dd></div>";
}

std::string target_text(const RunInfo& info) {
  return label_of(info.target_metric) + (falls(info.target_metric) ? " ≤ " : " ≥ ") +
         text_of_value(info.target_metric, info.target_value);
}

std::int64_t milliseconds(double seconds) { return std::llround(seconds * 1000); }

std::string cell(const RoundResult& result, const char* name) {
  const auto value = value_of(result, name);
  return "<td>" + (value ? text_of_value(name, *value) : "–") + "</td>";
}

std::string row_of(const RoundResult& result) {
  std::string out = "<tr><td>" + std::to_string(result.round) + "</td>";
  if (result.is_completed) {
    for (const char* name : {"test_accuracy", "test_loss", "accuracy", "loss", "train_loss"}) {
      out += cell(result, name);
    }
  } else {
    out += "<td colspan=\"5\" class=\"left soft\">aborted: " + escaped(result.reason) + "</td>";
  }
  out += "<td>" + std::to_string(result.survivors) + " of " + std::to_string(result.assigned) +
         "</td><td>" + text_of_bytes(result.bytes_up) + "</td><td>" +
         text_of_milliseconds(milliseconds(result.seconds.total())) + "</td><td>" +
         std::to_string(result.version) + "</td><td><code>" + to_hex(result.model).substr(0, 12) +
         "</code></td></tr>";
  return out;
}

}  // namespace

std::string tile(const std::string& title, const std::string& value, const std::string& note) {
  const std::string size = value.size() > kLongValue ? "<b class=\"long\">" : "<b>";
  return "<div class=\"card tile\"><h3>" + escaped(title) + "</h3>" + size + escaped(value) +
         "</b><p>" + escaped(note) + "</p></div>";
}

std::string header_section(const RunInfo& info) {
  std::string out =
      "<header><p class=\"over\">Covey simulation</p><h1>" + escaped(info.task) + "</h1>";
  if (!info.description.empty()) {
    out += "<p class=\"soft\">" + escaped(info.description) + "</p>";
  }
  out += "<dl class=\"facts\">" +
         fact("Model", info.model + ", " + with_separators(info.parameters) + " parameters") +
         fact("Dataset", info.dataset) + fact("Strategy", info.strategy) +
         fact("Aggregation", info.is_masked ? "secure: the server sees masked updates only"
                                            : "plain: sums in clear, for trials only");
  for (const auto& [label, text] : info.facts) out += fact(label, text);
  return out + fact("Seed", std::to_string(info.seed)) +
         fact("Started", shell::text_of_time(info.started_at)) + fact("Ended", info.ended) +
         "</dl></header>\n";
}

std::string key_figures(const RunInfo& info, const RunSummary& summary) {
  std::string out = "<section class=\"tiles\">";
  if (summary.best) {
    out += tile("Best " + label_of(summary.headline),
                text_of_value(summary.headline, summary.best->value),
                "round " + std::to_string(summary.best->round) + ", model version " +
                    std::to_string(summary.best->version));
  }
  if (!info.target_metric.empty()) {
    out +=
        tile("Rounds to target",
             summary.rounds_to_target ? std::to_string(*summary.rounds_to_target) : "not reached",
             target_text(info));
  }
  const std::uint64_t aborted = summary.rounds - summary.completed;
  out += tile("Rounds", std::to_string(summary.completed) + " of " + std::to_string(info.rounds),
              aborted == 0 ? "none was aborted" : std::to_string(aborted) + " more were aborted");
  out += tile("Time", text_of_milliseconds(milliseconds(summary.seconds)),
              text_of_number(summary.updates_per_second(), 1) + " updates/s, " +
                  std::to_string(info.workers) + (info.workers == 1 ? " worker" : " workers"));
  out += tile("Virtual time", text_of_milliseconds(summary.virtual_time.count()),
              "that devices and links would take");
  const auto each = summary.rounds == 0 ? 0
                                        : std::llround(static_cast<double>(summary.assigned) /
                                                       static_cast<double>(summary.rounds));
  out += tile("Devices", with_separators(info.devices), std::to_string(each) + " in a round");
  const double up = summary.bytes_up_per_device();
  const double clear = 4 * static_cast<double>(info.parameters);
  out += tile("Up a device and round", text_of_bytes(static_cast<std::uint64_t>(std::llround(up))),
              clear > 0 ? text_of_number(100 * up / clear, 0) + " % of float32 in clear" : "");
  return out + "</section>\n";
}

std::string rounds_table(std::span<const RoundResult> results) {
  if (results.empty()) return {};
  const std::size_t count = std::min(results.size(), kTableRounds);
  std::string out =
      "<h2>" + std::string(count < results.size() ? "The last rounds" : "Rounds") +
      "</h2><div class=\"card scroll\"><table><tr><th>round</th><th>test accuracy</th>"
      "<th>test loss</th><th>accuracy</th><th>loss</th><th>train loss</th><th>in the sum</th>"
      "<th>up</th><th>time</th><th>version</th><th>model</th></tr>";
  for (std::size_t i = 0; i < count; ++i) out += row_of(results[results.size() - 1 - i]);
  return out + "</table></div>\n";
}

std::string task_file_section(const std::string& text) {
  return "<details class=\"card\"><summary>The task file, as it was run</summary><pre>" + [&] {
    std::string lines;
    std::size_t at = 0;
    while (at < text.size()) {
      const std::size_t end = std::min(text.find('\n', at), text.size());
      lines += escaped(text.substr(at, end - at)) + "\n";
      at = end + 1;
    }
    return lines;
  }() + "</pre></details>\n";
}

}  // namespace covey::simulation
