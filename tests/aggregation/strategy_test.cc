#include <cmath>
#include <limits>
#include <memory>
#include <random>
#include <vector>

#include "covey/aggregation/merge/adaptive_server.h"
#include "covey/aggregation/merge/fed_avg.h"
#include "covey/aggregation/merge/server_momentum.h"
#include "support/catch.h"
#include "support/seeds.h"

namespace covey::merge {
namespace {

std::vector<float> gaussian(std::size_t count, std::mt19937_64& random) {
  std::normal_distribution<float> normal;
  std::vector<float> values(count);
  for (float& value : values) value = normal(random);
  return values;
}

std::vector<std::unique_ptr<Strategy>> all_strategies() {
  std::vector<std::unique_ptr<Strategy>> list;
  list.push_back(std::make_unique<FedAvg>(FedAvg::create(0.5f).value()));
  list.push_back(std::make_unique<ServerMomentum>(ServerMomentum::create(0.5f, 0.9f).value()));
  for (const AdaptiveRule rule :
       {AdaptiveRule::kAdagrad, AdaptiveRule::kAdam, AdaptiveRule::kYogi}) {
    list.push_back(std::make_unique<AdaptiveServer>(AdaptiveServer::create(rule).value()));
  }
  return list;
}

}  // namespace

TEST_CASE("fedavg adds the weighted mean of the differences", "[merge][property]") {
  testing::for_each_seed(100, [](testing::Seed seed) {
    std::mt19937_64 random(seed);
    const float rate = seed % 2 == 0 ? 1.0f : 0.3f;
    FedAvg strategy = FedAvg::create(rate).value();
    const std::size_t length = random() % 100;
    const std::vector<float> before = gaussian(length, random);
    const std::vector<float> sum = gaussian(length, random);
    std::vector<float> model = before;
    const std::uint64_t weight = 1 + random() % 10'000;
    REQUIRE(strategy.merge({sum, weight, 1}, model).has_value());
    for (std::size_t i = 0; i < length; ++i) {
      const double expected =
          before[i] + static_cast<double>(rate) * sum[i] / static_cast<double>(weight);
      REQUIRE(model[i] == Approx(expected).margin(1e-6));
    }
  });
}

TEST_CASE("server momentum follows its naive twin over many rounds", "[merge][property]") {
  testing::for_each_seed(30, [](testing::Seed seed) {
    std::mt19937_64 random(seed);
    ServerMomentum strategy = ServerMomentum::create(0.5f, 0.9f).value();
    const std::size_t length = 1 + random() % 40;
    std::vector<float> model = gaussian(length, random);
    std::vector<double> twin(model.begin(), model.end());
    std::vector<double> velocity(length);
    for (std::uint64_t round = 1; round <= 20; ++round) {
      const std::vector<float> sum = gaussian(length, random);
      const std::uint64_t weight = random() % 5;  // 0: a round that moves nothing
      REQUIRE(strategy.merge({sum, weight, round}, model).has_value());
      for (std::size_t i = 0; i < length && weight > 0; ++i) {
        velocity[i] =
            static_cast<double>(0.9f) * velocity[i] + sum[i] / static_cast<double>(weight);
        twin[i] += 0.5 * velocity[i];
      }
    }
    for (std::size_t i = 0; i < length; ++i) REQUIRE(model[i] == Approx(twin[i]).margin(1e-4));
  });
}

TEST_CASE("a sum of weights of zero moves neither the model nor the state", "[merge]") {
  for (const auto& strategy : all_strategies()) {
    std::vector<float> model = {1, 2};
    REQUIRE(strategy->merge({std::vector<float>{1, 1}, 4, 1}, model).has_value());
    const std::vector<float> before = model;
    const Bytes state = strategy->save_state();
    REQUIRE(strategy->merge({std::vector<float>{0, 0}, 0, 2}, model).has_value());
    CHECK(model == before);
    CHECK(strategy->save_state() == state);
  }
}

TEST_CASE("a result that is not finite is refused and changes nothing", "[merge]") {
  constexpr float kMax = std::numeric_limits<float>::max();
  for (const bool warm : {false, true}) {
    for (const auto& strategy : all_strategies()) {
      std::vector<float> model = {1, 2, kMax};
      if (warm) REQUIRE(strategy->merge({std::vector<float>{1, 1, -1}, 4, 1}, model).has_value());
      const std::vector<float> before = model;
      const Bytes state = strategy->save_state();
      for (const float bad : {NAN, INFINITY, kMax}) {
        const Status merged = strategy->merge({std::vector<float>{1, 1, bad}, 1, 2}, model);
        REQUIRE_FALSE(merged.has_value());
        CHECK(merged.error().code == ErrorCode::kOutOfRange);
        CHECK(model == before);
        CHECK(strategy->save_state() == state);
      }
    }
  }
}

TEST_CASE("a round's factor stands for a smaller server rate", "[merge]") {
  for (std::size_t kind = 0; kind < all_strategies().size(); ++kind) {
    const auto moved_by = [&](double factor, std::uint64_t round) {
      const auto strategy = std::move(all_strategies()[kind]);
      std::vector<float> model = {0, 0};
      for (std::uint64_t r = 1; r < round; ++r) {
        REQUIRE(strategy->merge({std::vector<float>{1, 3}, 4, r, factor}, model).has_value());
      }
      const std::vector<float> before = model;
      REQUIRE(strategy->merge({std::vector<float>{1, 3}, 4, round, factor}, model).has_value());
      return std::pair(model[0] - before[0], model[1] - before[1]);
    };
    for (const std::uint64_t round : {1u, 3u}) {
      const auto whole = moved_by(1, round);
      const auto quarter = moved_by(0.25, round);
      CHECK(quarter.first == Approx(whole.first / 4).epsilon(1e-4));
      CHECK(quarter.second == Approx(whole.second / 4).epsilon(1e-4));
    }
  }
}

TEST_CASE("buffers get their mean, whatever the server's rate, its factor and momentum",
          "[merge]") {
  std::vector<std::unique_ptr<Strategy>> strategies = all_strategies();
  strategies.push_back(std::make_unique<FedAvg>(FedAvg::create(2).value()));
  strategies.push_back(std::make_unique<ServerMomentum>(ServerMomentum::create(2, 0.9f).value()));
  for (const auto& strategy : strategies) {
    INFO(strategy->name());
    std::vector<float> model = {1, 1.0f, 5.0f};  // a weight, a variance, a mean
    for (std::uint64_t round = 1; round <= 10; ++round) {
      // The devices' variance has fallen to 0.1, their mean to 4, and there they stay.
      const std::vector<float> sum = {4, 4 * (0.1f - model[1]), 4 * (4.0f - model[2])};
      const Status merged = strategy->merge({sum, 4, round, 0.5, 2}, model);
      REQUIRE(merged.has_value());
      CHECK(model[1] == Approx(0.1));
      CHECK(model[2] == Approx(4));
    }
    CHECK(model[0] > 1);
  }
}

TEST_CASE("momentum that was saved for buffers too is refused", "[merge]") {
  ServerMomentum strategy = ServerMomentum::create(1, 0.5f).value();
  std::vector<float> model = {1, 2};
  REQUIRE(strategy.merge({std::vector<float>{1, 1}, 1, 1}, model).has_value());
  const std::vector<float> before = model;
  CHECK_FALSE(strategy.merge({std::vector<float>{1, 1}, 1, 2, 1, 1}, model).has_value());
  CHECK(model == before);
}

TEST_CASE("a buffer that would not be finite is refused and changes nothing", "[merge]") {
  for (const auto& strategy : all_strategies()) {
    std::vector<float> model = {1, 2};
    const Bytes state = strategy->save_state();
    CHECK_FALSE(strategy->merge({std::vector<float>{1, INFINITY}, 1, 1, 1, 1}, model).has_value());
    CHECK(model == std::vector<float>{1, 2});
    CHECK(strategy->save_state() == state);
  }
}

TEST_CASE("an update of another length is refused", "[merge]") {
  for (const auto& strategy : all_strategies()) {
    std::vector<float> model = {1, 2};
    CHECK_FALSE(strategy->merge({std::vector<float>{1}, 1, 1}, model).has_value());
    CHECK_FALSE(strategy->merge({std::vector<float>{1, 1}, 1, 1, 1, 3}, model).has_value());
    CHECK(model == std::vector<float>{1, 2});
  }
  ServerMomentum strategy = ServerMomentum::create(1, 0.5f).value();
  std::vector<float> model = {1, 2};
  REQUIRE(strategy.merge({std::vector<float>{1, 1}, 1, 1}, model).has_value());
  std::vector<float> longer = {1, 2, 3};
  CHECK_FALSE(strategy.merge({std::vector<float>{1, 1, 1}, 1, 2}, longer).has_value());
}

TEST_CASE("a restored strategy goes on to the same bits", "[merge]") {
  std::mt19937_64 random(3);
  ServerMomentum first = ServerMomentum::create(0.7f, 0.8f).value();
  std::vector<float> model = gaussian(50, random);
  REQUIRE(first.merge({gaussian(50, random), 3, 1}, model).has_value());
  ServerMomentum second = ServerMomentum::create(0.7f, 0.8f).value();
  REQUIRE(second.restore_state(first.save_state()).has_value());
  std::vector<float> copy = model;
  const std::vector<float> sum = gaussian(50, random);
  REQUIRE(first.merge({sum, 5, 2}, model).has_value());
  REQUIRE(second.merge({sum, 5, 2}, copy).has_value());
  CHECK(copy == model);
  CHECK(first.save_state() == second.save_state());
}

TEST_CASE("a damaged state, or another strategy's, is refused and changes nothing", "[merge]") {
  for (const auto& strategy : all_strategies()) {
    std::vector<float> model = {1, 2};
    REQUIRE(strategy->merge({std::vector<float>{1, 1}, 1, 1}, model).has_value());
    const Bytes state = strategy->save_state();
    REQUIRE(strategy->restore_state(state).has_value());
    const auto refused = [&](ByteView bytes) {
      const Status restored = strategy->restore_state(bytes);
      REQUIRE_FALSE(restored.has_value());
      REQUIRE(restored.error().code == ErrorCode::kDataLoss);
      REQUIRE(strategy->save_state() == state);
    };
    for (std::size_t i = 0; i < state.size(); ++i) {
      refused(ByteView(state).first(i));
      for (int bit = 0; bit < 8; ++bit) {
        Bytes damaged = state;
        damaged[i] = static_cast<std::uint8_t>(damaged[i] ^ (1 << bit));
        refused(damaged);
      }
    }
    for (const auto& other : all_strategies()) {
      if (other->name() != strategy->name()) refused(other->save_state());
    }
  }
}

TEST_CASE("rates and momentum outside their limits are refused", "[merge]") {
  for (const float bad : {0.0f, -1.0f, NAN, INFINITY}) {
    CHECK_FALSE(FedAvg::create(bad).has_value());
    CHECK_FALSE(ServerMomentum::create(bad, 0.5f).has_value());
  }
  for (const float bad : {-0.1f, 1.0f, NAN, INFINITY}) {
    CHECK_FALSE(ServerMomentum::create(1, bad).has_value());
  }
  CHECK(ServerMomentum::create(1, 0).has_value());
}

}  // namespace covey::merge
