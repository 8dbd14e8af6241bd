#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "covey/simulation/round_result.h"
#include "simulation/output/charts/chart.h"
#include "simulation/output/run_info.h"
#include "simulation/output/run_summary.h"

namespace covey::simulation {

// A named value, by round.
std::vector<Point> points_of(std::span<const RoundResult> results, std::string_view value);

// Parts of each round, or of stretches of rounds where there are many, as a stacked chart's
// columns: their means.
using PartsOf = std::vector<double> (*)(const RoundResult& result);
std::vector<StackedChart::Column> columns_of(std::span<const RoundResult> results, PartsOf parts);

// How the run went, as HTML: accuracy, loss, participation, clipping, bytes, time, learning rates.
std::string run_charts(const RunInfo& info, const RunSummary& summary,
                       std::span<const RoundResult> results);

}  // namespace covey::simulation
