#include "datasets/src/idx_images.h"

#include <algorithm>
#include <array>
#include <string>

#include "covey/datasets/idx.h"

namespace covey::datasets {

Result<Examples> read_idx_images(const std::filesystem::path& images_path,
                                 const std::filesystem::path& labels_path) {
  COVEY_ASSIGN_OR_RETURN(const IdxArray images, read_idx(images_path, IdxArray::Type::kU8, 3));
  COVEY_ASSIGN_OR_RETURN(const IdxArray labels, read_idx(labels_path, IdxArray::Type::kU8, 1));
  if (labels.shape[0] != images.shape[0]) {
    return invalid_argument(
        "'" + labels_path.string() + "': expected " + std::to_string(images.shape[0]) +
        " labels, one for each image, found " + std::to_string(labels.shape[0]));
  }
  std::array<float, 256> value_of;
  for (std::size_t i = 0; i < value_of.size(); ++i) value_of[i] = static_cast<float>(i) / 255.0f;

  Examples examples;
  examples.shape = {1, images.shape[1], images.shape[2]};
  examples.labels.assign(labels.bytes.begin(), labels.bytes.end());
  examples.classes = 256;
  examples.features.resize(images.bytes.size());
  std::ranges::transform(images.bytes, examples.features.begin(),
                         [&value_of](std::uint8_t pixel) { return value_of[pixel]; });
  return examples;
}

}  // namespace covey::datasets
