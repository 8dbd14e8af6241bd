#include <algorithm>

#include "datasets/src/idx_images.h"
#include "datasets/src/loaded_data.h"

namespace covey::datasets {
namespace {

namespace fs = std::filesystem;

// EMNIST's files have prefixes ("emnist-letters-train-…") and "test" where MNIST's have "t10k".
bool is_part(const std::string& name, bool is_train) {
  const auto has = [&name](const char* word) { return name.find(word) != name.npos; };
  return is_train ? has("train-") : has("test-") || has("t10k-");
}

bool has_suffix(const std::string& name, const std::string& suffix) {
  return name.ends_with(suffix) || name.ends_with(suffix + ".gz");
}

// The one file of `folder` that starts with `prefix` and holds that part.
Result<fs::path> find_file(const fs::path& folder, const std::string& prefix, bool is_train,
                           const std::string& suffix) {
  std::vector<std::string> found;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.starts_with(prefix) && has_suffix(name, suffix) && is_part(name, is_train)) {
      found.push_back(name);
    }
  }
  std::ranges::sort(found);
  const std::string wanted =
      "'" + (folder / (prefix + "…" + (is_train ? "train-" : "t10k- or test-") + suffix)).string() +
      "[.gz]'";
  if (found.empty()) {
    return Error{ErrorCode::kNotFound,
                 "there is no file " + wanted +
                     "; `path` in [data] says which folder has the images or, without it, "
                     "COVEY_DATA_DIR the folder that has one named idx"};
  }
  // The same file, packed and unpacked, is one.
  if (found.size() > 2 || (found.size() == 2 && found[0] + ".gz" != found[1])) {
    return invalid_argument("expected one file " + wanted + ", found '" + found[0] + "' and '" +
                            found[1] +
                            "': end `path` with the beginning of the names to tell them "
                            "apart, as in emnist/emnist-letters");
  }
  return folder / found.front();
}

// EMNIST's images are stored column by column, so they lie on their side.
void transpose(Examples& examples) {
  const auto rows = static_cast<std::size_t>(examples.shape[1]);
  const auto columns = static_cast<std::size_t>(examples.shape[2]);
  std::vector<float> image(rows * columns);
  for (std::size_t begin = 0; begin < examples.features.size(); begin += image.size()) {
    const auto pixels = std::span(examples.features).subspan(begin, image.size());
    for (std::size_t y = 0; y < rows; ++y) {
      for (std::size_t x = 0; x < columns; ++x) image[x * rows + y] = pixels[y * columns + x];
    }
    std::ranges::copy(image, pixels.begin());
  }
  std::swap(examples.shape[1], examples.shape[2]);
}

Result<Examples> read_part(const fs::path& folder, const std::string& prefix, bool is_train) {
  COVEY_ASSIGN_OR_RETURN(const fs::path images,
                         find_file(folder, prefix, is_train, "images-idx3-ubyte"));
  COVEY_ASSIGN_OR_RETURN(const fs::path labels,
                         find_file(folder, prefix, is_train, "labels-idx1-ubyte"));
  COVEY_ASSIGN_OR_RETURN(Examples examples, read_idx_images(images, labels));
  if (images.filename().string().starts_with("emnist-")) transpose(examples);
  return examples;
}

}  // namespace

Result<LoadedData> load_idx(const fs::path& path, const DataSettings& settings) {
  std::error_code ignored;
  const bool is_folder = fs::is_directory(path, ignored);
  const fs::path folder = is_folder ? path : path.parent_path();
  const std::string prefix = is_folder ? "" : path.filename().string();
  COVEY_ASSIGN_OR_RETURN(Examples train, read_part(folder, prefix, true));
  Examples test;
  if (settings.has_test) {
    COVEY_ASSIGN_OR_RETURN(test, read_part(folder, prefix, false));
    if (test.shape != train.shape) {
      return invalid_argument("'" + path.string() +
                              "': the test images have another size than those to train with");
    }
  }
  // EMNIST's letters are counted from 1. The training labels alone decide, on every device alike.
  const auto [lowest, highest] = std::ranges::minmax(train.labels);
  const std::int64_t first = lowest == 1 ? 1 : 0;
  train.classes = test.classes = highest - first + 1;
  for (Examples* part : {&train, &test}) {
    for (std::int64_t& label : part->labels) {
      label -= first;
      if (label >= 0 && label < train.classes) continue;
      return invalid_argument("'" + path.string() +
                              "': a test image has a label that no training image has");
    }
  }
  LoadedData data;
  data.name = is_folder ? "IDX images" : prefix;
  data.schema = "images 1; features: 1 x " + std::to_string(train.shape[1]) + " x " +
                std::to_string(train.shape[2]) + " pixels, f32, 0 to 1; class: 0 to " +
                std::to_string(train.classes - 1);
  data.train = std::make_shared<const Examples>(std::move(train));
  if (settings.has_test) data.test = Rows::all_of(std::move(test));
  return data;
}

}  // namespace covey::datasets
