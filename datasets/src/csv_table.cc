#include "datasets/src/csv_table.h"

#include <algorithm>
#include <limits>

#include "datasets/src/csv_records.h"
#include "datasets/src/gz_file.h"
#include "datasets/src/number_text.h"

namespace covey::datasets {
namespace {

using Kind = CsvColumn::Kind;
using Missing = CsvColumn::Missing;

constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 32;

// What a record is, in the schema's order of columns.
struct Row {
  std::vector<float> features;
  float target = 0;
  std::int64_t label = 0;
  std::string key;
  bool is_dropped = false;
};

class RowReader {
 public:
  explicit RowReader(const CsvSchema& schema) : schema_(schema) {}

  // Where each of the schema's columns stands.
  Status read_header(const std::vector<std::string>& names) {
    for (const CsvColumn& column : schema_.columns) {
      const auto found = std::ranges::find(names, column.name);
      if (found == names.end()) {
        return invalid_argument("column '" + column.name +
                                "' of the schema is not in the file's first line");
      }
      positions_.push_back(static_cast<std::size_t>(found - names.begin()));
    }
    if (names.size() == positions_.size()) return {};
    return invalid_argument("expected the schema's " + count_of(positions_.size(), "column") +
                            ", found " + std::to_string(names.size()) +
                            ": list the others with kind = \"ignore\"");
  }

  Result<Row> read(const std::vector<std::string>& fields) const {
    if (fields.size() != positions_.size()) {
      return invalid_argument("expected " + count_of(positions_.size(), "field") + ", found " +
                              std::to_string(fields.size()));
    }
    Row row;
    for (std::size_t i = 0; i < positions_.size(); ++i) {
      const CsvColumn& column = schema_.columns[i];
      const Status status = read_field(column, fields[positions_[i]], row);
      if (status) continue;
      return invalid_argument("column '" + column.name + "': " + status.error().message);
    }
    return row;
  }

 private:
  static Status read_field(const CsvColumn& column, const std::string& field, Row& row) {
    if (column.kind == Kind::kIgnore) return {};
    if (field.empty()) return read_missing(column, row);
    if (column.kind == Kind::kNaturalKey) {
      row.key = field;
      return {};
    }
    if (column.values.empty()) return read_number(column, field, row);
    return read_value(column, field, row);
  }

  static Status read_missing(const CsvColumn& column, Row& row) {
    if (column.missing == Missing::kError) {
      return invalid_argument(
          "expected a value, found none; `missing` in the schema says what "
          "then, as \"drop-row\"");
    }
    row.is_dropped = row.is_dropped || column.missing == Missing::kDropRow;
    if (column.kind == Kind::kCategory) {
      row.features.resize(row.features.size() + column.values.size());
      const auto fill = std::ranges::find(column.values, column.fill_text);
      if (fill != column.values.end()) *(row.features.end() - (column.values.end() - fill)) = 1;
    } else if (column.kind == Kind::kNumber) {
      return push_fill(column, row);
    }
    return {};
  }

  static Status push_fill(const CsvColumn& column, Row& row) {
    if (!column.fill) {
      row.features.push_back(column.mean ? 0.0f : std::numeric_limits<float>::quiet_NaN());
      return {};
    }
    const auto value = float_of(column.scaled(*column.fill));
    if (!value) return invalid_argument("fill in the schema, scaled, is too large for a float");
    row.features.push_back(*value);
    return {};
  }

  static Status read_number(const CsvColumn& column, const std::string& field, Row& row) {
    const auto number = number_of(field);
    if (!number || (column.low && (*number < *column.low || *number > *column.high))) {
      return invalid_argument(
          "expected a number" +
          (column.low ? " from " + number_text(*column.low) + " to " + number_text(*column.high)
                      : std::string()) +
          ", found " + (number ? "one outside" : "something else"));
    }
    const auto value = float_of(column.scaled(*number));
    if (!value) {
      return invalid_argument("expected a number that, scaled, fits a float, found a larger one");
    }
    if (column.kind == Kind::kTarget) {
      row.target = *value;
    } else {
      row.features.push_back(*value);
    }
    return {};
  }

  static Status read_value(const CsvColumn& column, const std::string& field, Row& row) {
    const auto found = std::ranges::find(column.values, field);
    if (found == column.values.end()) {
      return invalid_argument("expected one of the schema's " +
                              count_of(column.values.size(), "value") + ", found another");
    }
    const auto index = found - column.values.begin();
    if (column.kind == Kind::kTarget) {
      row.label = index;
      return {};
    }
    row.features.resize(row.features.size() + column.values.size());
    *(row.features.end() - std::ptrdiff_t(column.values.size()) + index) = 1;
    return {};
  }

  const CsvSchema& schema_;
  std::vector<std::size_t> positions_;
};

std::int32_t index_of(CsvKeys& keys, const std::string& value) {
  const auto [entry, is_new] =
      keys.index_of.try_emplace(value, static_cast<std::int32_t>(keys.values.size()));
  if (is_new) keys.values.push_back(value);
  return entry->second;
}

void append(const Row& row, bool has_key, CsvKeys& keys, CsvTable& table) {
  Examples& examples = table.examples;
  examples.features.insert(examples.features.end(), row.features.begin(), row.features.end());
  if (examples.classes > 0) {
    examples.labels.push_back(row.label);
  } else {
    examples.targets.push_back(row.target);
  }
  if (has_key) table.keys.push_back(index_of(keys, row.key));
}

}  // namespace

Result<CsvTable> read_csv(const std::filesystem::path& path, const CsvSchema& schema,
                          CsvKeys& keys) {
  COVEY_ASSIGN_OR_RETURN(GzFile file, GzFile::open(path));
  COVEY_ASSIGN_OR_RETURN(const std::string text, file.read_text(kMostBytes));
  CsvRecords records(text);
  std::vector<std::string> fields;
  CsvTable table;
  table.examples.shape = {schema.features()};
  table.examples.classes = static_cast<std::int64_t>(schema.target().values.size());
  const bool has_key = std::ranges::count(schema.columns, Kind::kNaturalKey, &CsvColumn::kind) > 0;
  RowReader reader(schema);
  bool is_header = true;
  for (;;) {
    const auto has_record = records.next(fields);
    if (!has_record) return file.refused(has_record.error().message);
    if (!*has_record) break;
    const std::string line = "line " + std::to_string(records.line()) + ": ";
    if (is_header) {
      const Status status = reader.read_header(fields);
      if (!status) return file.refused(line + status.error().message);
      is_header = false;
      continue;
    }
    const auto row = reader.read(fields);
    if (!row) return file.refused(line + row.error().message);
    if (!row->is_dropped) append(*row, has_key, keys, table);
  }
  if (table.examples.size() == 0)
    return file.refused("expected a line of names and rows, found no row");
  return table;
}

}  // namespace covey::datasets
