#pragma once

#include "cli/command.h"

namespace covey::cli {

int submit_task(const Invocation& invocation, Context& context);

}  // namespace covey::cli
