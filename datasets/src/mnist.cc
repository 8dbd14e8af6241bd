#include "covey/datasets/mnist.h"

#include <algorithm>
#include <string>

#include "covey/datasets/idx.h"
#include "datasets/src/gz_file.h"
#include "datasets/src/idx_images.h"

namespace covey::datasets {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kSide = 28;
constexpr std::int64_t kClasses = 10;
constexpr std::uint64_t kExtendedColumns = 8;  // class, series, writer, digit, …
constexpr std::size_t kWriterColumn = 2;

Error misfit(const fs::path& path, const std::string& why) {
  return invalid_argument("'" + path.string() + "': " + why);
}

Result<Examples> read_digits(const fs::path& images, const fs::path& labels) {
  COVEY_ASSIGN_OR_RETURN(Examples examples, read_idx_images(images, labels));
  if (examples.shape != std::vector<std::uint64_t>{1, kSide, kSide}) {
    return misfit(images, "expected images of 28 x 28 pixels, found " +
                              std::to_string(examples.shape[1]) + " x " +
                              std::to_string(examples.shape[2]));
  }
  if (std::ranges::any_of(examples.labels, [](std::int64_t label) { return label >= kClasses; })) {
    return misfit(labels, "expected labels from 0 to 9, found a larger one");
  }
  examples.classes = kClasses;
  return examples;
}

// The first rows belong to MNIST's digits; QMNIST's test part goes on behind them.
Result<std::vector<std::int32_t>> read_writers(const fs::path& path, const Examples& digits) {
  COVEY_ASSIGN_OR_RETURN(const IdxArray table, read_idx(path, IdxArray::Type::kI32, 2));
  if (table.shape[1] != kExtendedColumns || table.shape[0] < digits.size()) {
    return misfit(path, "expected at least " + std::to_string(digits.size()) +
                            " rows of 8 columns, found " + std::to_string(table.shape[0]) +
                            " rows of " + std::to_string(table.shape[1]));
  }
  std::vector<std::int32_t> writers;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (table.i32(i * kExtendedColumns) != digits.labels[i]) {
      return misfit(path, "row " + std::to_string(i) + " has another class than the digit");
    }
    writers.push_back(table.i32(i * kExtendedColumns + kWriterColumn));
  }
  return writers;
}

}  // namespace

Result<Digits> read_mnist(const fs::path& folder, MnistPart part) {
  const bool is_train = part == MnistPart::kTrain;
  const std::string prefix = is_train ? "train" : "t10k";
  Digits digits;
  COVEY_ASSIGN_OR_RETURN(digits.examples,
                         read_digits(plain_or_gzipped(folder, prefix + "-images-idx3-ubyte"),
                                     plain_or_gzipped(folder, prefix + "-labels-idx1-ubyte")));
  const fs::path extended = plain_or_gzipped(
      folder, is_train ? "qmnist-train-labels-idx2-int" : "qmnist-test-labels-idx2-int");
  std::error_code ignored;
  if (fs::exists(extended, ignored)) {
    COVEY_ASSIGN_OR_RETURN(digits.writers, read_writers(extended, digits.examples));
  }
  return digits;
}

}  // namespace covey::datasets
