#include <algorithm>
#include <numeric>

#include "covey/datasets/handwriting.h"
#include "datasets/src/loaded_data.h"
#include "datasets/src/number_text.h"
#include "datasets/src/selection.h"

namespace covey::datasets {
namespace {

// A device of a few people: writers are numbered through all devices.
constexpr std::uint64_t kWritersPerDevice = 4;
constexpr std::uint64_t kTestWriters = 100;
constexpr std::uint64_t kFirstTestWriter = std::uint64_t{1} << 40;
constexpr std::uint64_t kMostTableExamples = 200'000;

std::uint64_t or_default(std::uint64_t value, std::uint64_t by_default) {
  return value == 0 ? by_default : value;
}

// `count` digits that `writers` people share, some one more than others.
void append_digits(std::uint64_t first_writer, std::uint64_t writers, std::uint64_t count,
                   std::uint64_t seed, Examples& all) {
  all.features.reserve(all.features.size() + static_cast<std::size_t>(count) * 28 * 28);
  for (std::uint64_t i = 0; i < writers; ++i) {
    const std::uint64_t share = count * (i + 1) / writers - count * i / writers;
    const Examples some =
        generate_handwriting(first_writer + i, static_cast<std::size_t>(share), seed);
    all.shape = some.shape;
    all.classes = some.classes;
    all.features.insert(all.features.end(), some.features.begin(), some.features.end());
    all.labels.insert(all.labels.end(), some.labels.begin(), some.labels.end());
  }
}

Rows unseen_digits(const DataSettings& settings) {
  if (!settings.has_test) return {};
  Examples digits;
  append_digits(kFirstTestWriter, kTestWriters,
                or_default(settings.test_examples, kGeneratedTestExamples), settings.seed, digits);
  return Rows::all_of(std::move(digits));
}

class Handwriting final : public FederatedDataset {
 public:
  explicit Handwriting(const DataSettings& settings)
      : devices_(static_cast<std::size_t>(settings.devices)),
        selection_{or_default(settings.examples, kGeneratedExamples), settings.held_out,
                   settings.seed},
        test_(unseen_digits(settings)) {}

  std::string description() const override {
    return "handwriting, " + count_of(devices_, "device") + ", " +
           std::to_string(kWritersPerDevice) + " writers each";
  }
  std::size_t devices() const override { return devices_; }
  std::string device_name(std::size_t device) const override {
    return "device " + std::to_string(device);
  }
  std::size_t examples_of(std::size_t) const override {
    return training_size(selection_, static_cast<std::size_t>(selection_.examples));
  }
  Result<DeviceData> device(std::size_t device) const override {
    Examples digits;
    append_digits(device * kWritersPerDevice, kWritersPerDevice, selection_.examples,
                  selection_.seed, digits);
    std::vector<std::size_t> rows(digits.size());
    std::iota(rows.begin(), rows.end(), std::size_t{0});
    return select(selection_, device, std::make_shared<const Examples>(std::move(digits)), rows);
  }
  const Rows& test() const override { return test_; }

  std::vector<std::uint64_t> shape() const override { return {1, 28, 28}; }
  std::int64_t outputs() const override { return 10; }
  bool is_classification() const override { return true; }
  Digest schema() const override { return schema_digest(kDigitsSchema); }

 private:
  std::size_t devices_ = 0;
  Selection selection_;
  Rows test_;
};

}  // namespace

std::unique_ptr<FederatedDataset> open_handwriting(const DataSettings& settings) {
  return std::make_unique<Handwriting>(settings);
}

Result<LoadedData> generate_handwriting_table(const DataSettings& settings) {
  const std::uint64_t each = or_default(settings.examples, kGeneratedExamples);
  if (settings.devices == 0 || settings.devices > kMostTableExamples / each) {
    return invalid_argument(
        "handwriting: with partition '" + settings.partition +
        "' all digits are drawn at first, of 1 device or more and at most 200,000; found " +
        count_of(settings.devices, "device") + " with " + count_of(each, "example") +
        "; 'natural' draws them when they are needed, and has no such limit");
  }
  LoadedData data;
  data.name = "handwriting";
  data.schema = kDigitsSchema;
  Examples digits;
  append_digits(0, settings.devices * kWritersPerDevice, settings.devices * each, settings.seed,
                digits);
  data.train = std::make_shared<const Examples>(std::move(digits));
  data.test = unseen_digits(settings);
  return data;
}

}  // namespace covey::datasets
