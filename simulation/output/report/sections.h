#pragma once

#include <span>
#include <string>

#include "covey/simulation/round_result.h"
#include "simulation/output/run_info.h"
#include "simulation/output/run_summary.h"

// Pieces of a run's report, as HTML.
namespace covey::simulation {

std::string tile(const std::string& title, const std::string& value, const std::string& note);

std::string header_section(const RunInfo& info);
std::string key_figures(const RunInfo& info, const RunSummary& summary);
std::string partition_section(const PartitionPicture& picture);
std::string rounds_table(std::span<const RoundResult> results);  // the last ones, newest first
std::string task_file_section(const std::string& text);

}  // namespace covey::simulation
