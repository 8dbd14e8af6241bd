#include <filesystem>
#include <set>

#include "covey/datasets/federated_dataset.h"
#include "datasets/idx_writer.h"
#include "support/catch.h"

namespace covey::datasets {
namespace {

using testing::TemporaryFolder;

// Images of 2 x 3 pixels that count up from `first`.
void write_part(const std::filesystem::path& folder, const std::string& prefix,
                const Bytes& labels) {
  const auto count = static_cast<std::uint32_t>(labels.size());
  Bytes pixels(labels.size() * 6);
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<std::uint8_t>(i);
  testing::write_gzipped(folder / (prefix + "-images-idx3-ubyte.gz"),
                         testing::idx_bytes(0x0803, {count, 2, 3}, pixels));
  testing::write_file(folder / (prefix + "-labels-idx1-ubyte"),
                      testing::idx_bytes(0x0801, {count}, labels));
}

DataSettings settings_of(const char* dataset, const std::filesystem::path& path) {
  DataSettings settings;
  settings.dataset = dataset;
  settings.path = path.string();
  settings.devices = 2;
  return settings;
}

std::vector<float> by_255(std::vector<float> values) {
  for (float& value : values) value /= 255;
  return values;
}

}  // namespace

TEST_CASE("IDX images under MNIST's names have the classes of their labels", "[datasets]") {
  const TemporaryFolder folder;
  write_part(folder.path(), "train", {0, 4, 2});
  write_part(folder.path(), "t10k", {1});
  const auto dataset = open_dataset(settings_of("idx", folder.path()), "").value();
  CHECK(dataset->outputs() == 5);
  CHECK(dataset->shape() == std::vector<std::uint64_t>{1, 2, 3});
  CHECK(dataset->test().table->labels == std::vector<std::int64_t>{1});
  CHECK(dataset->test().table->features == by_255({0, 1, 2, 3, 4, 5}));
}

TEST_CASE("a file's examples are limited for each device and for the test set", "[datasets]") {
  const TemporaryFolder folder;
  write_part(folder.path(), "train", Bytes(20, 1));
  write_part(folder.path(), "t10k", Bytes(9, 1));
  auto settings = settings_of("idx", folder.path());
  settings.examples = 4;
  settings.held_out = 0.5;
  settings.test_examples = 5;
  const auto dataset = open_dataset(settings, "").value();
  std::set<std::int64_t> rows;
  for (const std::size_t device : {std::size_t{0}, std::size_t{1}}) {
    CHECK(dataset->examples_of(device) == 2);
    const DeviceData data = dataset->device(device).value();
    CHECK(data.train.size() == 2);
    CHECK(data.held_out.size() == 2);
    rows.insert(data.train.rows.begin(), data.train.rows.end());
    rows.insert(data.held_out.rows.begin(), data.held_out.rows.end());
  }
  CHECK(rows.size() == 8);
  const Rows& test = dataset->test();
  CHECK(test.size() == 5);
  CHECK(std::set(test.rows.begin(), test.rows.end()).size() == 5);
}

TEST_CASE("EMNIST's images are stood up, and letters counted from 1 are counted from 0",
          "[datasets]") {
  const TemporaryFolder folder;
  for (const std::string set : {"emnist-letters", "emnist-digits"}) {
    write_part(folder.path(), set + "-train", set == "emnist-letters" ? Bytes{1, 3} : Bytes{0, 3});
    write_part(folder.path(), set + "-test", {2});
  }
  const auto both = open_dataset(settings_of("idx", folder.path()), "");
  REQUIRE_FALSE(both.has_value());
  CHECK(both.error().message.find("'emnist-digits-train") != std::string::npos);

  const auto letters =
      open_dataset(settings_of("idx", folder.path() / "emnist-letters"), "").value();
  CHECK(letters->outputs() == 3);
  CHECK(letters->shape() == std::vector<std::uint64_t>{1, 3, 2});
  CHECK(letters->test().table->labels == std::vector<std::int64_t>{1});
  CHECK(letters->test().table->features == by_255({0, 3, 1, 4, 2, 5}));
  const auto digits = open_dataset(settings_of("idx", folder.path() / "emnist-digits"), "").value();
  CHECK(digits->outputs() == 4);
  CHECK(digits->schema() != letters->schema());
}

TEST_CASE("a test image of a class that nobody trains is refused", "[datasets]") {
  const TemporaryFolder folder;
  write_part(folder.path(), "train", {0, 1});
  write_part(folder.path(), "t10k", {2});
  auto settings = settings_of("idx", folder.path());
  CHECK_FALSE(open_dataset(settings, "").has_value());
  settings.has_test = false;
  CHECK(open_dataset(settings, "").has_value());
}

TEST_CASE("MNIST without writers is divided evenly, with writers by them", "[datasets]") {
  const TemporaryFolder folder;
  const std::uint32_t count = 4;
  const auto write = [&folder](const std::string& prefix) {
    testing::write_file(folder.path() / (prefix + "-images-idx3-ubyte"),
                        testing::idx_bytes(0x0803, {count, 28, 28}, Bytes(count * 784)));
    testing::write_file(folder.path() / (prefix + "-labels-idx1-ubyte"),
                        testing::idx_bytes(0x0801, {count}, Bytes{0, 1, 2, 3}));
  };
  write("train");
  write("t10k");
  CHECK(open_dataset(settings_of("mnist", folder.path()), "").value()->description() ==
        "MNIST, 2 devices, evenly");
  Bytes table;
  for (std::uint32_t row = 0; row < count; ++row) {
    for (std::uint32_t column = 0; column < 8; ++column) {
      testing::append_big_endian(table, column == 0 ? row : column == 2 ? 40 + row / 3 : 0);
    }
  }
  testing::write_file(folder.path() / "qmnist-train-labels-idx2-int",
                      testing::idx_bytes(0x0C02, {count, 8}, table));
  const auto dataset = open_dataset(settings_of("mnist", folder.path()), "").value();
  CHECK(dataset->description() == "MNIST, 2 devices, one writer each");
  CHECK(dataset->device_name(1) == "writer 41");
  CHECK(dataset->examples_of(0) == 3);
}

TEST_CASE("CIFAR-10's records are read by channel and normalised", "[datasets]") {
  const TemporaryFolder folder;
  const auto inner = folder.path() / "cifar-10-batches-bin";
  std::filesystem::create_directory(inner);
  Bytes record(3073, 0);
  const auto write = [&inner, &record](const std::string& name, std::uint8_t label) {
    record[0] = label;
    testing::write_file(inner / name, record);
  };
  record[1 + 1024] = 255;  // the first green one
  for (std::uint8_t i = 1; i <= 5; ++i) write("data_batch_" + std::to_string(i) + ".bin", i);
  write("test_batch.bin", 9);
  const auto dataset = open_dataset(settings_of("cifar10", folder.path()), "").value();
  CHECK(dataset->outputs() == 10);
  const Examples& train = *dataset->device(0)->train.table;
  CHECK(train.labels == std::vector<std::int64_t>{1, 2, 3, 4, 5});
  CHECK(train.features[0] == Approx(-0.4914 / 0.2470));
  CHECK(train.features[1024] == Approx((1 - 0.4822) / 0.2435));
  CHECK(train.features[1025] == Approx(-0.4822 / 0.2435));
  CHECK(train.features[3071] == Approx(-0.4465 / 0.2616));
  CHECK(dataset->test().table->labels == std::vector<std::int64_t>{9});

  write("data_batch_3.bin", 10);
  CHECK_FALSE(open_dataset(settings_of("cifar10", folder.path()), "").has_value());
  record.pop_back();
  write("data_batch_3.bin", 3);
  CHECK_FALSE(open_dataset(settings_of("cifar10", folder.path()), "").has_value());
}

}  // namespace covey::datasets
