#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "covey/base/result.h"
#include "covey/simulation/round_result.h"

// A round's result as a line for programs. What is not a finite number is null in JSON, which reads
// as NaN, and an empty cell in CSV.
namespace covey::simulation {

std::string json_line_of(const RoundResult& result);  // without the line's end
// kDataLoss when it is not that.
Result<RoundResult> result_from_json(std::string_view line);

// `metrics`: the columns of the devices' metrics, in that order.
std::string csv_header(const std::vector<std::string>& metrics);
std::string csv_line_of(const RoundResult& result, const std::vector<std::string>& metrics);

}  // namespace covey::simulation
