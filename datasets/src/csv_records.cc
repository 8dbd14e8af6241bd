#include "datasets/src/csv_records.h"

#include <algorithm>

namespace covey::datasets {
namespace {

Error refused(std::size_t line, const std::string& why) {
  return invalid_argument("line " + std::to_string(line) + ": " + why);
}

}  // namespace

CsvRecords::CsvRecords(std::string_view text) : rest_(text) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (rest_.starts_with(kByteOrderMark)) rest_.remove_prefix(kByteOrderMark.size());
}

Result<bool> CsvRecords::next(std::vector<std::string>& fields) {
  fields.clear();
  first_line_ = line_;
  if (rest_.empty()) return false;
  for (;;) {
    std::string& field = fields.emplace_back();
    const bool is_quoted = rest_.starts_with('"');
    COVEY_RETURN_IF_ERROR(is_quoted ? read_quoted(field) : read_plain(field));
    if (rest_.empty()) return true;
    if (rest_.starts_with(',')) {
      rest_.remove_prefix(1);
      continue;
    }
    const std::size_t end_bytes = rest_.starts_with("\r\n") ? 2 : rest_.starts_with('\n') ? 1 : 0;
    if (end_bytes == 0) {
      return refused(line_, is_quoted
                                ? "expected a comma or the line's end after the closing quote"
                                : "a carriage return within a field needs quotes around the field");
    }
    rest_.remove_prefix(end_bytes);
    ++line_;
    return true;
  }
}

Status CsvRecords::read_quoted(std::string& field) {
  const std::size_t first = line_;
  rest_.remove_prefix(1);
  for (;;) {
    const std::size_t quote = rest_.find('"');
    if (quote == rest_.npos) return refused(first, "a quote is never closed");
    for (const char c : rest_.substr(0, quote)) line_ += c == '\n' ? 1 : 0;
    field.append(rest_.substr(0, quote));
    rest_.remove_prefix(quote + 1);
    if (!rest_.starts_with('"')) return {};
    field.push_back('"');
    rest_.remove_prefix(1);
  }
}

Status CsvRecords::read_plain(std::string& field) {
  const std::size_t end = std::min(rest_.find_first_of(",\r\n\""), rest_.size());
  if (end < rest_.size() && rest_[end] == '"') {
    return refused(line_, "a quote within a field needs quotes around the field, and doubling");
  }
  field.assign(rest_.substr(0, end));
  rest_.remove_prefix(end);
  return {};
}

}  // namespace covey::datasets
