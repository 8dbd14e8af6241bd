#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "covey/base/bytes.h"
#include "covey/base/result.h"

namespace covey::merge {

// What a round's sum says: all that a strategy may know of the devices.
struct WeightedUpdate {
  std::span<const float>
      weighted_differences;  // sum of weight · (device's parameters - global ones)
  std::uint64_t weight = 0;  // sum of the weights
  std::uint64_t round = 0;
  // What the strategy's server learning rate is multiplied by in this round: of a schedule.
  double server_rate_factor = 1;
  // How many elements, the last ones, are of float buffers, such as the means and variances of
  // batch norm, which nobody trains.
  std::size_t buffers = 0;
};

// How the global model moves. Called once a round, in the order of rounds. Not thread-safe.
class Strategy {
 public:
  virtual ~Strategy() = default;

  virtual std::string_view name() const = 0;

  // Moves `model`, a flat float32 vector as long as the update. A sum of weights of zero moves
  // nothing. On an error the model and the strategy are as they were: kInvalidArgument when lengths
  // differ, kOutOfRange when the new model would hold a NaN or an infinity.
  virtual Status merge(const WeightedUpdate& update, std::span<float> model) = 0;

  // What must survive a restart, besides the model, for the next rounds to give the same bits.
  // restore_state: kDataLoss, with nothing changed, when the bytes are damaged or another
  // strategy's.
  virtual Bytes save_state() const = 0;
  virtual Status restore_state(ByteView state) = 0;
};

}  // namespace covey::merge
