#include "datasets/src/csv_records.h"

#include <random>

#include "support/catch.h"
#include "support/seeds.h"

namespace covey::datasets {
namespace {

using Table = std::vector<std::vector<std::string>>;

Result<Table> read_all(std::string_view text) {
  CsvRecords records(text);
  Table table;
  std::vector<std::string> fields;
  for (;;) {
    const auto has_record = records.next(fields);
    if (!has_record) return has_record.error();
    if (!*has_record) return table;
    table.push_back(fields);
  }
}

}  // namespace

TEST_CASE("records are read as RFC 4180 writes them", "[datasets]") {
  CHECK(read_all("").value().empty());
  CHECK(read_all("a,b\r\n1,\n").value() == Table{{"a", "b"}, {"1", ""}});
  CHECK(read_all("a, b ").value() == Table{{"a", " b "}});
  CHECK(read_all("\"a,\"\"b\"\"\n\",c").value() == Table{{"a,\"b\"\n", "c"}});
  CHECK(read_all("\xef\xbb\xbf\"a\"\n").value() == Table{{"a"}});
  CHECK(read_all("a\n\nb\n").value() == Table{{"a"}, {""}, {"b"}});
  CHECK(read_all("a,").value() == Table{{"a", ""}});
}

TEST_CASE("what is no record is refused with its line", "[datasets]") {
  for (const char* text : {"a\nb\"c\n", "a\n\"b\"c\n", "a\n\"b", "a\nb\rc\n", "a\n\"b\" ,c\n"}) {
    const auto table = read_all(text);
    REQUIRE_FALSE(table.has_value());
    CHECK(table.error().message.find("line 2: ") == 0);
  }
}

TEST_CASE("lines are counted through fields that have some", "[datasets]") {
  CsvRecords records("\"a\nb\nc\"\nd\n");
  std::vector<std::string> fields;
  CHECK(records.next(fields).value());
  CHECK(records.line() == 1);
  CHECK(records.next(fields).value());
  CHECK(records.line() == 4);
  CHECK_FALSE(records.next(fields).value());
}

TEST_CASE("whatever is written in quotes is read back", "[datasets][property]") {
  covey::testing::for_each_seed(200, [](covey::testing::Seed seed) {
    std::mt19937_64 random(seed);
    constexpr std::string_view kCharacters = "ab,\"\r\n ";
    Table table(1 + random() % 4);
    std::string text;
    for (auto& record : table) {
      record.resize(1 + random() % 4);
      for (std::string& field : record) {
        for (std::size_t length = random() % 6; length > 0; --length) {
          field.push_back(kCharacters[random() % kCharacters.size()]);
        }
        text += &field == &record.front() ? "\"" : ",\"";
        for (const char c : field) text += c == '"' ? "\"\"" : std::string(1, c);
        text += "\"";
      }
      text += random() % 2 == 0 ? "\n" : "\r\n";
    }
    CHECK(read_all(text).value() == table);
  });
}

}  // namespace covey::datasets
