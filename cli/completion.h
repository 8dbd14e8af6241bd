#pragma once

#include <string>

namespace covey::cli {

std::string bash_completion();  // a script that bash sources

}  // namespace covey::cli
