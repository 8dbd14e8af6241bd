#include "integration/world/device_state.h"

#include "covey/base/check.h"

namespace covey::testing {

client::FileStorage copy_of_state(const Federation& federation, int device) {
  namespace fs = std::filesystem;
  const std::string name = Federation::name_of(device);
  const fs::path copy = federation.folder() / (name + ".copy");
  fs::remove_all(copy);
  fs::create_directory(copy);
  for (const auto& entry : fs::directory_iterator(federation.folder() / name)) {
    std::error_code gone;  // a file that was being written aside
    fs::copy_file(entry.path(), copy / entry.path().filename(), gone);
  }
  auto storage = client::FileStorage::open(copy);
  COVEY_CHECK(storage.has_value());  // nobody else knows of it
  return std::move(*storage);
}

}  // namespace covey::testing
