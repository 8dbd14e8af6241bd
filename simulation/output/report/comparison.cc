#include "simulation/output/report/comparison.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "covey/settings/toml_values.h"
#include "covey/shell/numbers.h"

namespace covey::simulation {
namespace {

using Settings = std::map<std::string, std::string>;

constexpr std::array kNoDifference = {"simulation.workers", "simulation.keep_models",
                                      "task.description"};

std::string plain(const std::string& toml) {
  const bool is_text = toml.size() >= 2 && (toml.front() == '\'' || toml.front() == '"');
  return is_text ? toml.substr(1, toml.size() - 2) : toml;
}

std::string setting_of(const Settings& settings, const std::string& name) {
  const auto found = settings.find(name);
  return found == settings.end() ? "–" : plain(found->second);
}

std::vector<std::string> differing(const std::vector<Settings>& all) {
  std::set<std::string> names;
  for (const Settings& settings : all) {
    for (const auto& setting : settings) names.insert(setting.first);
  }
  for (const char* name : kNoDifference) names.erase(name);
  std::vector<std::string> out;
  for (const std::string& name : names) {
    const bool differs = std::ranges::any_of(all, [&](const Settings& settings) {
      return setting_of(settings, name) != setting_of(all.front(), name);
    });
    if (differs) out.push_back(name);
  }
  return out;
}

Settings settings_of(const std::string& task_text) {
  const auto values = settings::toml_values(task_text);
  return values ? *values : Settings();
}

std::string short_name(const std::string& path) {
  const std::filesystem::path place = std::filesystem::path(path).lexically_normal();
  const std::string name = (place.has_filename() ? place : place.parent_path()).filename().string();
  return name.empty() || name == "." ? path : name;
}

void mark_best(Comparison& comparison) {
  Comparison::Row* best = nullptr;
  for (Comparison::Row& row : comparison.rows) {
    if (row.summary.headline != comparison.rows.front().summary.headline) return;
    if (!row.summary.best) continue;
    const double value = row.summary.best->value;
    if (best == nullptr || (falls(row.summary.headline) ? value < best->summary.best->value
                                                        : value > best->summary.best->value)) {
      best = &row;
    }
  }
  if (best != nullptr && comparison.rows.size() > 1) best->is_best = true;
}

std::string text_of(const RunSummary& summary, const std::optional<Mark>& mark) {
  return mark ? text_of_value(summary.headline, mark->value) : "–";
}

nlohmann::ordered_json json_of_mark(const std::optional<Mark>& mark) {
  if (!mark) return nullptr;
  return {{"round", mark->round}, {"version", mark->version}, {"value", mark->value}};
}

}  // namespace

std::vector<std::string> differing_settings(const std::vector<std::string>& task_texts) {
  std::vector<Settings> all;
  for (const std::string& text : task_texts) all.push_back(settings_of(text));
  return all.empty() ? std::vector<std::string>() : differing(all);
}

Comparison compare(std::span<const RunRecord> runs) {
  Comparison comparison;
  std::vector<Settings> all;
  for (const RunRecord& run : runs) all.push_back(settings_of(run.task_text));
  if (!all.empty()) comparison.names = differing(all);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    Comparison::Row row{runs[i].path, short_name(runs[i].path), {}, {}, false};
    for (const std::string& name : comparison.names) {
      row.settings.push_back(setting_of(all[i], name));
    }
    row.summary = summary_of(runs[i].info, runs[i].results);
    comparison.rows.push_back(std::move(row));
  }
  if (!comparison.rows.empty()) mark_best(comparison);
  return comparison;
}

std::vector<std::string> table_columns(const Comparison& comparison) {
  std::vector<std::string> columns = {"run"};
  for (const std::string& name : comparison.names) {
    columns.push_back(name.substr(name.rfind('.') + 1));
  }
  const std::string headline =
      comparison.rows.empty() ? "" : label_of(comparison.rows.front().summary.headline);
  for (const char* name : {"best", "at round", "last", "rounds", "to target", "up", "seconds"}) {
    columns.emplace_back(name);
  }
  if (!headline.empty()) columns[columns.size() - 7] = "best " + headline;
  return columns;
}

std::vector<std::string> table_cells(const Comparison::Row& row) {
  const RunSummary& summary = row.summary;
  std::vector<std::string> cells = {row.name};
  cells.insert(cells.end(), row.settings.begin(), row.settings.end());
  cells.push_back(text_of(summary, summary.best));
  cells.push_back(summary.best ? std::to_string(summary.best->round) : "–");
  cells.push_back(text_of(summary, summary.last));
  cells.push_back(std::to_string(summary.completed));
  cells.push_back(summary.rounds_to_target ? std::to_string(*summary.rounds_to_target) : "–");
  cells.push_back(shell::text_of_bytes(summary.bytes_up));
  cells.push_back(shell::text_of_number(summary.seconds, 1));
  return cells;
}

std::string json_of(const Comparison& comparison) {
  using Json = nlohmann::ordered_json;
  Json out = Json::array();
  for (const Comparison::Row& row : comparison.rows) {
    Json settings = Json::object();
    for (std::size_t i = 0; i < row.settings.size(); ++i) {
      settings[comparison.names[i]] = row.settings[i] == "–" ? Json() : Json(row.settings[i]);
    }
    const RunSummary& summary = row.summary;
    out.push_back(
        {{"folder", row.path},
         {"settings", std::move(settings)},
         {"metric", summary.headline.empty() ? Json() : Json(summary.headline)},
         {"best", json_of_mark(summary.best)},
         {"last", json_of_mark(summary.last)},
         {"rounds", summary.rounds},
         {"completed", summary.completed},
         {"rounds_to_target", summary.rounds_to_target ? Json(*summary.rounds_to_target) : Json()},
         {"bytes_up", summary.bytes_up},
         {"bytes_down", summary.bytes_down},
         {"seconds", summary.seconds},
         {"virtual_ms", summary.virtual_time.count()},
         {"is_best", row.is_best}});
  }
  return out.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace covey::simulation
