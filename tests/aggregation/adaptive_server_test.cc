#include "covey/aggregation/merge/adaptive_server.h"

#include <array>
#include <cmath>
#include <random>
#include <vector>

#include "support/catch.h"
#include "support/seeds.h"

namespace covey::merge {
namespace {

constexpr std::array kRules = {AdaptiveRule::kAdagrad, AdaptiveRule::kAdam, AdaptiveRule::kYogi};

std::vector<float> gaussian(std::size_t count, std::mt19937_64& random) {
  std::normal_distribution<float> normal;
  std::vector<float> values(count);
  for (float& value : values) value = normal(random);
  return values;
}

// Algorithm 2 as the paper writes it, one element at a time, in doubles.
struct Twin {
  AdaptiveRule rule;
  double rate, beta1, beta2, tau;
  std::vector<double> m, v, x;

  void merge(const std::vector<float>& sum, double weight) {
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double delta = sum[i] / weight;
      m[i] = beta1 * m[i] + (1 - beta1) * delta;
      const double square = delta * delta;
      if (rule == AdaptiveRule::kAdagrad) v[i] = v[i] + square;
      if (rule == AdaptiveRule::kAdam) v[i] = beta2 * v[i] + (1 - beta2) * square;
      if (rule == AdaptiveRule::kYogi) {
        const double sign = v[i] > square ? 1 : v[i] < square ? -1 : 0;
        v[i] = v[i] - (1 - beta2) * square * sign;
      }
      x[i] += rate * m[i] / (std::sqrt(v[i]) + tau);
    }
  }
};

}  // namespace

TEST_CASE("the adaptive strategies follow their naive twins over many rounds",
          "[merge][property]") {
  testing::for_each_seed(60, [](testing::Seed seed) {
    std::mt19937_64 random(seed);
    const AdaptiveRule rule = kRules[seed % 3];
    const AdaptiveSettings settings =
        seed % 2 == 0 ? AdaptiveSettings{} : AdaptiveSettings{0.3f, 0.5f, 0.7f, 0.05f};
    AdaptiveServer strategy = AdaptiveServer::create(rule, settings).value();
    const std::size_t length = 1 + random() % 40;
    std::vector<float> model = gaussian(length, random);
    const auto tau = static_cast<double>(settings.epsilon);
    Twin twin{rule,
              settings.server_learning_rate,
              settings.beta1,
              settings.beta2,
              tau,
              std::vector<double>(length),
              std::vector<double>(length, tau * tau),
              {model.begin(), model.end()}};
    for (std::uint64_t round = 1; round <= 20; ++round) {
      const std::vector<float> sum = gaussian(length, random);
      const std::uint64_t weight = random() % 5;  // 0: a round that moves nothing
      REQUIRE(strategy.merge({sum, weight, round}, model).has_value());
      if (weight > 0) twin.merge(sum, static_cast<double>(weight));
    }
    for (std::size_t i = 0; i < length; ++i) {
      REQUIRE(model[i] == Approx(twin.x[i]).margin(1e-4));
    }
  });
}

TEST_CASE("the first step of each rule is what the paper's numbers give", "[merge]") {
  // Δ = 0.5: m = 0.05. v = τ² + 0.25, 0.99·τ² + 0.0025 and τ² + 0.0025.
  const std::array expected = {0.01 * 0.05 / (std::sqrt(1e-6 + 0.25) + 1e-3),
                               0.01 * 0.05 / (std::sqrt(0.99e-6 + 0.0025) + 1e-3),
                               0.01 * 0.05 / (std::sqrt(1e-6 + 0.0025) + 1e-3)};
  for (std::size_t i = 0; i < kRules.size(); ++i) {
    AdaptiveServer strategy = AdaptiveServer::create(kRules[i]).value();
    std::vector<float> model = {0};
    REQUIRE(strategy.merge({std::vector<float>{2}, 4, 1}, model).has_value());
    CHECK(model[0] == Approx(expected[i]).epsilon(1e-5));
  }
}

TEST_CASE("float buffers get their mean, and have no moments", "[merge]") {
  for (const AdaptiveRule rule : kRules) {
    AdaptiveServer with = AdaptiveServer::create(rule).value();
    AdaptiveServer without = AdaptiveServer::create(rule).value();
    std::vector<float> model = {1, 2, 0.5f, 0.25f};
    std::vector<float> trained = {1, 2};
    for (std::uint64_t round = 1; round <= 3; ++round) {
      REQUIRE(
          with.merge({std::vector<float>{1, -1, 2, -0.2f}, 4, round, 0.5, 2}, model).has_value());
      REQUIRE(without.merge({std::vector<float>{1, -1}, 4, round, 0.5}, trained).has_value());
    }
    CHECK(std::vector<float>(model.begin(), model.begin() + 2) == trained);
    CHECK(model[2] == Approx(0.5 + 3 * 0.5));
    CHECK(model[3] == Approx(0.25 - 3 * 0.05));
    CHECK(with.save_state() == without.save_state());
  }
}

// Eigen computes several elements at a time and the last ones by themselves.
TEST_CASE("an element's step is the same to the bit wherever it stands", "[merge]") {
  std::mt19937_64 random(2);
  for (int i = 0; i < 300; ++i) {
    const std::vector<float> values = gaussian(2, random);
    AdaptiveServer strategy =
        AdaptiveServer::create(kRules[static_cast<std::size_t>(i) % 3]).value();
    std::vector<float> model(11, values[0]);
    const std::vector<float> sum(model.size(), values[1]);
    for (std::uint64_t round = 1; round <= 2; ++round) {
      REQUIRE(strategy.merge({sum, 3, round}, model).has_value());
    }
    REQUIRE(model == std::vector<float>(model.size(), model.back()));
  }
}

TEST_CASE("restored moments go on to the same bits", "[merge]") {
  for (const AdaptiveRule rule : kRules) {
    std::mt19937_64 random(5);
    AdaptiveServer first = AdaptiveServer::create(rule).value();
    std::vector<float> model = gaussian(50, random);
    for (std::uint64_t round = 1; round <= 3; ++round) {
      REQUIRE(first.merge({gaussian(50, random), 3, round}, model).has_value());
    }
    AdaptiveServer second = AdaptiveServer::create(rule).value();
    REQUIRE(second.restore_state(first.save_state()).has_value());
    std::vector<float> copy = model;
    const std::vector<float> sum = gaussian(50, random);
    REQUIRE(first.merge({sum, 5, 4}, model).has_value());
    REQUIRE(second.merge({sum, 5, 4}, copy).has_value());
    CHECK(copy == model);
    CHECK(first.save_state() == second.save_state());
  }
}

TEST_CASE("a state from before the first merge is as good as none", "[merge]") {
  AdaptiveServer first = AdaptiveServer::create(AdaptiveRule::kAdam).value();
  AdaptiveServer second = AdaptiveServer::create(AdaptiveRule::kAdam).value();
  REQUIRE(second.restore_state(first.save_state()).has_value());
  std::vector<float> model = {1, 2};
  std::vector<float> copy = model;
  REQUIRE(first.merge({std::vector<float>{3, 4}, 5, 1}, model).has_value());
  REQUIRE(second.merge({std::vector<float>{3, 4}, 5, 1}, copy).has_value());
  CHECK(copy == model);
}

TEST_CASE("a size of updates that is not finite is refused although the model would be",
          "[merge]") {
  for (const AdaptiveRule rule : kRules) {
    AdaptiveServer strategy = AdaptiveServer::create(rule).value();
    std::vector<float> model = {1, 2};
    const Bytes state = strategy.save_state();
    // Its square is no float, and a step of m / infinity would be none.
    const Status merged = strategy.merge({std::vector<float>{1e30f, 1}, 1, 1}, model);
    REQUIRE_FALSE(merged.has_value());
    CHECK(merged.error().code == ErrorCode::kOutOfRange);
    CHECK(model == std::vector<float>{1, 2});
    CHECK(strategy.save_state() == state);
  }
}

TEST_CASE("moments of another model are refused", "[merge]") {
  AdaptiveServer strategy = AdaptiveServer::create(AdaptiveRule::kYogi).value();
  std::vector<float> model = {1, 2};
  REQUIRE(strategy.merge({std::vector<float>{1, 1}, 1, 1}, model).has_value());
  std::vector<float> longer = {1, 2, 3};
  CHECK_FALSE(strategy.merge({std::vector<float>{1, 1, 1}, 1, 2}, longer).has_value());
  CHECK(longer == std::vector<float>{1, 2, 3});
}

TEST_CASE("settings outside their limits are refused", "[merge]") {
  const auto is_legal = [](const AdaptiveSettings& settings) {
    return AdaptiveServer::create(AdaptiveRule::kAdam, settings).has_value();
  };
  CHECK(is_legal({}));
  CHECK(is_legal({1, 0, 0, 1}));
  for (const float bad : {0.0f, -1.0f, NAN, INFINITY}) {
    CHECK_FALSE(is_legal({bad}));
    CHECK_FALSE(is_legal({1, 0.9f, 0.99f, bad}));
  }
  for (const float bad : {-0.1f, 1.0f, NAN, INFINITY}) {
    CHECK_FALSE(is_legal({1, bad}));
    CHECK_FALSE(is_legal({1, 0.9f, bad}));
  }
}

}  // namespace covey::merge
