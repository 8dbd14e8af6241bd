#include "covey/datasets/examples.h"

#include <functional>
#include <numeric>

namespace covey::datasets {

std::size_t Examples::width() const {
  return static_cast<std::size_t>(
      std::accumulate(shape.begin(), shape.end(), std::uint64_t{1}, std::multiplies<>()));
}

Examples Examples::subset(std::span<const std::size_t> indices) const {
  Examples part{shape, {}, {}, classes};
  const std::size_t wide = width();
  part.features.reserve(indices.size() * wide);
  part.labels.reserve(indices.size());
  for (const std::size_t index : indices) {
    const auto example = std::span(features).subspan(index * wide, wide);
    part.features.insert(part.features.end(), example.begin(), example.end());
    part.labels.push_back(labels[index]);
  }
  return part;
}

}  // namespace covey::datasets
