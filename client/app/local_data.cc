#include "client/app/local_data.h"

#include <algorithm>
#include <numeric>

#include "covey/datasets/draws.h"
#include "covey/datasets/handwriting.h"
#include "covey/datasets/mnist.h"
#include "covey/datasets/partition.h"

namespace covey::client {
namespace {

// A device of a few people: generated writers are numbered through all devices.
constexpr std::uint64_t kWritersPerDevice = 4;
constexpr std::uint64_t kTestWriters = 100;
constexpr std::uint64_t kFirstTestWriter = std::uint64_t{1} << 40;
constexpr std::size_t kTestDigits = 2'000;

void append(const datasets::Examples& more, datasets::Examples& all) {
  all.shape = more.shape;
  all.classes = more.classes;
  all.features.insert(all.features.end(), more.features.begin(), more.features.end());
  all.labels.insert(all.labels.end(), more.labels.begin(), more.labels.end());
}

datasets::Examples generate(std::uint64_t first_writer, std::uint64_t writers, std::size_t count,
                            std::uint64_t seed) {
  datasets::Examples all;
  for (std::uint64_t i = 0; i < writers; ++i) {
    const std::size_t share = count * (i + 1) / writers - count * i / writers;
    append(datasets::generate_handwriting(first_writer + i, share, seed), all);
  }
  return all;
}

Result<datasets::Examples> own_part_of_mnist(const DeviceConfig& config) {
  COVEY_ASSIGN_OR_RETURN(const auto digits,
                         datasets::read_mnist(config.data_folder, datasets::MnistPart::kTrain));
  auto parts = digits.writers.empty()
                   ? datasets::partition_evenly(digits.examples.size(), config.parts, config.seed)
                   : datasets::partition_by_writer(digits.writers, config.parts, config.seed);
  if (!parts) return std::move(parts).error();
  return digits.examples.subset((*parts)[config.part]);
}

}  // namespace

Result<LocalData> load_local_data(const DeviceConfig& config) {
  datasets::Examples all;
  if (config.data == "mnist") {
    COVEY_ASSIGN_OR_RETURN(all, own_part_of_mnist(config));
  } else {
    all =
        generate(config.part * kWritersPerDevice, kWritersPerDevice, config.examples, config.seed);
  }
  std::vector<std::size_t> order(all.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  datasets::Draws draws(datasets::mixed_seed(config.seed, config.part));
  draws.shuffle(std::span(order));
  order.resize(std::min<std::size_t>(order.size(), config.examples));
  const auto held_out =
      static_cast<std::size_t>(static_cast<double>(order.size()) * config.held_out);
  const std::span<const std::size_t> indices(order);
  return LocalData{all.subset(indices.subspan(held_out)), all.subset(indices.first(held_out))};
}

Result<datasets::Examples> load_test_data(const std::string& mnist_folder, std::uint64_t seed) {
  if (mnist_folder.empty()) return generate(kFirstTestWriter, kTestWriters, kTestDigits, seed);
  COVEY_ASSIGN_OR_RETURN(auto digits,
                         datasets::read_mnist(mnist_folder, datasets::MnistPart::kTest));
  return std::move(digits.examples);
}

}  // namespace covey::client
