#include "datasets/src/selection.h"

#include <algorithm>

#include "covey/datasets/draws.h"

namespace covey::datasets {
namespace {

std::size_t held_out_of(std::size_t count, double fraction) {
  return static_cast<std::size_t>(static_cast<double>(count) * fraction);
}

std::size_t limited(const Selection& selection, std::size_t available) {
  if (selection.examples == 0) return available;
  return static_cast<std::size_t>(std::min<std::uint64_t>(available, selection.examples));
}

std::vector<std::int64_t> drawn(const Selection& selection, std::uint64_t device,
                                std::span<const std::size_t> rows) {
  std::vector<std::int64_t> order(rows.begin(), rows.end());
  Draws(mixed_seed(selection.seed, device)).shuffle(std::span(order));
  order.resize(limited(selection, order.size()));
  return order;
}

}  // namespace

std::size_t training_size(const Selection& selection, std::size_t available) {
  const std::size_t count = limited(selection, available);
  return count - held_out_of(count, selection.held_out);
}

DeviceData select(const Selection& selection, std::uint64_t device,
                  const std::shared_ptr<const Examples>& table, std::span<const std::size_t> rows) {
  const std::vector<std::int64_t> order = drawn(selection, device, rows);
  const auto border = order.begin() + std::ptrdiff_t(held_out_of(order.size(), selection.held_out));
  return {{table, {border, order.end()}}, {table, {order.begin(), border}}};
}

// How many of a key's rows are held out depends on the rows before them too, so that fractions of
// a row add up.
DeviceData select_by_time(const Selection& selection, std::uint64_t device,
                          const std::shared_ptr<const Examples>& table,
                          std::span<const std::size_t> rows, std::span<const std::int32_t> keys) {
  std::vector<std::int64_t> order = drawn(selection, device, rows);
  std::ranges::sort(order);
  DeviceData data{{table, {}}, {table, {}}};
  for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    const std::int32_t key = keys[static_cast<std::size_t>(order[begin])];
    while (end < order.size() && keys[static_cast<std::size_t>(order[end])] == key) ++end;
    const std::size_t border =
        end - (held_out_of(end, selection.held_out) - held_out_of(begin, selection.held_out));
    const auto at = [&order](std::size_t index) { return order.begin() + std::ptrdiff_t(index); };
    data.train.rows.insert(data.train.rows.end(), at(begin), at(border));
    data.held_out.rows.insert(data.held_out.rows.end(), at(border), at(end));
  }
  return data;
}

Rows at_most(Rows rows, std::uint64_t count, std::uint64_t seed) {
  if (count == 0 || count >= rows.rows.size()) return rows;
  Draws(mixed_seed(seed, ~std::uint64_t{0})).shuffle(std::span(rows.rows));
  rows.rows.resize(static_cast<std::size_t>(count));
  return rows;
}

}  // namespace covey::datasets
