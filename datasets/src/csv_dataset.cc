#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "covey/datasets/draws.h"
#include "covey/settings/text_file.h"
#include "datasets/src/csv_table.h"
#include "datasets/src/gz_file.h"
#include "datasets/src/loaded_data.h"

namespace covey::datasets {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kTestShare = 10;  // one row in so many, where there is one file for all

Result<CsvSchema> read_schema(const fs::path& path) {
  COVEY_ASSIGN_OR_RETURN(
      const std::string text,
      settings::read_text_file("csv_schema", path.string(),
                               "it is the TOML file that describes the columns, see "
                               "datasets/README.md"));
  auto schema = parse_csv_schema(text);
  if (schema) return schema;
  return Error{schema.error().code, path.string() + ":" + schema.error().message};
}

// A tenth of the rows, drawn by `seed`, goes from `train` to the result.
CsvTable split_off_test(CsvTable& train, std::uint64_t seed) {
  std::vector<std::size_t> order(train.examples.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  Draws(mixed_seed(seed, 3)).shuffle(std::span(order));
  const auto [test_rows, train_rows] =
      std::pair(std::span(order).first(order.size() / kTestShare),
                std::span(order).subspan(order.size() / kTestShare));
  std::ranges::sort(test_rows);
  std::ranges::sort(train_rows);
  CsvTable test{train.examples.subset(test_rows), {}};
  CsvTable kept{train.examples.subset(train_rows), {}};
  if (!train.keys.empty()) {
    for (const std::size_t row : train_rows) kept.keys.push_back(train.keys[row]);
  }
  train = std::move(kept);
  return test;
}

// What is missing gets the mean of the training rows, in the test rows too.
Status fill_means(const CsvSchema& schema, CsvTable& train, CsvTable& test) {
  const std::size_t width = train.examples.width();
  std::size_t feature = 0;
  for (const CsvColumn& column : schema.columns) {
    const std::size_t at = feature;
    feature += column.features();
    if (column.missing != CsvColumn::Missing::kMean) continue;
    double sum = 0;
    std::size_t count = 0;
    for (std::size_t i = at; i < train.examples.features.size(); i += width) {
      const float value = train.examples.features[i];
      if (std::isnan(value)) continue;
      sum += static_cast<double>(value);
      ++count;
    }
    if (count == 0) {
      return invalid_argument("column '" + column.name + "' is empty in all rows: it has no mean");
    }
    const auto mean = static_cast<float>(sum / static_cast<double>(count));
    for (Examples* part : {&train.examples, &test.examples}) {
      for (std::size_t i = at; i < part->features.size(); i += width) {
        if (std::isnan(part->features[i])) part->features[i] = mean;
      }
    }
  }
  return {};
}

}  // namespace

// A folder has train.csv and test.csv; of a single file, a tenth is the test set.
Result<LoadedData> load_csv(const fs::path& path, const fs::path& schema_path,
                            const DataSettings& settings) {
  COVEY_ASSIGN_OR_RETURN(const CsvSchema schema, read_schema(schema_path));
  std::error_code ignored;
  const bool is_folder = fs::is_directory(path, ignored);
  CsvKeys keys;
  COVEY_ASSIGN_OR_RETURN(
      CsvTable train,
      read_csv(is_folder ? plain_or_gzipped(path, "train.csv") : path, schema, keys));
  LoadedData data;
  data.key_values = keys.values;
  CsvTable test;
  if (settings.has_test && is_folder) {
    COVEY_ASSIGN_OR_RETURN(test, read_csv(plain_or_gzipped(path, "test.csv"), schema, keys));
  } else if (!is_folder) {
    // Where nobody wants it, too: the training rows, and their means, are the same either way.
    test = split_off_test(train, settings.seed);
  }
  COVEY_RETURN_IF_ERROR(fill_means(schema, train, test));
  data.name = "csv " + schema.name;
  data.schema = schema.text();
  data.keys = std::move(train.keys);
  const auto key =
      std::ranges::find(schema.columns, CsvColumn::Kind::kNaturalKey, &CsvColumn::kind);
  if (key != schema.columns.end()) data.key_name = key->name;
  data.train = std::make_shared<const Examples>(std::move(train.examples));
  if (settings.has_test) data.test = Rows::all_of(std::move(test.examples));
  return data;
}

}  // namespace covey::datasets
