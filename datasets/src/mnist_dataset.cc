#include "covey/datasets/mnist.h"
#include "datasets/src/loaded_data.h"

namespace covey::datasets {

const char* const kDigitsSchema =
    "digits 1; features: 1 x 28 x 28 pixels, f32, 0 to 1, white on black; class: 0 to 9";

Result<LoadedData> load_mnist(const std::filesystem::path& path, const DataSettings& settings) {
  LoadedData data;
  data.name = "MNIST";
  data.schema = kDigitsSchema;
  COVEY_ASSIGN_OR_RETURN(Digits train, read_mnist(path, MnistPart::kTrain));
  data.train = std::make_shared<const Examples>(std::move(train.examples));
  data.keys = std::move(train.writers);
  data.key_name = "writer";
  if (!settings.has_test) return data;
  COVEY_ASSIGN_OR_RETURN(Digits test, read_mnist(path, MnistPart::kTest));
  data.test = Rows::all_of(std::move(test.examples));
  return data;
}

}  // namespace covey::datasets
