#pragma once

#include <cstdint>
#include <string_view>

namespace covey::coordinator {

enum class Decay : std::uint8_t {
  kConstant = 1,
  kStep = 2,         // times `decay_factor` after every `decay_rounds`
  kExponential = 3,  // times `decay_factor` after every round
  kCosine = 4,       // half a cosine, down to `floor` in the task's last round
};
std::string_view name_of(Decay decay);  // "cosine"

// How a learning rate goes over a task's rounds, on the devices or on the server. At first it rises
// evenly, over `warmup_rounds` rounds; the one after them has the whole rate, and from there it
// falls.
struct LearningRateSchedule {
  Decay decay = Decay::kConstant;
  double decay_factor = 1;          // kStep and kExponential: above 0, at most 1
  std::uint64_t decay_rounds = 1;   // kStep
  double floor = 0.01;              // kCosine: the factor at the end
  std::uint64_t warmup_rounds = 0;  // that have less than the whole rate

  // What the rate of `round` (from 1; aborted ones count) is multiplied by, of a task of `rounds`:
  // at most 1, and never below a millionth, since a rate is above 0. After the task's last round
  // the cosine stays at its floor.
  double factor(std::uint64_t round, std::uint64_t rounds) const;
  bool operator==(const LearningRateSchedule&) const = default;
};

}  // namespace covey::coordinator
