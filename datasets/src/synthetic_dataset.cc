#include <algorithm>
#include <array>
#include <cmath>

#include "covey/datasets/draws.h"
#include "covey/datasets/partition.h"
#include "datasets/src/distributions.h"
#include "datasets/src/loaded_data.h"
#include "datasets/src/number_text.h"

namespace covey::datasets {
namespace {

constexpr std::size_t kFeatures = 60;
constexpr std::size_t kClasses = 10;
constexpr std::uint64_t kMostExamples = 1'000'000;
constexpr std::size_t kTestShare = 10;  // one example of a device in so many

using Features = std::array<double, kFeatures>;

// j^-0.6, the deviation of feature j, whose variance is j^-1.2: the fifth root of j^3 by Newton's
// method, which falls from above until rounding stops it.
Features deviations() {
  Features deviations;
  for (std::size_t i = 0; i < kFeatures; ++i) {
    const auto j = static_cast<double>(i + 1);
    const double cube = j * j * j;
    double root = cube;
    for (int step = 0; step < 100; ++step) {
      const double square = root * root;
      root = (4 * root + cube / (square * square)) / 5;
    }
    deviations[i] = 1 / root;
  }
  return deviations;
}

// One device's distribution: y = argmax(W x + b), x ~ N(v, diag(j^-1.2)).
struct LocalModel {
  std::array<Features, kClasses> weights;
  std::array<double, kClasses> bias;
  Features mean;

  // W and b ~ N(u, 1), u ~ N(0, α); v ~ N(B, 1), B ~ N(0, β): variances, as the paper writes them.
  LocalModel(double alpha, double beta, Draws& draws) {
    const double u = std::sqrt(alpha) * draw_normal(draws);
    const double shift = std::sqrt(beta) * draw_normal(draws);
    for (double& value : mean) value = shift + draw_normal(draws);
    for (Features& row : weights) {
      for (double& value : row) value = u + draw_normal(draws);
    }
    for (double& value : bias) value = u + draw_normal(draws);
  }

  void append(const Features& deviation, Draws& draws, Examples& examples) const {
    Features x;
    for (std::size_t i = 0; i < kFeatures; ++i) {
      x[i] = mean[i] + deviation[i] * draw_normal(draws);
      examples.features.push_back(static_cast<float>(x[i]));
    }
    std::array<double, kClasses> scores = bias;
    for (std::size_t k = 0; k < kClasses; ++k) {
      for (std::size_t i = 0; i < kFeatures; ++i) scores[k] += weights[k][i] * x[i];
    }
    examples.labels.push_back(std::ranges::max_element(scores) - scores.begin());
  }
};

}  // namespace

Result<LoadedData> generate_synthetic(const DataSettings& settings) {
  const std::uint64_t each = settings.examples == 0 ? kGeneratedExamples : settings.examples;
  if (settings.devices == 0 || each < kTestShare || settings.devices > kMostExamples / each) {
    return invalid_argument(
        "synthetic: expected 1 device or more with at least 10 examples on average, and at most "
        "1,000,000 examples in all; found " +
        count_of(settings.devices, "device") + " with " + count_of(each, "example"));
  }
  const auto devices = static_cast<std::size_t>(settings.devices);
  COVEY_ASSIGN_OR_RETURN(const auto sizes,
                         power_law_sizes(static_cast<std::size_t>(each) * devices, devices,
                                         settings.exponent, kTestShare, settings.seed));
  LoadedData data;
  data.name = "synthetic(" + number_text(settings.alpha) + ", " + number_text(settings.beta) + ")";
  data.schema = "synthetic 1; features: 60, f32; class: 0 to 9";
  data.key_name = "model";
  Examples train{{kFeatures}, {}, {}, kClasses};
  Examples test = train;
  const Features deviation = deviations();
  for (std::size_t device = 0; device < devices; ++device) {
    Draws draws(mixed_seed(mixed_seed(settings.seed, 2), device));
    const LocalModel model(settings.alpha, settings.beta, draws);
    const std::size_t kept = sizes[device] - sizes[device] / kTestShare;
    for (std::size_t i = 0; i < sizes[device]; ++i) {
      model.append(deviation, draws, i < kept ? train : test);
    }
    data.keys.insert(data.keys.end(), kept, static_cast<std::int32_t>(device));
  }
  data.train = std::make_shared<const Examples>(std::move(train));
  if (settings.has_test) data.test = Rows::all_of(std::move(test));
  return data;
}

}  // namespace covey::datasets
