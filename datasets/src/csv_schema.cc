#include "datasets/src/csv_schema.h"

#include <algorithm>
#include <set>

#include "covey/settings/toml_document.h"
#include "datasets/src/number_text.h"

namespace covey::datasets {
namespace {

using settings::TomlDocument;
using Kind = CsvColumn::Kind;
using Missing = CsvColumn::Missing;

constexpr TomlDocument::Choice<Kind> kKinds[] = {{"number", Kind::kNumber},
                                                 {"category", Kind::kCategory},
                                                 {"ignore", Kind::kIgnore},
                                                 {"target", Kind::kTarget},
                                                 {"natural-key", Kind::kNaturalKey}};
constexpr TomlDocument::Choice<Missing> kMissing[] = {{"error", Missing::kError},
                                                      {"mean", Missing::kMean},
                                                      {"value", Missing::kValue},
                                                      {"drop-row", Missing::kDropRow}};
const settings::Section kSections[] = {{"schema", {"name", "version"}}};
constexpr std::string_view kColumns[] = {"column"};  // of which each is checked by itself
constexpr std::size_t kMostColumns = 10'000;
constexpr std::size_t kMostValues = 1'000;
constexpr double kLargest = 1e30;

template <typename Value, std::size_t N>
std::string_view name_in(const TomlDocument::Choice<Value> (&choices)[N], Value value) {
  return std::ranges::find(choices, value, &TomlDocument::Choice<Value>::value)->name;
}

// Reads one [[column]] and checks that its keys go together.
class ColumnReader {
 public:
  ColumnReader(TomlDocument& document, std::string path)
      : document_(document), path_(std::move(path)) {}

  CsvColumn read() {
    const settings::Section section{
        path_, {"name", "kind", "min", "max", "mean", "deviation", "values", "missing", "fill"}};
    document_.check_keys({&section, 1});
    document_.text(at("name"), column_.name);
    document_.require(at("name"), "name = \"temperature\"");
    document_.choice(at("kind"), column_.kind, kKinds);
    document_.require(at("kind"), "kind = \"number\"");
    column_.low = number("min", -kLargest, kLargest);
    column_.high = number("max", -kLargest, kLargest);
    column_.mean = number("mean", -kLargest, kLargest);
    column_.deviation = number("deviation", 1e-30, kLargest);
    document_.texts(at("values"), column_.values, kMostValues);
    document_.choice(at("missing"), column_.missing, kMissing);
    if (column_.missing == Missing::kValue) read_fill();
    if (!document_.error()) check();
    return column_;
  }

 private:
  std::string at(const char* key) const { return path_ + "." + key; }
  bool has(const char* key) const { return document_.given().contains(at(key)); }

  std::optional<double> number(const char* key, double low, double high) {
    double value = 0;
    document_.number(at(key), value, low, high);
    return has(key) ? std::optional(value) : std::nullopt;
  }

  void read_fill() {
    if (column_.kind == Kind::kCategory) {
      document_.text(at("fill"), column_.fill_text);
    } else {
      column_.fill =
          number("fill", column_.low.value_or(-kLargest), column_.high.value_or(kLargest));
    }
    document_.require(at("fill"), "fill = 0.0, or of a category fill = \"one of its values\"");
  }

  void check() {
    const bool is_number =
        column_.kind == Kind::kNumber || (column_.kind == Kind::kTarget && column_.values.empty());
    if (column_.kind == Kind::kIgnore) return refuse_keys({"missing"});
    if (is_number) {
      check_number();
    } else {
      refuse_keys({"min", "max", "mean", "deviation"});
      if (column_.kind == Kind::kNaturalKey) {
        refuse_keys({"values"});
      } else {
        check_values();
      }
    }
    check_missing();
  }

  void check_number() {
    if (column_.low.has_value() != column_.high.has_value()) {
      document_.fail(path_, "a range has both min and max");
    } else if (column_.mean.has_value() != column_.deviation.has_value()) {
      document_.fail(path_, "scaling by mean takes deviation too");
    } else if (!column_.low && !column_.mean) {
      document_.fail(path_, "column '" + column_.name +
                                "' needs min and max, or mean and deviation, to be scaled by" +
                                (column_.kind == Kind::kTarget ? "; a class needs values" : ""));
    } else if (column_.low && *column_.low >= *column_.high) {
      document_.fail(at("max"), "max is above min, " + number_text(*column_.low) + ", not " +
                                    number_text(*column_.high));
    }
    refuse_keys({"values"});
  }

  void check_values() {
    const std::set<std::string> distinct(column_.values.begin(), column_.values.end());
    if (column_.values.empty() || distinct.size() != column_.values.size()) {
      document_.fail(path_, "column '" + column_.name +
                                "' needs values, the texts that may stand in it, each once");
    }
    if (column_.missing == Missing::kValue && !distinct.contains(column_.fill_text)) {
      document_.fail(at("fill"), "fill is one of values");
    }
  }

  void check_missing() {
    const bool is_feature = column_.kind == Kind::kNumber || column_.kind == Kind::kCategory;
    const bool is_mean = column_.missing == Missing::kMean;
    if ((!is_feature && (is_mean || column_.missing == Missing::kValue)) ||
        (column_.kind == Kind::kCategory && is_mean)) {
      document_.fail(at("missing"),
                     "missing is \"error\" or \"drop-row\" here, or \"value\" of a category");
    }
  }

  void refuse_keys(std::initializer_list<const char*> keys) {
    for (const char* key : keys) {
      if (!has(key)) continue;
      document_.fail(at(key), std::string(key) + " says nothing about a column of kind \"" +
                                  std::string(name_in(kKinds, column_.kind)) + "\"");
    }
  }

  TomlDocument& document_;
  std::string path_;
  CsvColumn column_;
};

void check_together(TomlDocument& document, const CsvSchema& schema) {
  const auto count = [&schema](Kind kind) {
    return std::ranges::count(schema.columns, kind, &CsvColumn::kind);
  };
  if (count(Kind::kTarget) != 1) {
    document.fail("column", "exactly one column is of kind \"target\": what is to be learned");
  }
  if (count(Kind::kNumber) + count(Kind::kCategory) == 0) {
    document.fail("column", "at least one column is of kind \"number\" or \"category\"");
  }
  if (count(Kind::kNaturalKey) > 1) {
    document.fail("column", "at most one column is of kind \"natural-key\"");
  }
  std::set<std::string> names;
  for (std::size_t i = 0; i < schema.columns.size(); ++i) {
    if (names.insert(schema.columns[i].name).second) continue;
    document.fail("column[" + std::to_string(i) + "].name", "a column is described twice");
  }
}

// With its length before it, so that no name can look like something else.
std::string counted(const std::string& text) { return std::to_string(text.size()) + ":" + text; }

}  // namespace

std::size_t CsvColumn::features() const {
  return kind == Kind::kNumber ? 1 : kind == Kind::kCategory ? values.size() : 0;
}

double CsvColumn::scaled(double value) const {
  return mean ? (value - *mean) / *deviation : (value - *low) / (*high - *low);
}

const CsvColumn& CsvSchema::target() const {
  return *std::ranges::find(columns, Kind::kTarget, &CsvColumn::kind);
}

std::size_t CsvSchema::features() const {
  std::size_t sum = 0;
  for (const CsvColumn& column : columns) sum += column.features();
  return sum;
}

std::string CsvSchema::text() const {
  std::string out = "csv 1; " + counted(name) + " version " + std::to_string(version);
  for (const CsvColumn& column : columns) {
    out += "; " + counted(column.name) + " " + std::string(name_in(kKinds, column.kind));
    const auto add = [&out](const char* word, const std::optional<double>& value) {
      if (value) out += std::string(" ") + word + " " + number_text(*value);
    };
    add("min", column.low);
    add("max", column.high);
    add("mean", column.mean);
    add("deviation", column.deviation);
    for (const std::string& value : column.values) out += " value " + counted(value);
    out += " missing " + std::string(name_in(kMissing, column.missing));
    add("fill", column.fill);
    if (!column.fill_text.empty()) out += " fill " + counted(column.fill_text);
  }
  return out;
}

Result<CsvSchema> parse_csv_schema(std::string_view toml) {
  COVEY_ASSIGN_OR_RETURN(TomlDocument document, TomlDocument::parse(toml));
  CsvSchema schema;
  document.check_names(kSections, kColumns);
  document.text("schema.name", schema.name);
  document.require("schema.name", "[schema] name = \"pump\"");
  document.whole("schema.version", schema.version, 1, 1'000'000);
  document.require("schema.version", "[schema] version = 1");
  const std::size_t columns = document.tables("column");
  if (columns > kMostColumns) document.fail("column", "there are at most 10,000 columns");
  for (std::size_t i = 0; i < columns && !document.error(); ++i) {
    schema.columns.push_back(ColumnReader(document, "column[" + std::to_string(i) + "]").read());
  }
  if (!document.error()) check_together(document, schema);
  if (document.error()) return *document.error();
  return schema;
}

}  // namespace covey::datasets
