#include <algorithm>
#include <cstdlib>

#include "covey/settings/nearest_name.h"
#include "datasets/src/loaded_data.h"
#include "datasets/src/number_text.h"

namespace covey::datasets {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMostDevices = 1'000'000;
constexpr std::uint64_t kMostExamples = 1'000'000'000;
constexpr std::uint64_t kMostShards = 1'000;
constexpr std::uint64_t kMostWindow = 512;

Status check_name(const char* setting, const std::string& value,
                  std::span<const CatalogueEntry> catalogue) {
  std::vector<std::string_view> names;
  for (const CatalogueEntry& entry : catalogue) names.push_back(entry.name);
  if (std::ranges::find(names, value) != names.end()) return {};
  std::string advice = settings::did_you_mean(value, names);
  if (advice.empty()) {
    advice = "; legal:";
    for (const std::string_view name : names) advice += " " + std::string(name);
  }
  return invalid_argument(std::string("[data] ") + setting + " '" + value + "' is not known" +
                          advice);
}

Status check_whole(const char* setting, std::uint64_t value, std::uint64_t low,
                   std::uint64_t high) {
  if (value >= low && value <= high) return {};
  return invalid_argument(std::string("[data] ") + setting + " is " + std::to_string(low) + " to " +
                          std::to_string(high) + ", not " + std::to_string(value));
}

Status check_number(const char* setting, double value, double low, double high) {
  if (value >= low && value <= high) return {};  // no NaN is
  return invalid_argument(std::string("[data] ") + setting + " is " + number_text(low) + " to " +
                          number_text(high) + ", not " + number_text(value));
}

Status check(const DataSettings& settings) {
  COVEY_RETURN_IF_ERROR(check_name("dataset", settings.dataset, dataset_catalogue()));
  if (!settings.partition.empty()) {
    COVEY_RETURN_IF_ERROR(check_name("partition", settings.partition, partition_catalogue()));
  }
  COVEY_RETURN_IF_ERROR(check_whole("devices", settings.devices, 0, kMostDevices));
  COVEY_RETURN_IF_ERROR(check_whole("examples", settings.examples, 0, kMostExamples));
  COVEY_RETURN_IF_ERROR(check_whole("test_examples", settings.test_examples, 0, kMostExamples));
  COVEY_RETURN_IF_ERROR(check_whole("shards", settings.shards, 1, kMostShards));
  COVEY_RETURN_IF_ERROR(check_whole("window", settings.window, 0, kMostWindow));
  COVEY_RETURN_IF_ERROR(check_number("held_out", settings.held_out, 0, 0.9));
  COVEY_RETURN_IF_ERROR(check_number("exponent", settings.exponent, 0, 10));
  COVEY_RETURN_IF_ERROR(check_number("beta", settings.beta, 0, 1e6));
  const bool is_dirichlet = settings.partition == "dirichlet";
  COVEY_RETURN_IF_ERROR(check_number("alpha", settings.alpha, is_dirichlet ? 1e-3 : 0, 1e6));
  if (settings.dataset == "csv" && settings.csv_schema.empty()) {
    return invalid_argument(
        "[data] csv_schema is not set: \"csv\" needs the TOML file that describes the columns");
  }
  return {};
}

bool is_natural(const DataSettings& settings) {
  return settings.partition.empty() || settings.partition == "natural";
}

Result<fs::path> place_of(const DataSettings& settings, const fs::path& base_folder) {
  if (!settings.path.empty()) return base_folder / settings.path;
  const char* const folder = std::getenv("COVEY_DATA_DIR");
  if (folder != nullptr && *folder != '\0') return fs::path(folder) / settings.dataset;
  return Error{ErrorCode::kNotFound,
               "the data of '" + settings.dataset +
                   "' has no place: set `path` in [data], or COVEY_DATA_DIR to a folder that has "
                   "one named " +
                   settings.dataset};
}

Result<LoadedData> load(const DataSettings& settings, const fs::path& base_folder) {
  COVEY_ASSIGN_OR_RETURN(const fs::path path, place_of(settings, base_folder));
  if (settings.dataset == "mnist") return load_mnist(path, settings);
  if (settings.dataset == "idx") return load_idx(path, settings);
  if (settings.dataset == "cifar10") return load_cifar10(path, settings);
  if (settings.dataset == "text") return load_text(path, settings);
  if (settings.dataset == "turbofan") return load_turbofan(path, settings);
  return load_csv(path, base_folder / settings.csv_schema, settings);
}

// Of what is drawn, `examples` is how many are drawn, which no device is limited to.
Result<std::unique_ptr<FederatedDataset>> open_generated(const DataSettings& settings) {
  DataSettings unlimited = settings;
  unlimited.examples = 0;
  if (settings.dataset == "synthetic") {
    COVEY_ASSIGN_OR_RETURN(LoadedData data, generate_synthetic(settings));
    return divide(std::move(data), unlimited);
  }
  if (!is_natural(settings)) {
    COVEY_ASSIGN_OR_RETURN(LoadedData data, generate_handwriting_table(settings));
    return divide(std::move(data), unlimited);
  }
  COVEY_RETURN_IF_ERROR(check_whole("devices", settings.devices, 1, kMostDevices));
  return open_handwriting(settings);
}

}  // namespace

Result<std::unique_ptr<FederatedDataset>> open_dataset(const DataSettings& settings,
                                                       const std::string& base_folder) {
  COVEY_RETURN_IF_ERROR(check(settings));
  if (settings.dataset == "handwriting" || settings.dataset == "synthetic") {
    return open_generated(settings);
  }
  COVEY_ASSIGN_OR_RETURN(LoadedData data, load(settings, base_folder));
  return divide(std::move(data), settings);
}

}  // namespace covey::datasets
