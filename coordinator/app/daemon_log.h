#pragma once

#include <functional>
#include <string>

#include "covey/base/result.h"
#include "covey/coordinator/federation.h"

namespace covey::coordinator {

// Where log lines go: standard error, one readable line a fact, or one JSON object a line.
// kInvalidArgument for another format or level.
Result<std::function<void(const LogLine&)>> make_log_sink(const std::string& format,
                                                          const std::string& level);

}  // namespace covey::coordinator
