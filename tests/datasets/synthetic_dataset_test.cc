#include <algorithm>
#include <cmath>
#include <map>

#include "covey/datasets/federated_dataset.h"
#include "support/catch.h"

namespace covey::datasets {
namespace {

DataSettings synthetic(double alpha, double beta) {
  DataSettings settings;
  settings.dataset = "synthetic";
  settings.alpha = alpha;
  settings.beta = beta;
  settings.devices = 50;
  return settings;
}

}  // namespace

TEST_CASE("synthetic devices differ in size by a power law, and a tenth of each is tested on",
          "[datasets]") {
  const auto dataset = open_dataset(synthetic(1, 1), "").value();
  CHECK(dataset->devices() == 50);
  CHECK(dataset->shape() == std::vector<std::uint64_t>{60});
  std::size_t total = dataset->test().size();
  std::size_t least = total, most = 0;
  for (std::size_t device = 0; device < 50; ++device) {
    const std::size_t size = dataset->device(device)->train.size();
    total += size;
    least = std::min(least, size);
    most = std::max(most, size);
  }
  CHECK(total == 50 * 200);
  CHECK(least >= 9);
  CHECK(most > 20 * least);
  CHECK(dataset->test().size() > 950);
  CHECK(dataset->test().size() <= 1000);
}

// Feature j of a device varies by j^-1.2 around its mean v_j, and v_j by 1 around B, whose variance
// is β: with β large, devices' means spread more.
TEST_CASE("features have the variances of the paper", "[datasets]") {
  double spread[2] = {};
  for (const int i : {0, 1}) {
    DataSettings settings = synthetic(0, i == 0 ? 0 : 25);
    settings.exponent = 0;
    const auto dataset = open_dataset(settings, "").value();
    double within[60] = {};
    for (std::size_t device = 0; device < 50; ++device) {
      const Examples data = dataset->device(device)->train.copied();
      const auto count = static_cast<double>(data.size());
      double level = 0;
      for (std::size_t j = 0; j < 60; ++j) {
        double sum = 0, squares = 0;
        for (std::size_t row = 0; row < data.size(); ++row) {
          const auto x = static_cast<double>(data.features[row * 60 + j]);
          sum += x;
          squares += x * x;
        }
        within[j] += (squares - sum * sum / count) / (count - 1) / 50;
        level += sum / count / 60;
      }
      spread[i] += level * level / 50;
    }
    for (const std::size_t j : {std::size_t{0}, std::size_t{9}, std::size_t{59}}) {
      CHECK(within[j] == Approx(std::pow(static_cast<double>(j + 1), -1.2)).epsilon(0.1));
    }
  }
  CHECK(spread[0] == Approx(1.0 / 60).epsilon(0.6));
  CHECK(spread[1] == Approx(25).epsilon(0.5));
}

TEST_CASE("a synthetic dataset depends on its seed alone, and other partitions fit it",
          "[datasets]") {
  DataSettings settings = synthetic(0.5, 0.5);
  const auto features = [&settings] {
    return open_dataset(settings, "").value()->device(0)->train.table->features;
  };
  const auto first = features();
  CHECK(features() == first);
  settings.partition = "dirichlet";
  CHECK(features() == first);
  settings.seed = 2;
  CHECK(features() != first);
  settings.examples = 9;
  CHECK_FALSE(open_dataset(settings, "").has_value());
  settings.examples = 1'000'000;
  CHECK_FALSE(open_dataset(settings, "").has_value());
}

}  // namespace covey::datasets
