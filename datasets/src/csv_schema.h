#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "covey/base/result.h"

namespace covey::datasets {

// A column of a CSV file, and what may stand in it. A number is scaled by `mean` and `deviation`
// where they are stated, and else from its range to [0, 1].
struct CsvColumn {
  enum class Kind : std::uint8_t { kNumber, kCategory, kIgnore, kTarget, kNaturalKey };
  enum class Missing : std::uint8_t { kError, kMean, kValue, kDropRow };

  std::string name;
  Kind kind = Kind::kIgnore;
  std::optional<double> low;
  std::optional<double> high;
  std::optional<double> mean;
  std::optional<double> deviation;
  std::vector<std::string> values;  // of a category, or a target that is a class
  Missing missing = Missing::kError;
  std::optional<double> fill;  // Missing::kValue: instead of a number,
  std::string fill_text;       // or of a category

  std::size_t features() const;  // a category has one for each of its values
  double scaled(double value) const;
};

// What a CSV file must look like: the file that device and task agree on, by its digest.
struct CsvSchema {
  std::string name;
  std::uint64_t version = 1;
  std::vector<CsvColumn> columns;

  const CsvColumn& target() const;
  std::size_t features() const;
  std::string text() const;  // all of it, the same for the same meaning
};

// kInvalidArgument with line and column of the TOML text, what is legal and what was found.
Result<CsvSchema> parse_csv_schema(std::string_view toml);

}  // namespace covey::datasets
