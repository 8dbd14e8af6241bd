#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace covey::datasets {

// Labelled examples for classification, as values: `features` holds size() x width() floats, one
// example after another, each of `shape` in row-major order (1 x 28 x 28 for digits).
struct Examples {
  std::vector<std::uint64_t> shape;  // of one example
  std::vector<float> features;
  std::vector<std::int64_t> labels;  // 0 … classes - 1
  std::int64_t classes = 0;

  std::size_t size() const { return labels.size(); }
  std::size_t width() const;  // floats of one example
  // The examples at `indices`, all below size(), in that order.
  Examples subset(std::span<const std::size_t> indices) const;
};

}  // namespace covey::datasets
