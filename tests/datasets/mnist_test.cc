#include "covey/datasets/mnist.h"

#include <cstdlib>
#include <set>

#include "datasets/idx_writer.h"
#include "support/catch.h"

namespace covey::datasets {
namespace {

namespace fs = std::filesystem;
using testing::TemporaryFolder;

void write_digits(const fs::path& folder, std::uint32_t images, Bytes labels, std::uint32_t side) {
  Bytes pixels(std::size_t{images} * side * side, 0);
  if (!pixels.empty()) pixels.back() = 255;
  testing::write_gzipped(folder / "train-images-idx3-ubyte.gz",
                         testing::idx_bytes(0x0803, {images, side, side}, pixels));
  const auto count = static_cast<std::uint32_t>(labels.size());
  testing::write_file(folder / "train-labels-idx1-ubyte",
                      testing::idx_bytes(0x0801, {count}, labels));
}

// Rows of eight columns, of which three matter here.
void write_extended(const fs::path& folder, const std::vector<std::array<std::uint32_t, 3>>& rows) {
  Bytes table;
  for (const auto& row : rows) {
    for (const std::uint32_t column : row) testing::append_big_endian(table, column);
    for (int i = 0; i < 5; ++i) testing::append_big_endian(table, 99);
  }
  testing::write_gzipped(
      folder / "qmnist-train-labels-idx2-int.gz",
      testing::idx_bytes(0x0C02, {static_cast<std::uint32_t>(rows.size()), 8}, table));
}

Error refusal(const fs::path& folder) {
  const auto digits = read_mnist(folder, MnistPart::kTrain);
  REQUIRE_FALSE(digits.has_value());
  return digits.error();
}

}  // namespace

TEST_CASE("digits come with the writers that the extended labels name", "[datasets]") {
  const TemporaryFolder folder;
  write_digits(folder.path(), 2, {7, 3}, 28);
  auto digits = read_mnist(folder.path(), MnistPart::kTrain);
  REQUIRE(digits.has_value());
  CHECK(digits->writers.empty());
  CHECK(digits->examples.labels == std::vector<std::int64_t>{7, 3});
  CHECK(digits->examples.shape == std::vector<std::uint64_t>{1, 28, 28});
  REQUIRE(digits->examples.features.size() == 2 * 784);
  CHECK(digits->examples.features.front() == 0.0f);
  CHECK(digits->examples.features.back() == 1.0f);

  write_extended(folder.path(), {{7, 0, 41}, {3, 0, 42}, {5, 0, 43}});  // one row more
  digits = read_mnist(folder.path(), MnistPart::kTrain);
  REQUIRE(digits.has_value());
  CHECK(digits->writers == std::vector<std::int32_t>{41, 42});
}

TEST_CASE("files that do not fit one another are refused", "[datasets]") {
  const TemporaryFolder folder;
  CHECK(refusal(folder.path()).code == ErrorCode::kNotFound);
  write_digits(folder.path(), 2, {7}, 28);
  CHECK(refusal(folder.path()).code == ErrorCode::kInvalidArgument);
  write_digits(folder.path(), 1, {10}, 28);
  CHECK(refusal(folder.path()).code == ErrorCode::kInvalidArgument);
  write_digits(folder.path(), 1, {7}, 27);
  CHECK(refusal(folder.path()).message.find("27 x 27") != std::string::npos);

  write_digits(folder.path(), 2, {7, 3}, 28);
  write_extended(folder.path(), {{7, 0, 41}});
  CHECK(refusal(folder.path()).message.find("found 1 rows") != std::string::npos);
  write_extended(folder.path(), {{7, 0, 41}, {4, 0, 42}});
  CHECK(refusal(folder.path()).message.find("another class") != std::string::npos);
}

TEST_CASE("MNIST is read where COVEY_DATA_DIR has it", "[datasets]") {
  const char* const folder = std::getenv("COVEY_DATA_DIR");
  if (folder == nullptr) return;
  const auto train = read_mnist(fs::path(folder) / "mnist", MnistPart::kTrain);
  REQUIRE(train.has_value());
  CHECK(train->examples.size() == 60000);
  CHECK(std::set(train->writers.begin(), train->writers.end()).size() == 539);
  const auto test = read_mnist(fs::path(folder) / "mnist", MnistPart::kTest);
  REQUIRE(test.has_value());
  CHECK(test->examples.size() == 10000);
}

}  // namespace covey::datasets
