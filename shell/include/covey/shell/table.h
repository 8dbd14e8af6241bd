#pragma once

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace covey::shell {

// Control characters become '?': names and properties of devices are theirs to choose, and a
// terminal obeys what it is sent.
std::string printable(std::string_view text);

// How many columns a text takes: its code points.
std::size_t width_of(std::string_view text);
std::string padded(std::string_view text, std::size_t width, bool to_the_right);

enum class Align : bool { kLeft, kRight };
struct Column {
  std::string_view title;
  Align align = Align::kLeft;
};

// Rows under titles, each column as wide as its widest cell. Not thread-safe.
class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }  // one cell a column
  void print(std::ostream& out) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

// "name:   value", one below the other.
using Facts = std::vector<std::pair<std::string_view, std::string>>;
void print_facts(std::ostream& out, const Facts& facts);

}  // namespace covey::shell
