#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "covey/base/result.h"
#include "covey/base/secret.h"

namespace covey::client {

// When trainings began, as far as a limit a day needs it. Times are of the device's own clock; one
// that lies in the future, because the clock was set back, counts as if it were now.
class RoundLimit {
 public:
  explicit RoundLimit(std::optional<std::uint32_t> most_a_day) : most_a_day_(most_a_day) {}

  // What was saved; kDataLoss when it is damaged, and the whole day's trainings then count as
  // begun.
  Status restore(ByteView saved);
  SecretBytes to_bytes() const;

  // Until the next training may begin; zero: now.
  std::chrono::milliseconds pause(std::chrono::milliseconds now);
  bool is_limited() const { return most_a_day_.has_value(); }
  void begin(std::chrono::milliseconds now);

 private:
  void forget_old(std::chrono::milliseconds now);

  std::optional<std::uint32_t> most_a_day_;
  std::vector<std::chrono::milliseconds> begun_;  // ascending
};

}  // namespace covey::client
