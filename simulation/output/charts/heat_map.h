#pragma once

#include <string>
#include <vector>

namespace covey::simulation {

// Columns of cells that are the darker the larger their share of the column's sum is, with a bar
// above each column.
struct HeatMap {
  struct Column {
    std::string name;
    double bar = 0;
    std::vector<double> cells;  // as many in every column
  };
  std::string title;
  std::string note;       // under the title
  std::string bar_title;  // what the bars are
  std::string row_title;  // what a row is: "label"
  std::vector<Column> columns;
};

// Empty without columns.
std::string html_of(const HeatMap& map);

}  // namespace covey::simulation
