#include "simulation/output/partition_picture.h"

#include <numeric>

#include "simulation/output_support.h"
#include "support/catch.h"

namespace covey::simulation::testing {

TEST_CASE("the picture of a partition has each device's size and labels", "[output]") {
  const PartitionPicture picture = *picture_of(SmallDataset(5));
  CHECK(picture.devices == 5);
  CHECK(picture.examples == 1 + 2 + 3 + 4 + 5);
  CHECK(picture.smallest == 1);
  CHECK(picture.largest == 5);
  CHECK(picture.classes == 3);
  REQUIRE(picture.shown.size() == 5);
  CHECK(picture.shown[4].name == "device 4");
  CHECK(picture.shown[4].labels == std::vector<std::uint64_t>{0, 5, 0});
}

TEST_CASE("of many devices some are shown, evenly picked, but all are counted", "[output]") {
  const PartitionPicture picture = *picture_of(SmallDataset(600));
  REQUIRE(picture.shown.size() == kMostShown);
  CHECK(picture.shown[0].name == "device 0");
  CHECK(picture.shown[1].name == "device 10");
  CHECK(picture.shown[59].name == "device 590");
  std::uint64_t counted = 0;
  for (const SizeBin& bin : picture.sizes) counted += bin.devices;
  CHECK(counted == 600);
}

TEST_CASE("bins of sizes join without gaps and hold every device once", "[output]") {
  for (const std::vector<std::uint64_t>& sizes : {std::vector<std::uint64_t>{7},
                                                  {0, 0, 0},
                                                  {1, 2},
                                                  {5, 100, 1000},
                                                  {3, 22},
                                                  {3, 23},
                                                  {3, 24}}) {
    const std::vector<SizeBin> bins = size_bins(sizes);
    REQUIRE_FALSE(bins.empty());
    CHECK(bins.size() <= 21);
    for (std::size_t i = 0; i < bins.size(); ++i) {
      std::uint64_t inside = 0;
      for (const std::uint64_t size : sizes) inside += size >= bins[i].low && size <= bins[i].high;
      CHECK(bins[i].devices == inside);
      if (i > 0) CHECK(bins[i].low == bins[i - 1].high + 1);
    }
    std::uint64_t all = 0;
    for (const SizeBin& bin : bins) all += bin.devices;
    CHECK(all == sizes.size());
  }
  CHECK(size_bins({}).empty());
}

TEST_CASE("a dataset without devices has a picture, too", "[output]") {
  CHECK(picture_of(SmallDataset(0))->shown.empty());
}

}  // namespace covey::simulation::testing
