#pragma once

#include <map>
#include <string>
#include <string_view>

#include "covey/base/result.h"

namespace covey::settings {

// What a TOML file says, whatever it is about: every value by its path ("train.learning_rate"), as
// TOML writes it; lists and texts are values. kInvalidArgument with line and column when it is no
// TOML.
Result<std::map<std::string, std::string>> toml_values(std::string_view text);

}  // namespace covey::settings
