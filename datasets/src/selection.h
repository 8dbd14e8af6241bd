#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "covey/datasets/federated_dataset.h"

namespace covey::datasets {

// Which of a device's examples it trains with, and which it holds out.
struct Selection {
  std::uint64_t examples = 0;  // at most; 0: all
  double held_out = 0;         // fraction of these
  std::uint64_t seed = 1;
};

std::size_t training_size(const Selection& selection, std::size_t available);

// Of `rows` of `table`, device `device`'s. Both parts are drawn and shuffled.
DeviceData select(const Selection& selection, std::uint64_t device,
                  const std::shared_ptr<const Examples>& table, std::span<const std::size_t> rows);
// The same with the last rows of each key held out, in the table's order: the examples of a key
// follow one another there.
DeviceData select_by_time(const Selection& selection, std::uint64_t device,
                          const std::shared_ptr<const Examples>& table,
                          std::span<const std::size_t> rows, std::span<const std::int32_t> keys);

// At most `count` of `rows`, drawn by `seed`; 0: all of them, as they are.
Rows at_most(Rows rows, std::uint64_t count, std::uint64_t seed);

}  // namespace covey::datasets
