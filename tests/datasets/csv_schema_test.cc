#include "datasets/src/csv_schema.h"

#include <set>

#include "support/catch.h"

namespace covey::datasets {
namespace {

const std::string kHead = "[schema]\nname = \"pump\"\nversion = 3\n";
const std::string kHeat = "[[column]]\nname = \"heat\"\nkind = \"number\"\nmin = 0\nmax = 10\n";
const std::string kBroken =
    "[[column]]\nname = \"broken\"\nkind = \"target\"\nvalues = [\"no\", \"yes\"]\n";

std::string refusal(const std::string& toml) {
  const auto schema = parse_csv_schema(toml);
  REQUIRE_FALSE(schema.has_value());
  CHECK(schema.error().code == ErrorCode::kInvalidArgument);
  return schema.error().message;
}

void check_refused(const std::string& toml, const std::string& why) {
  const std::string message = refusal(toml);
  INFO(message);
  CHECK(message.find(why) != message.npos);
}

}  // namespace

TEST_CASE("a schema says columns, kinds, ranges and what to do about gaps", "[datasets]") {
  const auto schema = parse_csv_schema(
      kHead + kHeat + "missing = \"value\"\nfill = 5\n" + kBroken +
      "[[column]]\nname = \"site\"\nkind = \"category\"\nvalues = [\"n\", \"s\", \"w\"]\n"
      "[[column]]\nname = \"load\"\nkind = \"number\"\nmean = 2\ndeviation = 4\n"
      "[[column]]\nname = \"device\"\nkind = \"natural-key\"\nmissing = \"drop-row\"\n"
      "[[column]]\nname = \"note\"\nkind = \"ignore\"\n");
  REQUIRE(schema.has_value());
  CHECK(schema->version == 3);
  CHECK(schema->columns.size() == 6);
  CHECK(schema->features() == 5);
  CHECK(schema->target().name == "broken");
  CHECK(schema->columns[0].scaled(2.5) == 0.25);
  CHECK(schema->columns[3].scaled(4) == 0.5);
  CHECK(schema->columns[0].missing == CsvColumn::Missing::kValue);
  CHECK(schema->columns[0].fill == 5);
  CHECK(schema->columns[4].missing == CsvColumn::Missing::kDropRow);
}

TEST_CASE("a schema that cannot be is refused, with the place", "[datasets]") {
  check_refused(kHead + kHeat, "exactly one column is of kind \"target\"");
  check_refused(kHead + kHeat + kBroken + kBroken, "exactly one");
  check_refused(kHead + kBroken, "at least one column");
  check_refused(kHead + kHeat + kHeat + kBroken, "described twice");
  check_refused(kHeat + kBroken, "schema.name is missing");
  check_refused(kHead + "[[column]]\nname = \"x\"\nkind = \"number\"\n" + kBroken,
                "needs min and max, or mean and deviation");
  check_refused(kHead + kHeat + "mean = 3\n" + kBroken, "takes deviation too");
  check_refused(kHead + kHeat + "values = [\"a\"]\n" + kBroken, "says nothing about a column");
  check_refused(kHead + kHeat + "missing = \"value\"\nfill = 11\n" + kBroken, "0 to 10, not 11");
  check_refused(kHead + kHeat + "missing = \"value\"\n" + kBroken, "fill is missing");
  check_refused(kHead + kHeat + kBroken + "missing = \"mean\"\n", "\"drop-row\" here");
  check_refused(kHead + kHeat + kBroken + "max = 1\n", "max says nothing");
  check_refused(kHead + "[[column]]\nname = \"x\"\nkind = \"number\"\nmin = 1\nmax = 1\n" + kBroken,
                "max is above min, 1, not 1");
  check_refused(kHead + "[[column]]\nname = \"x\"\nkind = \"category\"\n" + kBroken,
                "needs values");
  check_refused(kHead + "[column]\nname = \"x\"\n", "each headed [[column]]");
  check_refused(kHead + kHeat + "rnage = 1\n" + kBroken,
                "9:1: the key 'column[0].rnage' is not known");
}

TEST_CASE("every change of a schema's meaning changes its text", "[datasets]") {
  const std::string tail = kBroken;
  const std::set<std::string> schemas = {
      kHead + kHeat + tail,
      "[schema]\nname = \"pump\"\nversion = 4\n" + kHeat + tail,
      "[schema]\nname = \"pumps\"\nversion = 3\n" + kHeat + tail,
      kHead + kHeat + "missing = \"mean\"\n" + tail,
      kHead + kHeat + "mean = 1\ndeviation = 2\n" + tail,
      kHead + kHeat + "mean = 1\ndeviation = 3\n" + tail,
      kHead + kHeat + "missing = \"value\"\nfill = 1\n" + tail,
      kHead + kHeat + "missing = \"value\"\nfill = 2\n" + tail,
      kHead + tail + kHeat,
      kHead + "[[column]]\nname = \"heat\"\nkind = \"number\"\nmin = 0\nmax = 11\n" + tail,
      kHead + kHeat + tail + "[[column]]\nname = \"x\"\nkind = \"ignore\"\n",
      kHead + kHeat +
          "[[column]]\nname = \"broken\"\nkind = \"target\"\nvalues = [\"yes\", \"no\"]\n",
  };
  std::set<std::string> texts;
  for (const std::string& toml : schemas) texts.insert(parse_csv_schema(toml).value().text());
  CHECK(texts.size() == schemas.size());
  CHECK(parse_csv_schema("# why\n" + kHead + kHeat + tail).value().text() ==
        parse_csv_schema(kHead + kHeat + tail).value().text());
}

}  // namespace covey::datasets
