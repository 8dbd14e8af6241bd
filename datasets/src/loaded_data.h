#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "covey/base/result.h"
#include "covey/datasets/federated_dataset.h"

namespace covey::datasets {

// A dataset as a whole, before it is divided among devices.
struct LoadedData {
  std::string name;    // "MNIST"
  std::string schema;  // columns, types, ranges and classes as text: what its digest is over
  std::shared_ptr<const Examples> train;  // shared by every device's rows
  Rows test;

  // Whose each training example is; empty, with the two after it, when nobody can tell.
  std::vector<std::int32_t> keys;
  std::string key_name;                 // "writer"
  std::vector<std::string> key_values;  // by key; empty: a key is its own name
  // The examples of a key follow one another in time, so the last ones are held out.
  bool is_sequence = false;
};

// The loaders, by name of the dataset; `path` is a folder or a file, as the catalogue says.
Result<LoadedData> load_mnist(const std::filesystem::path& path, const DataSettings& settings);
Result<LoadedData> load_idx(const std::filesystem::path& path, const DataSettings& settings);
Result<LoadedData> load_cifar10(const std::filesystem::path& path, const DataSettings& settings);
Result<LoadedData> load_text(const std::filesystem::path& path, const DataSettings& settings);
Result<LoadedData> load_turbofan(const std::filesystem::path& path, const DataSettings& settings);
Result<LoadedData> load_csv(const std::filesystem::path& path,
                            const std::filesystem::path& schema_path, const DataSettings& settings);
// Generated, by settings.seed.
Result<LoadedData> generate_synthetic(const DataSettings& settings);
Result<LoadedData> generate_handwriting_table(const DataSettings& settings);

Digest schema_digest(const std::string& text);

// What generated digits and MNIST's are alike.
extern const char* const kDigitsSchema;

// Every example is each device's writers', drawn when the device is asked for.
std::unique_ptr<FederatedDataset> open_handwriting(const DataSettings& settings);

// As the settings say. kInvalidArgument, naming dataset and partition.
Result<std::unique_ptr<FederatedDataset>> divide(LoadedData data, const DataSettings& settings);

// What the settings mean by a `partition` or `examples` that is not given.
inline constexpr std::uint64_t kGeneratedExamples = 200;
inline constexpr std::uint64_t kGeneratedTestExamples = 2'000;

}  // namespace covey::datasets
