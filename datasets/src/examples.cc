#include "covey/datasets/examples.h"

#include <functional>
#include <numeric>

namespace covey::datasets {

std::size_t Examples::size() const {
  return classes > 0 ? labels.size() / static_cast<std::size_t>(labels_per_example)
                     : targets.size();
}

std::size_t Examples::width() const {
  return static_cast<std::size_t>(
      std::accumulate(shape.begin(), shape.end(), std::uint64_t{1}, std::multiplies<>()));
}

Examples Examples::subset(std::span<const std::size_t> indices) const {
  Examples part{shape, {}, {}, classes, labels_per_example, {}};
  const auto append = [&indices](const auto& from, std::size_t wide, auto& to) {
    to.reserve(indices.size() * wide);
    for (const std::size_t index : indices) {
      const auto example = std::span(from).subspan(index * wide, wide);
      to.insert(to.end(), example.begin(), example.end());
    }
  };
  append(features, width(), part.features);
  if (classes > 0) {
    append(labels, static_cast<std::size_t>(labels_per_example), part.labels);
  } else {
    append(targets, 1, part.targets);
  }
  return part;
}

Rows Rows::all_of(Examples examples) {
  Rows all;
  all.rows.resize(examples.size());
  std::iota(all.rows.begin(), all.rows.end(), std::int64_t{0});
  all.table = std::make_shared<const Examples>(std::move(examples));
  return all;
}

Examples Rows::copied() const {
  if (table == nullptr) return {};
  const std::vector<std::size_t> indices(rows.begin(), rows.end());
  return table->subset(indices);
}

}  // namespace covey::datasets
