#include "simulation/output/partition_picture.h"

#include <algorithm>
#include <numeric>

namespace covey::simulation {
namespace {

constexpr std::uint64_t kBins = 20;

std::vector<std::uint64_t> labels_of(const datasets::Rows& rows, std::uint64_t classes) {
  std::vector<std::uint64_t> counts(classes);
  if (rows.table == nullptr) return counts;
  const std::uint64_t each = rows.table->labels_per_example;
  for (const std::int64_t row : rows.rows) {
    for (std::uint64_t i = 0; i < each; ++i) {
      const std::size_t at = static_cast<std::size_t>(row) * each + i;
      if (at >= rows.table->labels.size()) continue;
      const auto label = static_cast<std::uint64_t>(rows.table->labels[at]);
      if (label < classes) ++counts[label];
    }
  }
  return counts;
}

}  // namespace

std::vector<SizeBin> size_bins(const std::vector<std::uint64_t>& sizes) {
  if (sizes.empty()) return {};
  const auto [least, most] = std::ranges::minmax_element(sizes);
  const std::uint64_t width = (*most - *least) / kBins + 1;
  std::vector<SizeBin> bins((*most - *least) / width + 1);
  for (std::size_t i = 0; i < bins.size(); ++i) {
    bins[i].low = *least + i * width;
    bins[i].high = bins[i].low + width - 1;
  }
  for (const std::uint64_t size : sizes) ++bins[(size - *least) / width].devices;
  return bins;
}

Result<PartitionPicture> picture_of(const datasets::FederatedDataset& dataset) {
  PartitionPicture picture;
  picture.devices = dataset.devices();
  if (dataset.is_classification()) picture.classes = static_cast<std::uint64_t>(dataset.outputs());
  std::vector<std::uint64_t> sizes(dataset.devices());
  for (std::size_t device = 0; device < sizes.size(); ++device) {
    sizes[device] = dataset.examples_of(device);
  }
  picture.sizes = size_bins(sizes);
  if (sizes.empty()) return picture;
  picture.examples = std::accumulate(sizes.begin(), sizes.end(), std::uint64_t{0});
  picture.smallest = std::ranges::min(sizes);
  picture.largest = std::ranges::max(sizes);
  const std::size_t shown = std::min(sizes.size(), kMostShown);
  for (std::size_t i = 0; i < shown; ++i) {
    const std::size_t device = i * sizes.size() / shown;
    DevicePicture one{dataset.device_name(device), sizes[device], {}};
    if (picture.classes > 0) {
      COVEY_ASSIGN_OR_RETURN(const datasets::DeviceData data, dataset.device(device));
      one.labels = labels_of(data.train, picture.classes);
    }
    picture.shown.push_back(std::move(one));
  }
  return picture;
}

}  // namespace covey::simulation
