#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "covey/base/result.h"

namespace covey::datasets {

// The records of a CSV text, one after another, strictly by RFC 4180: commas, lines that end in
// CRLF or LF, fields in quotes with "" for a quote, nothing between a field and its quotes. A byte
// order mark at the beginning is passed over. The text must outlive it. Not thread-safe.
class CsvRecords {
 public:
  explicit CsvRecords(std::string_view text);

  // False at the end. kInvalidArgument, with the line, for what is no record.
  Result<bool> next(std::vector<std::string>& fields);
  std::size_t line() const { return first_line_; }  // where that record begins, from 1

 private:
  Status read_quoted(std::string& field);
  Status read_plain(std::string& field);

  std::string_view rest_;
  std::size_t line_ = 1;  // of `rest_`
  std::size_t first_line_ = 1;
};

}  // namespace covey::datasets
