#include "simulation/output/run_summary.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "covey/shell/numbers.h"

namespace covey::simulation {
namespace {

constexpr std::array kHeadlines = {"test_accuracy", "accuracy", "test_loss",
                                   "loss",          "rmse",     "train_loss"};

bool is_share(std::string_view name) { return name.ends_with("accuracy"); }

std::string headline_of(std::span<const RoundResult> results) {
  for (const char* name : kHeadlines) {
    if (std::ranges::any_of(results, [&](const auto& r) { return value_of(r, name).has_value(); }))
      return name;
  }
  return {};
}

bool is_better(std::string_view name, double value, double than) {
  return falls(name) ? value < than : value > than;
}

}  // namespace

std::optional<double> value_of(const RoundResult& result, std::string_view name) {
  std::optional<double> value;
  if (!result.is_completed) return value;
  if (name == "test_loss") {
    if (result.test) value = result.test->loss;
  } else if (name == "test_accuracy") {
    if (result.test) value = result.test->accuracy;
  } else if (const auto found = result.metrics.find(std::string(name));
             found != result.metrics.end()) {
    value = found->second;
  }
  if (value && !std::isfinite(*value)) value.reset();
  return value;
}

std::string label_of(std::string_view name) {
  std::string label(name);
  std::ranges::replace(label, '_', ' ');
  return label;
}

std::string text_of_value(std::string_view name, double value) {
  return is_share(name) ? shell::text_of_number(100 * value, 2) + " %"
                        : shell::text_of_number(value, 4);
}

double RunSummary::updates_per_second() const {
  return seconds > 0 ? static_cast<double>(updates) / seconds : 0;
}

double RunSummary::bytes_up_per_device() const {
  return assigned > 0 ? static_cast<double>(bytes_up) / static_cast<double>(assigned) : 0;
}

RunSummary summary_of(const RunInfo& info, std::span<const RoundResult> results) {
  RunSummary summary;
  summary.headline = headline_of(results);
  for (const RoundResult& result : results) {
    ++summary.rounds;
    summary.completed += result.is_completed ? 1 : 0;
    summary.assigned += result.assigned;
    summary.updates += result.survivors;
    summary.bytes_up += result.bytes_up;
    summary.bytes_down += result.bytes_down;
    summary.seconds += result.seconds.total();
    summary.virtual_time += result.virtual_duration;
    if (const auto value = value_of(result, summary.headline)) {
      summary.last = Mark{result.round, result.version, *value};
      if (!summary.best || is_better(summary.headline, *value, summary.best->value)) {
        summary.best = summary.last;
      }
    }
    const auto target = value_of(result, info.target_metric);
    if (target && !summary.rounds_to_target &&
        (falls(info.target_metric) ? *target <= info.target_value : *target >= info.target_value)) {
      summary.rounds_to_target = result.round;
    }
  }
  return summary;
}

}  // namespace covey::simulation
