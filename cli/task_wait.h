#pragma once

#include "cli/command.h"

namespace covey::cli {

int wait_for_task(const Invocation& invocation, Context& context);

}  // namespace covey::cli
