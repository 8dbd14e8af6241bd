#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "simulation/output/run_folder.h"
#include "simulation/output/run_summary.h"

namespace covey::simulation {

// Runs beside one another: what sets them apart, and what came of it.
struct Comparison {
  struct Row {
    std::string path;
    std::string name;                   // short: the folder's own
    std::vector<std::string> settings;  // of the names below; "–": the default
    RunSummary summary;
    bool is_best = false;
  };
  std::vector<std::string> names;  // of the settings in which they differ: "train.learning_rate"
  std::vector<Row> rows;
};

// The settings in which task files differ. Those that cannot change a model's bits are no
// difference: workers and what is kept.
std::vector<std::string> differing_settings(const std::vector<std::string>& task_texts);

// The best row is that of the best headline, where all have the same.
Comparison compare(std::span<const RunRecord> runs);

std::vector<std::string> table_columns(const Comparison& comparison);
std::vector<std::string> table_cells(const Comparison::Row& row);
std::string json_of(const Comparison& comparison);  // an array, indented

// One HTML file: the table, and the runs' curves over one another.
std::string comparison_report(const std::string& title, std::span<const RunRecord> runs);

}  // namespace covey::simulation
