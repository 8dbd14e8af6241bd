#include "coordinator/store/record_rows.h"

#include <sqlite3.h>

#include <limits>

#include "coordinator/store/json_text.h"

namespace covey::coordinator {
namespace {

void check_size(std::size_t size_bytes) {
  if (size_bytes > std::numeric_limits<int>::max()) {
    throw SQLite::Exception("a value of over 2 GiB", SQLITE_TOOBIG);
  }
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

}  // namespace

void RowWriter::operator()(const char*, const std::optional<std::uint64_t>& value) {
  if (value) return (*this)("", *value);
  statement_.bind(next_++);  // NULL
}

void RowWriter::operator()(const char*, const std::string& value) {
  check_size(value.size());
  statement_.bind(next_++, value);
}

void RowWriter::operator()(const char*, const Metrics& value) { (*this)("", json_of(value)); }
void RowWriter::operator()(const char*, const std::vector<std::string>& value) {
  (*this)("", json_of(value));
}
void RowWriter::operator()(const char*, const std::map<std::string, std::string>& value) {
  (*this)("", json_of(value));
}

// A null pointer would be taken for NULL.
void RowWriter::bind(ByteView bytes) {
  check_size(bytes.size());
  const void* data = bytes.empty() ? "" : static_cast<const void*>(bytes.data());
  statement_.bind(next_++, data, static_cast<int>(bytes.size()));
}

void RowReader::operator()(const char*, TaskState& value) {
  const int number = column().getInt();
  const bool is_one = number >= static_cast<int>(TaskState::kRunning) &&
                      number <= static_cast<int>(TaskState::kFailed);
  if (expect(is_one)) value = static_cast<TaskState>(number);
}

void RowReader::operator()(const char*, RoundState& value) {
  const int number = column().getInt();
  const bool is_one = number >= static_cast<int>(RoundState::kOpen) &&
                      number <= static_cast<int>(RoundState::kAborted);
  if (expect(is_one)) value = static_cast<RoundState>(number);
}

void RowReader::operator()(const char*, std::optional<std::uint64_t>& value) {
  const SQLite::Column field = column();
  value.reset();
  if (!field.isNull()) value = static_cast<std::uint64_t>(field.getInt64());
}

void RowReader::operator()(const char*, Metrics& value) {
  auto metrics = metrics_of(column().getString());
  if (expect(metrics.has_value())) value = std::move(*metrics);
}

void RowReader::operator()(const char*, std::vector<std::string>& value) {
  auto tags = tags_of(column().getString());
  if (expect(tags.has_value())) value = std::move(*tags);
}

void RowReader::operator()(const char*, std::map<std::string, std::string>& value) {
  auto properties = properties_of(column().getString());
  if (expect(properties.has_value())) value = std::move(*properties);
}

ByteView RowReader::blob() {
  const SQLite::Column field = column();
  const auto* data = static_cast<const std::uint8_t*>(field.getBlob());
  return {data, data == nullptr ? 0 : static_cast<std::size_t>(field.getBytes())};
}

std::string upsert_sql(const char* table, int key_columns,
                       const std::vector<std::string>& columns) {
  std::vector<std::string> keys(columns.begin(), columns.begin() + key_columns);
  std::vector<std::string> changes;
  for (auto column = columns.begin() + key_columns; column != columns.end(); ++column) {
    changes.push_back(*column + " = excluded." + *column);
  }
  const std::vector<std::string> places(columns.size(), "?");
  return std::string("INSERT INTO ") + table + " (" + joined(columns) + ") VALUES (" +
         joined(places) + ") ON CONFLICT (" + joined(keys) + ") DO UPDATE SET " + joined(changes);
}

std::string select_sql(const char* table, const std::vector<std::string>& columns) {
  return "SELECT " + joined(columns) + " FROM " + table;
}

}  // namespace covey::coordinator
