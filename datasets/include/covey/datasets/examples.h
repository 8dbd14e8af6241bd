#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace covey::datasets {

// Examples to learn from, as values: `features` holds size() x width() floats, one example after
// another, each of `shape` in row-major order (1 x 28 x 28 for digits). What is to be learned is
// either a class (classes above 0: labels_per_example of them for each example, as when every
// character of a text is to be predicted) or a number (classes is 0: one of `targets` for each
// example).
struct Examples {
  std::vector<std::uint64_t> shape;  // of one example
  std::vector<float> features;
  std::vector<std::int64_t> labels;  // 0 … classes - 1
  std::int64_t classes = 0;
  std::uint64_t labels_per_example = 1;
  std::vector<float> targets = {};

  std::size_t size() const;   // whole examples, by `labels` or, without classes, by `targets`
  std::size_t width() const;  // floats of one example
  // The examples at `indices`, all below size(), in that order.
  Examples subset(std::span<const std::size_t> indices) const;
};

// Some of the examples of a table that others have parts of too, so that dividing data among
// devices copies nothing. Safe to read from many threads.
struct Rows {
  std::shared_ptr<const Examples> table;  // shared by everyone who has rows of it; null: no rows
  std::vector<std::int64_t> rows;         // indices into it, in the order in which they count

  std::size_t size() const { return rows.size(); }
  static Rows all_of(Examples examples);  // a table of their own
  Examples copied() const;                // without the rest of the table
};

}  // namespace covey::datasets
