#pragma once

#include "covey/coordinator/task_file.h"
#include "covey/settings/toml_document.h"

namespace covey::coordinator {

// [train], and [aggregation].
void read_train(settings::TomlDocument& document, TaskSpec& spec);
void read_aggregation(settings::TomlDocument& document, TaskSpec& spec);

}  // namespace covey::coordinator
