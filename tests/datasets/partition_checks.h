#pragma once

#include <algorithm>
#include <set>

#include "covey/datasets/partition.h"
#include "support/catch.h"

namespace covey::datasets::testing {

// Every example is in one part, every part is sorted and none is empty.
inline void check_covers(const Partition& parts, std::size_t examples) {
  std::set<std::size_t> seen;
  std::size_t total = 0;
  for (const auto& part : parts) {
    CHECK(std::is_sorted(part.begin(), part.end()));
    CHECK_FALSE(part.empty());
    seen.insert(part.begin(), part.end());
    total += part.size();
  }
  CHECK(total == examples);
  CHECK(seen.size() == examples);
  CHECK((examples == 0 || *seen.rbegin() == examples - 1));
}

}  // namespace covey::datasets::testing
