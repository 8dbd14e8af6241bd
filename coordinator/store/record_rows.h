#pragma once

#include <algorithm>

#include "coordinator/store/database.h"
#include "coordinator/store/record_fields.h"

// Records as rows of their tables.
namespace covey::coordinator {

// Binds fields to the parameters of a statement, the first of them to `next`. Throws as SQLite
// does.
class RowWriter {
 public:
  explicit RowWriter(SQLite::Statement& statement, int next = 1)
      : statement_(statement), next_(next) {}

  void operator()(const char*, std::uint64_t value) {
    statement_.bind(next_++, static_cast<std::int64_t>(value));
  }
  void operator()(const char*, std::int64_t value) { statement_.bind(next_++, value); }
  void operator()(const char*, std::uint32_t value) { statement_.bind(next_++, value); }
  void operator()(const char*, bool value) { statement_.bind(next_++, value ? 1 : 0); }
  void operator()(const char*, TaskState value) {
    statement_.bind(next_++, static_cast<int>(value));
  }
  void operator()(const char*, RoundState value) {
    statement_.bind(next_++, static_cast<int>(value));
  }
  void operator()(const char*, const std::optional<std::uint64_t>& value);
  void operator()(const char*, const std::string& value);
  void operator()(const char*, const Bytes& value) { bind(value); }
  template <std::size_t N>
  void operator()(const char*, const std::array<std::uint8_t, N>& value) {
    bind(value);
  }
  void operator()(const char*, const Metrics& value);
  void operator()(const char*, const std::vector<std::string>& value);
  void operator()(const char*, const std::map<std::string, std::string>& value);

 private:
  void bind(ByteView bytes);

  SQLite::Statement& statement_;
  int next_;
};

// Reads fields from the columns of a row, from the first on. What is not as RowWriter writes it
// leaves the field as it was, and the reader not ok.
class RowReader {
 public:
  explicit RowReader(SQLite::Statement& statement) : statement_(statement) {}

  void operator()(const char*, std::uint64_t& value) {
    value = static_cast<std::uint64_t>(column().getInt64());
  }
  void operator()(const char*, std::int64_t& value) { value = column().getInt64(); }
  void operator()(const char*, std::uint32_t& value) { value = column().getUInt(); }
  void operator()(const char*, bool& value) { value = column().getInt() != 0; }
  void operator()(const char*, TaskState& value);
  void operator()(const char*, RoundState& value);
  void operator()(const char*, std::optional<std::uint64_t>& value);
  void operator()(const char*, std::string& value) { value = column().getString(); }
  void operator()(const char*, Bytes& value) { value = to_bytes(blob()); }
  template <std::size_t N>
  void operator()(const char*, std::array<std::uint8_t, N>& value) {
    const ByteView bytes = blob();
    if (expect(bytes.size() == N)) std::copy_n(bytes.begin(), N, value.begin());
  }
  void operator()(const char*, Metrics& value);
  void operator()(const char*, std::vector<std::string>& value);
  void operator()(const char*, std::map<std::string, std::string>& value);

  bool ok() const { return ok_; }

 private:
  SQLite::Column column() { return statement_.getColumn(next_++); }
  ByteView blob();  // until the statement is stepped
  bool expect(bool is_as_written) {
    ok_ = ok_ && is_as_written;
    return is_as_written;
  }

  SQLite::Statement& statement_;
  int next_ = 0;
  bool ok_ = true;
};

std::string upsert_sql(const char* table, int key_columns, const std::vector<std::string>& columns);
std::string select_sql(const char* table, const std::vector<std::string>& columns);

template <typename Record>
std::vector<std::string> columns_of() {
  std::vector<std::string> columns;
  const Record record;
  for_each_field(record, [&](const char* column, const auto&) { columns.emplace_back(column); });
  return columns;
}

template <typename Record>
void put_record(SQLite::Database& sqlite, const Record& record) {
  static const std::string sql =
      upsert_sql(Table<Record>::kName, Table<Record>::kKeyColumns, columns_of<Record>());
  SQLite::Statement statement(sqlite, sql);
  for_each_field(record, RowWriter(statement));
  statement.exec();
}

// Those that `rest` ("WHERE task = ? ORDER BY version") lets through, `parameters` bound to it.
// `columns`: of the record, or what else is to stand in their places.
template <typename Record, typename... Parameters>
Result<std::vector<Record>> get_records(Database& database, const std::string& rest,
                                        const std::vector<std::string>& columns,
                                        const Parameters&... parameters) {
  return database.look([&](SQLite::Database& sqlite) -> Result<std::vector<Record>> {
    SQLite::Statement statement(sqlite, select_sql(Table<Record>::kName, columns) + " " + rest);
    RowWriter writer(statement);
    (writer("", parameters), ...);
    std::vector<Record> records;
    while (statement.executeStep()) {
      RowReader reader(statement);
      for_each_field(records.emplace_back(), reader);
      if (!reader.ok()) return database.damaged();
    }
    return records;
  });
}

}  // namespace covey::coordinator
