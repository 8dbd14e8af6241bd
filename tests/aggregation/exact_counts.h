#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

// Counting in whole numbers, for the naive twins of hypergeometric tails.
namespace covey::testing {

// C(n, k) for n <= 60; 0 outside 0 <= k <= n.
inline std::uint64_t choose(std::int64_t n, std::int64_t k) {
  static const auto triangle = [] {
    std::vector<std::vector<std::uint64_t>> rows(61, std::vector<std::uint64_t>(61, 0));
    for (std::size_t i = 0; i <= 60; ++i) {
      rows[i][0] = 1;
      for (std::size_t j = 1; j <= i; ++j) rows[i][j] = rows[i - 1][j - 1] + rows[i - 1][j];
    }
    return rows;
  }();
  if (n < 0 || k < 0 || k > n) return 0;
  return triangle[static_cast<std::size_t>(n)][static_cast<std::size_t>(k)];
}

// The draws of k out of a population, `marked` of them marked, that hit from `least` to `most`
// marked ones.
inline std::uint64_t draws_that_hit(std::int64_t population, std::int64_t marked, std::int64_t k,
                                    std::int64_t least, std::int64_t most) {
  std::uint64_t count = 0;
  for (std::int64_t hits = least; hits <= most; ++hits) {
    count += choose(marked, hits) * choose(population - marked, k - hits);
  }
  return count;
}

}  // namespace covey::testing
