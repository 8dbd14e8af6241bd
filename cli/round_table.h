#pragma once

#include <string>

#include "covey/coordinator/records.h"

namespace covey::cli {

// Rounds as lines that are printed one by one, while others are still to come: the widths are
// fixed.
std::string round_titles();
std::string round_line(const coordinator::RoundRecord& round);  // one that has ended

}  // namespace covey::cli
