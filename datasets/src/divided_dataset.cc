#include <algorithm>
#include <optional>
#include <set>

#include "covey/crypto/transcript.h"
#include "covey/datasets/partition.h"
#include "datasets/src/loaded_data.h"
#include "datasets/src/number_text.h"
#include "datasets/src/selection.h"

namespace covey::datasets {
namespace {

// One table that every device has some rows of.
class DividedDataset final : public FederatedDataset {
 public:
  // `how`: for the description; `is_device_a_key`: each part has all the examples of one key.
  DividedDataset(LoadedData data, Partition parts, const DataSettings& settings, std::string how,
                 bool is_device_a_key)
      : data_(std::move(data)),
        parts_(std::move(parts)),
        selection_{settings.examples, settings.held_out, settings.seed},
        how_(std::move(how)),
        is_device_a_key_(is_device_a_key) {
    data_.test = at_most(std::move(data_.test), settings.test_examples, settings.seed);
  }

  std::string description() const override {
    return data_.name + ", " + count_of(parts_.size(), "device") + ", " + how_;
  }
  std::size_t devices() const override { return parts_.size(); }
  std::string device_name(std::size_t device) const override {
    if (!is_device_a_key_) return "device " + std::to_string(device);
    const std::int32_t key = data_.keys[parts_[device].front()];
    return data_.key_name + " " +
           (data_.key_values.empty() ? std::to_string(key)
                                     : data_.key_values[static_cast<std::size_t>(key)]);
  }
  std::size_t examples_of(std::size_t device) const override {
    return training_size(selection_, parts_[device].size());
  }
  Result<DeviceData> device(std::size_t device) const override {
    if (data_.is_sequence && !data_.keys.empty()) {
      return select_by_time(selection_, device, data_.train, parts_[device], data_.keys);
    }
    return select(selection_, device, data_.train, parts_[device]);
  }
  const Rows& test() const override { return data_.test; }

  std::vector<std::uint64_t> shape() const override { return data_.train->shape; }
  std::int64_t outputs() const override { return is_classification() ? data_.train->classes : 1; }
  bool is_classification() const override { return data_.train->classes > 0; }
  Digest schema() const override { return schema_digest(data_.schema); }

 private:
  LoadedData data_;
  Partition parts_;
  Selection selection_;
  std::string how_;
  bool is_device_a_key_ = false;
};

Result<std::unique_ptr<FederatedDataset>> divide_by_key(LoadedData data,
                                                        const DataSettings& settings) {
  if (data.keys.empty()) {
    return invalid_argument("nothing in the data says whose an example is");
  }
  const std::set<std::int32_t> keys(data.keys.begin(), data.keys.end());
  const bool is_device_a_key = settings.devices == 0 || settings.devices == keys.size();
  const std::size_t devices = is_device_a_key ? 0 : static_cast<std::size_t>(settings.devices);
  COVEY_ASSIGN_OR_RETURN(Partition parts, partition_by_key(data.keys, devices, settings.seed));
  const std::string how =
      (is_device_a_key ? "one " + data.key_name + " each" : "whole " + data.key_name + "s each");
  return std::unique_ptr<FederatedDataset>(std::make_unique<DividedDataset>(
      std::move(data), std::move(parts), settings, how, is_device_a_key));
}

struct Division {
  Partition parts;
  std::string how;
};

Result<Division> division_of(const Examples& examples, const std::string& partition,
                             const DataSettings& settings) {
  const auto devices = static_cast<std::size_t>(settings.devices);
  Division division;
  if (partition == "iid") {
    division.how = "evenly";
    COVEY_ASSIGN_OR_RETURN(division.parts, partition_iid(examples.size(), devices, settings.seed));
    return division;
  }
  if (partition == "quantity") {
    division.how = "sizes by a power law of exponent " + number_text(settings.exponent);
    COVEY_ASSIGN_OR_RETURN(division.parts, partition_by_quantity(examples.size(), devices,
                                                                 settings.exponent, settings.seed));
    return division;
  }
  if (examples.classes == 0 || examples.labels_per_example != 1) {
    return invalid_argument("it goes by an example's class, and here it has " +
                            std::string(examples.classes == 0 ? "a number" : "many of them") +
                            " to learn; 'iid' and 'quantity' fit all data");
  }
  if (partition == "shards") {
    division.how = count_of(settings.shards, "shard") + " each";
    COVEY_ASSIGN_OR_RETURN(
        division.parts,
        partition_by_shards(examples.labels, devices, static_cast<std::size_t>(settings.shards),
                            settings.seed));
    return division;
  }
  division.how = "classes by Dirichlet " + number_text(settings.alpha);
  COVEY_ASSIGN_OR_RETURN(division.parts, partition_by_dirichlet(examples.labels, devices,
                                                                settings.alpha, settings.seed));
  return division;
}

}  // namespace

Digest schema_digest(const std::string& text) {
  return crypto::Transcript("covey/v1/data-schema").field(text).digest();
}

Result<std::unique_ptr<FederatedDataset>> divide(LoadedData data, const DataSettings& settings) {
  std::string partition = settings.partition;
  if (partition.empty()) partition = data.keys.empty() ? "iid" : "natural";
  const std::string what = "partition '" + partition + "' of " + data.name + ": ";
  if (partition == "natural") {
    auto divided = divide_by_key(std::move(data), settings);
    if (divided) return divided;
    return Error{divided.error().code, what + divided.error().message};
  }
  auto division = division_of(*data.train, partition, settings);
  if (!division) return Error{division.error().code, what + division.error().message};
  return std::unique_ptr<FederatedDataset>(std::make_unique<DividedDataset>(
      std::move(data), std::move(division->parts), settings, division->how, false));
}

}  // namespace covey::datasets
