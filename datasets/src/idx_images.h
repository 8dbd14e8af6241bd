#pragma once

#include <filesystem>

#include "covey/base/result.h"
#include "covey/datasets/examples.h"

namespace covey::datasets {

// Images of bytes, to 0 … 1, and a label of one byte for each; `classes` is 256, which the caller
// narrows down. Errors as `read_idx`, or kInvalidArgument when there are not as many of both.
Result<Examples> read_idx_images(const std::filesystem::path& images_path,
                                 const std::filesystem::path& labels_path);

}  // namespace covey::datasets
