#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "covey/coordinator/task_file.h"

namespace covey::coordinator {

// What does not fit together in a task whose settings are each within their limits.
struct Breach {
  std::string key;  // "round.minimum": where the file is to be mended
  std::string message;
};

// `given`: the keys that the file sets, such as "aggregation.rotate"; the others are defaults.
std::optional<Breach> find_breach(const TaskSpec& spec, TaskFileUse use,
                                  const std::set<std::string>& given);
// A part of it: of training and merging.
std::optional<Breach> find_learning_breach(const TaskSpec& spec,
                                           const std::set<std::string>& given);

// The settings that the file leaves open and that follow from others.
void fill_defaults(TaskSpec& spec, const std::set<std::string>& given);

}  // namespace covey::coordinator
