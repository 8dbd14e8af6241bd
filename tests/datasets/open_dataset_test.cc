#include <cstdlib>
#include <set>

#include "covey/datasets/federated_dataset.h"
#include "datasets/idx_writer.h"
#include "support/catch.h"

namespace covey::datasets {
namespace {

std::string refusal(const DataSettings& settings) {
  const auto dataset = open_dataset(settings, "");
  REQUIRE_FALSE(dataset.has_value());
  return dataset.error().message;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != text.npos; }

DataSettings drawn_digits(const std::string& partition = "") {
  DataSettings settings;
  settings.partition = partition;
  settings.devices = 5;
  settings.examples = 20;
  settings.test_examples = 30;
  return settings;
}

// Each row of each device once.
std::multiset<std::vector<float>> all_features(const FederatedDataset& dataset) {
  std::multiset<std::vector<float>> all;
  for (std::size_t device = 0; device < dataset.devices(); ++device) {
    const DeviceData data = dataset.device(device).value();
    for (const Rows* rows : {&data.train, &data.held_out}) {
      for (const std::int64_t row : rows->rows) {
        const auto wide = static_cast<std::ptrdiff_t>(rows->table->width());
        const auto begin = rows->table->features.begin() + row * wide;
        all.emplace(begin, begin + wide);
      }
    }
  }
  return all;
}

}  // namespace

TEST_CASE("drawn digits open without a file, and each device has its own", "[datasets]") {
  const auto dataset = open_dataset(drawn_digits(), "").value();
  CHECK(dataset->description() == "handwriting, 5 devices, 4 writers each");
  CHECK(dataset->devices() == 5);
  CHECK(dataset->shape() == std::vector<std::uint64_t>{1, 28, 28});
  CHECK(dataset->outputs() == 10);
  CHECK(dataset->is_classification());
  CHECK(dataset->test().size() == 30);
  const auto all = all_features(*dataset);
  CHECK(all.size() == 100);
  CHECK(std::set(all.begin(), all.end()).size() == 100);
  for (const auto& [features, other] : {std::pair(dataset->device(3), dataset->device(3))}) {
    CHECK(features->train.copied().features == other->train.copied().features);
  }
}

TEST_CASE("the other partitions divide the same drawn digits", "[datasets]") {
  const auto natural = all_features(*open_dataset(drawn_digits("natural"), "").value());
  for (const char* partition : {"iid", "shards", "dirichlet", "quantity"}) {
    const auto dataset = open_dataset(drawn_digits(partition), "").value();
    CHECK(all_features(*dataset) == natural);
    CHECK(dataset->test().size() == 30);
  }
  DataSettings many = drawn_digits("iid");
  many.devices = 10'001;
  CHECK(has(refusal(many), "at most 200,000; found 10001 devices with 20 examples"));
  many.partition = "";
  CHECK(open_dataset(many, "").value()->devices() == 10'001);
}

TEST_CASE("a part of each device's examples is held out, and only so many are used", "[datasets]") {
  for (const char* partition : {"natural", "iid"}) {
    DataSettings settings = drawn_digits(partition);
    settings.held_out = 0.25;
    const auto dataset = open_dataset(settings, "").value();
    CHECK(dataset->examples_of(2) == 15);
    const DeviceData data = dataset->device(2).value();
    CHECK(data.train.size() == 15);
    CHECK(data.held_out.size() == 5);
    std::set<std::int64_t> rows(data.train.rows.begin(), data.train.rows.end());
    rows.insert(data.held_out.rows.begin(), data.held_out.rows.end());
    CHECK(rows.size() == 20);
    settings.seed = 2;
    CHECK(open_dataset(settings, "").value()->device(2)->train.copied().features !=
          data.train.copied().features);
  }
}

TEST_CASE("a device that needs no test set gets none, and the same examples", "[datasets]") {
  DataSettings settings = drawn_digits();
  const auto with = open_dataset(settings, "").value();
  settings.has_test = false;
  const auto without = open_dataset(settings, "").value();
  CHECK(without->test().size() == 0);
  CHECK(all_features(*without) == all_features(*with));
  CHECK(without->schema() == with->schema());
}

TEST_CASE("settings that cannot be are refused by name", "[datasets]") {
  DataSettings settings;
  settings.dataset = "mnits";
  CHECK(has(refusal(settings), "dataset 'mnits' is not known; did you mean 'mnist'?"));
  settings = {};
  settings.partition = "by-the-moon";
  CHECK(has(refusal(settings), "legal: natural iid shards dirichlet quantity"));
  settings = {};
  settings.held_out = 0.95;
  CHECK(has(refusal(settings), "held_out is 0 to 0.9, not 0.95"));
  settings = {};
  settings.devices = 0;
  CHECK(has(refusal(settings), "devices is 1 to"));
  settings = {};
  settings.shards = 0;
  CHECK(has(refusal(settings), "shards is 1 to"));
  settings = {};
  settings.partition = "dirichlet";
  settings.alpha = 0;
  CHECK(has(refusal(settings), "alpha is 0.001 to"));
  settings = {};
  settings.dataset = "csv";
  CHECK(has(refusal(settings), "csv_schema is not set"));
}

TEST_CASE("data that is not there is said with its path and what to set", "[datasets]") {
  for (const char* name : {"mnist", "idx", "cifar10", "text", "turbofan", "csv"}) {
    const testing::TemporaryFolder folder;
    testing::write_file(folder.path() / "schema.toml",
                        view_of("[schema]\nname = \"a\"\nversion = 1\n"
                                "[[column]]\nname = \"x\"\nkind = \"number\"\nmin = 0\nmax = 1\n"
                                "[[column]]\nname = \"y\"\nkind = \"target\"\nmin = 0\nmax = 1\n"));
    DataSettings settings;
    settings.dataset = name;
    settings.path = "nowhere";
    settings.csv_schema = "schema.toml";
    const auto dataset = open_dataset(settings, folder.path().string());
    REQUIRE_FALSE(dataset.has_value());
    CHECK(dataset.error().code == ErrorCode::kNotFound);
    CHECK(has(dataset.error().message, (folder.path() / "nowhere").string()));
    CHECK(has(dataset.error().message, "COVEY_DATA_DIR"));
  }
}

TEST_CASE("every name of the catalogues can be asked for", "[datasets]") {
  for (const CatalogueEntry& entry : dataset_catalogue()) {
    CHECK_FALSE(entry.summary.empty());
    DataSettings settings;
    settings.dataset = entry.name;
    settings.path = "/nowhere/at/all";
    settings.csv_schema = "/nowhere/schema.toml";
    const auto dataset = open_dataset(settings, "");
    CHECK((dataset.has_value() || dataset.error().code == ErrorCode::kNotFound));
  }
  for (const CatalogueEntry& entry : partition_catalogue()) {
    CHECK_FALSE(entry.summary.empty());
    CHECK(open_dataset(drawn_digits(std::string(entry.name)), "").has_value());
  }
}

}  // namespace covey::datasets
