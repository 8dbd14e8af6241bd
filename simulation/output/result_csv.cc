#include <cmath>

#include "covey/shell/numbers.h"
#include "simulation/output/result_lines.h"

namespace covey::simulation {
namespace {

std::string cell(std::uint64_t value) { return std::to_string(value); }

std::string cell(double value) { return std::isfinite(value) ? shell::shortest_number(value) : ""; }

// RFC 4180.
std::string cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? "\"\"" : std::string(1, c);
  return out + '"';
}

using Cells = std::vector<std::pair<std::string, std::string>>;  // column, content

Cells cells_of(const RoundResult& result, const std::vector<std::string>& metrics) {
  Cells cells = {{"round", cell(result.round)},
                 {"completed", result.is_completed ? "1" : "0"},
                 {"version", cell(result.version)},
                 {"model_sha256", to_hex(result.model)}};
  const Evaluation test = result.test.value_or(Evaluation{0, NAN, NAN});
  cells.emplace_back("test_examples", cell(test.examples));
  cells.emplace_back("test_loss", cell(test.loss));
  cells.emplace_back("test_accuracy", cell(test.accuracy.value_or(NAN)));
  for (const std::string& name : metrics) {
    const auto found = result.metrics.find(name);
    cells.emplace_back(cell(name), cell(found == result.metrics.end() ? NAN : found->second));
  }
  const Cells rest = {{"assigned", cell(result.assigned)},
                      {"cohort", cell(result.cohort)},
                      {"groups", cell(result.groups)},
                      {"survivors", cell(result.survivors)},
                      {"dropped", cell(result.dropped)},
                      {"faults", cell(result.faults)},
                      {"weight", cell(result.weight)},
                      {"capped_weights", cell(result.capped_weights)},
                      {"clipped_devices", cell(result.clipped_devices)},
                      {"clipped_coordinates", cell(result.clipped_coordinates)},
                      {"coordinates", cell(result.coordinates)},
                      {"bytes_up", cell(result.bytes_up)},
                      {"bytes_down", cell(result.bytes_down)},
                      {"learning_rate", cell(result.learning_rate)},
                      {"server_learning_rate", cell(result.server_learning_rate)},
                      {"virtual_ms", std::to_string(result.virtual_duration.count())},
                      {"training_s", cell(result.seconds.training)},
                      {"aggregation_s", cell(result.seconds.aggregation)},
                      {"merge_s", cell(result.seconds.merge)},
                      {"evaluation_s", cell(result.seconds.evaluation)},
                      {"reason", cell(result.reason)}};
  cells.insert(cells.end(), rest.begin(), rest.end());
  return cells;
}

std::string joined(const Cells& cells, std::string Cells::value_type::*part) {
  std::string out;
  for (std::size_t i = 0; i < cells.size(); ++i) out += (i > 0 ? "," : "") + cells[i].*part;
  return out;
}

}  // namespace

std::string csv_header(const std::vector<std::string>& metrics) {
  return joined(cells_of({}, metrics), &Cells::value_type::first);
}

std::string csv_line_of(const RoundResult& result, const std::vector<std::string>& metrics) {
  return joined(cells_of(result, metrics), &Cells::value_type::second);
}

}  // namespace covey::simulation
