#include "cli/round_table.h"

#include "cli/format.h"
#include "covey/shell/table.h"

namespace covey::cli {
namespace {

struct Cell {
  const char* title;
  std::size_t width;
};
constexpr Cell kCells[] = {{"ROUND", 6},      {"COHORT", 7},      {"DROPPED", 8},
                           {"RECOVERED", 10}, {"TRAIN LOSS", 11}, {"LOSS", 9},
                           {"ACCURACY", 9},   {"MB UP", 9},       {"SECONDS", 8}};

std::string seconds_of(const coordinator::RoundRecord& round) {
  return text_of_number(static_cast<double>(round.ended_at - round.started_at) / 1000, 1);
}

}  // namespace

std::string round_titles() {
  std::string line;
  for (const Cell& cell : kCells) line += padded(cell.title, cell.width, true);
  return line;
}

std::string round_line(const coordinator::RoundRecord& round) {
  const std::string number = padded(std::to_string(round.number), kCells[0].width, true);
  if (round.state == coordinator::RoundState::kAborted) {
    return number + "  aborted after " + seconds_of(round) + " s: " + printable(round.outcome);
  }
  const std::string values[] = {std::to_string(round.number),
                                std::to_string(round.cohort),
                                std::to_string(round.dropped),
                                std::to_string(round.recovered),
                                text_of_metric(round.metrics, "train_loss"),
                                text_of_metric(round.metrics, "loss"),
                                text_of_metric(round.metrics, "accuracy"),
                                text_of_number(static_cast<double>(round.bytes_up) / 1e6, 2),
                                seconds_of(round)};
  std::string line;
  for (std::size_t i = 0; i < std::size(kCells); ++i) {
    line += padded(values[i], kCells[i].width, true);
  }
  return line;
}

}  // namespace covey::cli
