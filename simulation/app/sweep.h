#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "covey/base/result.h"
#include "covey/simulation/settings.h"

namespace covey::simulation {

// One setting of a sweep, and what it is to be: "train.learning_rate=0.01,0.1".
struct GridAxis {
  std::string setting;
  std::vector<std::string> values;
  bool operator==(const GridAxis&) const = default;
};

// Commas within brackets and quotes divide nothing. kInvalidArgument when it is not that.
Result<GridAxis> parse_axis(std::string_view text);

struct Combination {
  std::string name;  // of its folder: "learning_rate=0.1,seed=2"
  Overrides overrides;
};

// Every value of each with every value of the others, the last axis fastest; names are all
// different. kInvalidArgument for a setting or a value that is there twice.
Result<std::vector<Combination>> combinations_of(const std::vector<GridAxis>& axes);

}  // namespace covey::simulation
