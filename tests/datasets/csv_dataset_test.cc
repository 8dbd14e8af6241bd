#include <algorithm>
#include <cmath>

#include "covey/datasets/federated_dataset.h"
#include "datasets/idx_writer.h"
#include "support/catch.h"

namespace covey::datasets {
namespace {

using testing::TemporaryFolder;

constexpr const char* kSchema = R"([schema]
name = "pump"
version = 1
[[column]]
name = "heat"
kind = "number"
min = 0
max = 10
missing = "mean"
[[column]]
name = "site"
kind = "category"
values = ["n", "s"]
missing = "value"
fill = "s"
[[column]]
name = "life"
kind = "target"
min = 0
max = 100
missing = "drop-row"
[[column]]
name = "device"
kind = "natural-key"
)";

struct Csv {
  TemporaryFolder folder;
  std::string name = "data.csv";
  DataSettings settings;

  explicit Csv(const std::string& text, const std::string& schema = kSchema) {
    testing::write_file(folder.path() / "schema.toml", view_of(schema));
    testing::write_file(folder.path() / name, view_of(text));
    settings.dataset = "csv";
    settings.path = name;
    settings.csv_schema = "schema.toml";
    settings.devices = 0;
    settings.has_test = false;
  }
  auto open() { return open_dataset(settings, folder.path().string()); }
};

const std::string kRows = "life,heat,site,device\n50,5,n,b\n0,,s,a\n100,10,,b\n,1,n,a\n";

}  // namespace

TEST_CASE("a table's numbers are scaled, its categories spread and its gaps filled", "[datasets]") {
  Csv csv(kRows);
  const auto dataset = csv.open().value();
  CHECK(dataset->description() == "csv pump, 2 devices, one device each");
  CHECK(dataset->shape() == std::vector<std::uint64_t>{3});
  CHECK_FALSE(dataset->is_classification());
  CHECK(dataset->outputs() == 1);
  CHECK(dataset->device_name(0) == "device b");
  CHECK(dataset->device_name(1) == "device a");
  const auto b = dataset->device(0)->train;
  REQUIRE(b.size() == 2);
  const Examples& table = *b.table;
  CHECK(table.features == std::vector<float>{0.5f, 1, 0, 0.75f, 0, 1, 1, 0, 1});
  CHECK(table.targets == std::vector<float>{0.5f, 0, 1});
  CHECK(dataset->device(1)->train.rows == std::vector<std::int64_t>{1});
}

TEST_CASE("a gzipped table is read as the plain one", "[datasets]") {
  Csv csv(kRows);
  const auto plain = csv.open().value();
  testing::write_gzipped(csv.folder.path() / "packed.csv.gz", view_of(kRows));
  csv.settings.path = "packed.csv.gz";
  const auto packed = csv.open().value();
  CHECK(packed->device(0)->train.table->features == plain->device(0)->train.table->features);
  CHECK(packed->schema() == plain->schema());
}

TEST_CASE("what a table may not hold is refused with line and column, and is not repeated",
          "[datasets]") {
  const auto check = [](const std::string& text, const std::string& why) {
    Csv csv(text);
    const auto dataset = csv.open();
    REQUIRE_FALSE(dataset.has_value());
    INFO(dataset.error().message);
    CHECK(dataset.error().code == ErrorCode::kInvalidArgument);
    CHECK(dataset.error().message.find(why) != std::string::npos);
    CHECK(dataset.error().message.find("10.5") == std::string::npos);
  };
  const std::string head = "life,heat,site,device\n";
  check(head + "1,1,n,a\n1,10.5,n,a\n",
        "line 3: column 'heat': expected a number from 0 to 10, found one outside");
  check(head + "1,10.5x,n,a\n", "line 2: column 'heat': expected a number from 0 to 10, found som");
  check(head + "1,nan,n,a\n", "found something else");
  check(head + "1,1,w,a\n", "column 'site': expected one of the schema's 2 values");
  check(head + "1,1,n,\n", "column 'device': expected a value, found none");
  check(head + "1,1,n\n", "line 2: expected 4 fields, found 3");
  check(head, "found no row");
  check("", "found no row");
  check("life,heat,site\n1,1,n\n", "line 1: column 'device' of the schema is not in");
  check("life,heat,site,device,more\n1,1,n,a,2\n", "line 1: expected the schema's 4 columns");
  check(head + "1,,n,a\n", "column 'heat' is empty in all rows");
  check(head + "1,\"1,n,a\n", "line 2: a quote is never closed");
}

TEST_CASE("a tenth of a single file is the test set, and the mean is that of the rest",
          "[datasets]") {
  std::string text = "life,heat,site,device\n";
  for (int i = 0; i < 100; ++i) {
    text += std::to_string(i) + "," + (i % 5 == 0 ? "" : std::to_string(i % 10)) + ",n,d\n";
  }
  Csv csv(text);
  csv.settings.has_test = true;
  const auto dataset = csv.open().value();
  CHECK(dataset->test().size() == 10);
  const Rows train = dataset->device(0)->train;
  REQUIRE(train.size() == 90);
  std::vector<float> targets = train.table->targets;
  const Examples& test = *dataset->test().table;
  targets.insert(targets.end(), test.targets.begin(), test.targets.end());
  std::ranges::sort(targets);
  for (int i = 0; i < 100; ++i) {
    CHECK(targets[static_cast<std::size_t>(i)] == static_cast<float>(i / 100.0));
  }
  double sum = 0;
  std::size_t count = 0;
  const auto is_gap = [](float target) { return std::lround(target * 100) % 5 == 0; };
  for (std::size_t i = 0; i < 90; ++i) {
    if (is_gap(train.table->targets[i])) continue;
    sum += static_cast<double>(train.table->features[3 * i]);
    ++count;
  }
  const Examples train_table = *train.table;
  for (const Examples* part : {&train_table, &test}) {
    for (std::size_t i = 0; i < part->size(); ++i) {
      if (!is_gap(part->targets[i])) continue;
      CHECK(part->features[3 * i] == Approx(sum / static_cast<double>(count)));
    }
  }
}

TEST_CASE("the training rows of a single file do not depend on whether its test set is wanted",
          "[datasets]") {
  std::string text = "life,heat,site,device\n";
  for (int i = 0; i < 40; ++i) {
    text += std::to_string(i) + "," + (i % 3 == 0 ? "" : std::to_string(i % 10)) + ",n,d\n";
  }
  Csv csv(text);
  const auto device = csv.open().value();
  csv.settings.has_test = true;
  const auto simulation = csv.open().value();
  CHECK(device->test().size() == 0);
  CHECK(simulation->test().size() == 4);
  const Examples& with = *simulation->device(0)->train.table;
  const Examples& without = *device->device(0)->train.table;
  CHECK(without.size() == 36);
  CHECK(without.features == with.features);
  CHECK(without.targets == with.targets);
}

TEST_CASE("a number that no float holds is refused with its line", "[datasets]") {
  const std::string schema =
      "[schema]\nname = \"c\"\nversion = 1\n"
      "[[column]]\nname = \"x\"\nkind = \"number\"\nmean = 0\ndeviation = 1e-9\n"
      "missing = \"value\"\nfill = FILL\n"
      "[[column]]\nname = \"y\"\nkind = \"target\"\nmean = 0\ndeviation = 1e-3\n";
  const auto refusal = [&](const std::string& text, const std::string& fill) {
    std::string filled = schema;
    filled.replace(filled.find("FILL"), 4, fill);
    Csv csv(text, filled);
    csv.settings.devices = 1;
    const auto dataset = csv.open();
    return dataset ? std::string("none") : dataset.error().message;
  };
  const auto has = [](const std::string& message, const char* part) {
    INFO(message);
    CHECK(message.find(part) != std::string::npos);
  };
  CHECK(refusal("x,y\n1e29,1e35\n,1\n", "1.0") == "none");
  has(refusal("x,y\n1,1\n-1e30,1\n", "1.0"), "line 3: column 'x': expected a number that, scaled");
  has(refusal("x,y\n1,1e36\n", "1.0"), "line 2: column 'y': expected a number that, scaled");
  has(refusal("x,y\n1,1\n,1\n", "1e30"), "line 3: column 'x': fill in the schema, scaled");
}

TEST_CASE("a folder has the test set in a file of its own", "[datasets]") {
  Csv csv("");
  testing::write_file(csv.folder.path() / "train.csv", view_of(kRows));
  testing::write_gzipped(csv.folder.path() / "test.csv.gz",
                         view_of("heat,site,life,device\n,n,10,new\n"));
  csv.settings.path = ".";
  csv.settings.has_test = true;
  const auto dataset = csv.open().value();
  CHECK(dataset->devices() == 2);
  REQUIRE(dataset->test().size() == 1);
  CHECK(dataset->test().table->features == std::vector<float>{0.75f, 1, 0});
}

TEST_CASE("classes of a table are numbered as the schema lists them", "[datasets]") {
  Csv csv("x,y\n1,red\n2,blue\n2,blue\n",
          "[schema]\nname = \"c\"\nversion = 1\n"
          "[[column]]\nname = \"x\"\nkind = \"number\"\nmean = 1\ndeviation = 2\n"
          "[[column]]\nname = \"y\"\nkind = \"target\"\nvalues = [\"blue\", \"red\"]\n");
  csv.settings.devices = 1;
  const auto dataset = csv.open().value();
  CHECK(dataset->is_classification());
  CHECK(dataset->outputs() == 2);
  CHECK(dataset->device(0)->train.table->labels == std::vector<std::int64_t>{1, 0, 0});
  CHECK(dataset->device(0)->train.table->features == std::vector<float>{0, 0.5f, 0.5f});
  csv.settings.partition = "natural";
  CHECK_FALSE(csv.open().has_value());
}

}  // namespace covey::datasets
