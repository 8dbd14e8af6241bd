#pragma once

#include "cli/command.h"

namespace covey::cli {

int watch_rounds(const Invocation& invocation, Context& context);

}  // namespace covey::cli
