#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "covey/base/bytes.h"
#include "covey/base/result.h"
#include "covey/datasets/examples.h"

namespace covey::datasets {

// What one device has to learn from.
struct DeviceData {
  Rows train;
  Rows held_out;  // of the same device, for federated evaluation; may be empty
};

// Examples divided among devices, and a test set that no device has. Implement it to bring data of
// your own. Safe to read from many threads.
class FederatedDataset {
 public:
  virtual ~FederatedDataset() = default;

  virtual std::string description() const = 0;  // one line: "MNIST, 100 devices, 2 shards each"
  virtual std::size_t devices() const = 0;
  virtual std::string device_name(std::size_t device) const = 0;  // "writer 1045", "device 17"
  // Of the training part; cheap, since every device is asked.
  virtual std::size_t examples_of(std::size_t device) const = 0;
  // Errors of generating or reading it. `device` is below devices(), here and elsewhere.
  virtual Result<DeviceData> device(std::size_t device) const = 0;
  virtual const Rows& test() const = 0;  // may be empty

  // What an example is, whoever has it: the shape, and what comes out.
  virtual std::vector<std::uint64_t> shape() const = 0;  // of one example
  virtual std::int64_t outputs() const = 0;              // classes, or 1 for a number
  virtual bool is_classification() const = 0;
  // SHA-256 over a description of columns, types and ranges: devices and task must agree on it.
  virtual Digest schema() const = 0;
};

// The [data] section of a task file.
struct DataSettings {
  std::string dataset = "handwriting";  // a name of dataset_catalogue()
  std::string path;                 // file or folder; empty: $COVEY_DATA_DIR/<the dataset's name>
  std::string partition;            // a name of partition_catalogue(); empty: "natural", else "iid"
  std::uint64_t devices = 100;      // 0, natural partition only: as many as there are writers, …
  std::uint64_t examples = 0;       // a device's, at most; 0: all. Generated: on average; 0: 200
  double held_out = 0;              // fraction of each device's examples, [0, 0.9]
  std::uint64_t shards = 2;         // "shards": of each device
  double alpha = 0.5;               // "dirichlet": concentration; "synthetic": α
  double beta = 0.5;                // "synthetic": β
  double exponent = 1.0;            // "quantity" and "synthetic": of the power law
  std::uint64_t test_examples = 0;  // at most; 0: all of a file's, 2,000 generated ones
  std::uint64_t window = 0;         // "turbofan": cycles, 0: 30; "text": characters, 0: 80
  std::string csv_schema;           // "csv": path of the schema file (TOML)
  std::uint64_t seed = 1;
  bool has_test = true;  // false, for a device, which needs none: test() is empty
};

// Opens or generates it. `base_folder`: what relative paths are relative to; empty: the working
// folder. The same settings and files give the same bits on every machine. kInvalidArgument for
// settings that do not go together, naming the setting, what was found and what is legal; kNotFound
// naming the path that was looked for, and COVEY_DATA_DIR.
Result<std::unique_ptr<FederatedDataset>> open_dataset(const DataSettings& settings,
                                                       const std::string& base_folder);

// For `covey sim datasets` and `covey sim partitions`.
struct CatalogueEntry {
  std::string_view name;
  std::string_view summary;   // one line
  std::string_view settings;  // which settings it looks at, and what they default to
};
std::span<const CatalogueEntry> dataset_catalogue();
std::span<const CatalogueEntry> partition_catalogue();

}  // namespace covey::datasets
