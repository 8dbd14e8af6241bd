#pragma once

#include <filesystem>

#include "covey/base/result.h"
#include "covey/datasets/examples.h"

namespace covey::datasets {

// Digits, and who wrote each; `writers` is empty when no file says so.
struct Digits {
  Examples examples;  // 1 x 28 x 28, 0 … 1, white on black
  std::vector<std::int32_t> writers;
};

enum class MnistPart { kTrain, kTest };

// Reads a part of MNIST out of a folder that holds it under its original names, gzipped
// ("train-images-idx3-ubyte.gz") or not. Writers come from QMNIST's extended labels
// ("qmnist-train-labels-idx2-int.gz", whose first rows describe MNIST's digits in their order) when
// they are beside it. Errors as `read_idx`, or kInvalidArgument when the files do not fit one
// another.
Result<Digits> read_mnist(const std::filesystem::path& folder, MnistPart part);

}  // namespace covey::datasets
