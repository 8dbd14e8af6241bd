#include "client/app/local_data.h"

#include "covey/datasets/federated_dataset.h"
#include "covey/datasets/mnist.h"

namespace covey::client {
namespace {

// A table of their own, so that the rest of the data does not stay in this process's memory.
datasets::Rows alone(const datasets::Rows& rows) { return datasets::Rows::all_of(rows.copied()); }

}  // namespace

Result<LocalData> load_local_data(const DeviceConfig& config) {
  datasets::DataSettings settings;
  settings.dataset = config.data;
  settings.path = config.data_folder;
  settings.devices = config.parts;
  settings.examples = config.examples;
  settings.held_out = config.held_out;
  settings.seed = config.seed;
  settings.has_test = false;
  COVEY_ASSIGN_OR_RETURN(const auto dataset, datasets::open_dataset(settings, ""));
  COVEY_ASSIGN_OR_RETURN(const auto data, dataset->device(config.part));
  return LocalData{alone(data.train), alone(data.held_out)};
}

Result<datasets::Rows> load_test_data(const std::string& mnist_folder, std::uint64_t seed) {
  if (mnist_folder.empty()) {
    datasets::DataSettings settings;
    settings.seed = seed;
    COVEY_ASSIGN_OR_RETURN(const auto dataset, datasets::open_dataset(settings, ""));
    return dataset->test();
  }
  COVEY_ASSIGN_OR_RETURN(auto digits,
                         datasets::read_mnist(mnist_folder, datasets::MnistPart::kTest));
  return datasets::Rows::all_of(std::move(digits.examples));
}

}  // namespace covey::client
