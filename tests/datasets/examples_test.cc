#include "covey/datasets/examples.h"

#include "support/catch.h"

namespace covey::datasets {

TEST_CASE("a subset holds the examples asked for, in that order", "[datasets]") {
  const Examples examples{{2}, {0, 1, 10, 11, 20, 21}, {5, 6, 7}, 8};
  const std::vector<std::size_t> indices = {2, 0};
  const Examples part = examples.subset(indices);
  CHECK(part.size() == 2);
  CHECK(part.width() == 2);
  CHECK(part.features == std::vector<float>{20, 21, 0, 1});
  CHECK(part.labels == std::vector<std::int64_t>{7, 5});
  CHECK(part.classes == 8);
}

TEST_CASE("a subset keeps all labels of an example", "[datasets]") {
  const Examples examples{{2}, {0, 1, 10, 11}, {1, 2, 3, 4}, 5, 2, {}};
  CHECK(examples.size() == 2);
  const std::vector<std::size_t> indices = {1};
  const Examples part = examples.subset(indices);
  CHECK(part.size() == 1);
  CHECK(part.features == std::vector<float>{10, 11});
  CHECK(part.labels == std::vector<std::int64_t>{3, 4});
  CHECK(part.labels_per_example == 2);
}

TEST_CASE("examples with a number to learn are counted and picked by it", "[datasets]") {
  const Examples examples{{1}, {10, 20, 30}, {}, 0, 1, {1, 2, 3}};
  CHECK(examples.size() == 3);
  const std::vector<std::size_t> indices = {2, 2};
  const Examples part = examples.subset(indices);
  CHECK(part.size() == 2);
  CHECK(part.targets == std::vector<float>{3, 3});
  CHECK(part.labels.empty());
}

TEST_CASE("rows of a table are copied out of it, in their order", "[datasets]") {
  CHECK(Rows().size() == 0);
  CHECK(Rows().copied().size() == 0);
  Rows rows = Rows::all_of({{1}, {10, 20, 30}, {0, 1, 2}, 3});
  CHECK(rows.rows == std::vector<std::int64_t>{0, 1, 2});
  rows.rows = {2, 0};
  CHECK(rows.copied().labels == std::vector<std::int64_t>{2, 0});
  CHECK(rows.copied().features == std::vector<float>{30, 10});
}

}  // namespace covey::datasets
