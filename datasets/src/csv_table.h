#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "covey/datasets/examples.h"
#include "datasets/src/csv_schema.h"

namespace covey::datasets {

// The values of the natural key, numbered in the order in which they are met.
struct CsvKeys {
  std::map<std::string, std::int32_t, std::less<>> index_of;
  std::vector<std::string> values;
};

struct CsvTable {
  Examples examples;               // NaN where a mean is to be filled in
  std::vector<std::int32_t> keys;  // of each example; empty: no column is one
};

// Reads a CSV file, gzipped or not, whose first record names the schema's columns in any order.
// kNotFound, or kInvalidArgument that names line and column and what may stand there; never what
// does, which may be somebody's.
Result<CsvTable> read_csv(const std::filesystem::path& path, const CsvSchema& schema,
                          CsvKeys& keys);

}  // namespace covey::datasets
