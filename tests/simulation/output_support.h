#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "covey/datasets/federated_dataset.h"
#include "simulation/output/run_folder.h"

// What tests of a run's output stand on: made-up rounds, and a folder for files.
namespace covey::simulation::testing {

// An empty folder that goes away with this object.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  std::string path(const std::string& name = "") const;

 private:
  std::filesystem::path path_;
};

std::string read_file(const std::string& path);
void write_file(const std::string& path, std::string_view text);
bool has(std::string_view text, std::string_view part);
std::size_t occurrences(std::string_view text, std::string_view part);
// Every element of it is closed, in order; style and scripts are passed over.
bool is_well_formed(const std::string& html);

// Round `round` of a run in which all goes well; round 4 is aborted.
RoundResult result_of(std::uint64_t round);
std::vector<RoundResult> results_of(std::uint64_t rounds);
RunInfo info_of_test();

// Devices 0 … devices - 1, device i with i + 1 examples, all of class i modulo 3.
class SmallDataset final : public datasets::FederatedDataset {
 public:
  explicit SmallDataset(std::size_t devices) : devices_(devices) {}
  std::string description() const override { return "small"; }
  std::size_t devices() const override { return devices_; }
  std::string device_name(std::size_t device) const override {
    return "device " + std::to_string(device);
  }
  std::size_t examples_of(std::size_t device) const override { return device + 1; }
  Result<datasets::DeviceData> device(std::size_t device) const override;
  const datasets::Rows& test() const override { return test_; }
  std::vector<std::uint64_t> shape() const override { return {1}; }
  std::int64_t outputs() const override { return 3; }
  bool is_classification() const override { return true; }
  Digest schema() const override { return {}; }

 private:
  std::size_t devices_;
  datasets::Rows test_;
};

}  // namespace covey::simulation::testing
