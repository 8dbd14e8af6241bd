#pragma once

#include <string>
#include <vector>

#include "covey/coordinator/records.h"

namespace covey::cli {

// One self-contained SVG: accuracy above, loss below, by round. Rounds that made no model are left
// out, and so is a panel that has no values.
std::string curves_svg(const std::string& title,
                       const std::vector<coordinator::RoundRecord>& rounds);

}  // namespace covey::cli
