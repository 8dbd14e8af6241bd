#pragma once

#include <string>
#include <vector>

#include "covey/simulation/round_result.h"
#include "simulation/output/run_info.h"

namespace covey::simulation {

// The table of rounds that grows while a run goes on: a line for a round.
class RoundLines {
 public:
  explicit RoundLines(const RunInfo& info);

  std::string titles() const;
  std::string line_of(const RoundResult& result) const;  // an aborted round says why

  // Where there are many rounds only every so-many-th is printed, beside the first and what was
  // aborted: 1, 2, 5, 10, … so that there are some forty lines.
  static std::uint64_t every(std::uint64_t rounds);
  bool is_printed(const RoundResult& result) const;

 private:
  struct Value {
    std::string name;  // "test_accuracy"
    std::string title;
  };
  std::vector<Value> values_;
  std::uint64_t every_;
};

}  // namespace covey::simulation
