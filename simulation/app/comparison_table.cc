#include "simulation/app/comparison_table.h"

#include "covey/shell/table.h"

namespace covey::simulation {

void print(std::ostream& out, const Comparison& comparison) {
  const std::vector<std::string> titles = table_columns(comparison);
  std::vector<shell::Column> columns;
  for (const std::string& title : titles) {
    columns.push_back({title, columns.empty() ? shell::Align::kLeft : shell::Align::kRight});
  }
  columns.push_back({""});
  shell::Table table(columns);
  for (const Comparison::Row& row : comparison.rows) {
    std::vector<std::string> cells = table_cells(row);
    cells.emplace_back(row.is_best ? "best" : "");
    table.add(std::move(cells));
  }
  table.print(out);
}

}  // namespace covey::simulation
