#include <algorithm>
#include <array>

#include "datasets/src/gz_file.h"
#include "datasets/src/loaded_data.h"

namespace covey::datasets {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kChannels = 3;
constexpr std::size_t kChannelPixels = 32 * 32;
constexpr std::size_t kPixels = kChannels * kChannelPixels;
constexpr std::uint64_t kMostRecords = 100'000;  // of a file

// Mean and deviation of red, green and blue over the 50,000 training images.
constexpr std::array<float, kChannels> kMean = {0.4914f, 0.4822f, 0.4465f};
constexpr std::array<float, kChannels> kDeviation = {0.2470f, 0.2435f, 0.2616f};

using ValueOf = std::array<std::array<float, 256>, kChannels>;

ValueOf normalised_values() {
  ValueOf value_of;
  for (std::size_t channel = 0; channel < kChannels; ++channel) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const float value = static_cast<float>(byte) / 255.0f;
      value_of[channel][byte] = (value - kMean[channel]) / kDeviation[channel];
    }
  }
  return value_of;
}

// Records of a class and the pixels, channel by channel, each row by row.
Status append_file(const fs::path& path, Examples& examples) {
  COVEY_ASSIGN_OR_RETURN(GzFile file, GzFile::open(path));
  COVEY_ASSIGN_OR_RETURN(const Bytes bytes, file.read_up_to(kMostRecords * (kPixels + 1) + 1));
  if (bytes.empty() || bytes.size() % (kPixels + 1) != 0) {
    return file.refused("expected records of 3073 bytes, as CIFAR-10's binary version has, found " +
                        std::to_string(bytes.size()) + " bytes");
  }
  const ValueOf value_of = normalised_values();
  for (std::size_t at = 0; at < bytes.size(); at += kPixels + 1) {
    if (bytes[at] >= examples.classes) {
      return file.refused("record " + std::to_string(at / (kPixels + 1)) +
                          ": expected a class from 0 to 9, found " + std::to_string(bytes[at]));
    }
    examples.labels.push_back(bytes[at]);
    for (std::size_t channel = 0; channel < kChannels; ++channel) {
      const auto pixels =
          ByteView(bytes).subspan(at + 1 + channel * kChannelPixels, kChannelPixels);
      for (const std::uint8_t pixel : pixels) {
        examples.features.push_back(value_of[channel][pixel]);
      }
    }
  }
  return {};
}

Examples no_images() { return {{kChannels, 32, 32}, {}, {}, 10}; }

}  // namespace

Result<LoadedData> load_cifar10(const fs::path& path, const DataSettings& settings) {
  std::error_code ignored;
  const fs::path unpacked = path / "cifar-10-batches-bin";  // as its archive has it
  const fs::path folder = fs::is_directory(unpacked, ignored) ? unpacked : path;
  LoadedData data;
  data.name = "CIFAR-10";
  data.schema =
      "CIFAR-10 1; features: 3 x 32 x 32, f32, red, green and blue of 0 to 1, less 0.4914, 0.4822 "
      "and 0.4465, by 0.2470, 0.2435 and 0.2616; class: 0 to 9";
  Examples train = no_images();
  train.features.reserve(50'000 * kPixels);
  for (int batch = 1; batch <= 5; ++batch) {
    const std::string name = "data_batch_" + std::to_string(batch) + ".bin";
    COVEY_RETURN_IF_ERROR(append_file(plain_or_gzipped(folder, name), train));
  }
  data.train = std::make_shared<const Examples>(std::move(train));
  if (!settings.has_test) return data;
  Examples test = no_images();
  COVEY_RETURN_IF_ERROR(append_file(plain_or_gzipped(folder, "test_batch.bin"), test));
  data.test = Rows::all_of(std::move(test));
  return data;
}

}  // namespace covey::datasets
