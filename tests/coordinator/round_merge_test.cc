#include "covey/coordinator/round_merge.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "covey/aggregation/ring/encoder.h"
#include "covey/crypto/insecure_seeded_random.h"
#include "support/catch.h"
#include "support/seeds.h"

namespace covey::coordinator {
namespace {

using ring::DType;
using ring::Role;

TaskSpec plain_task(StrategyKind strategy = StrategyKind::kFedAvg) {
  TaskSpec spec;
  spec.name = "digits";
  spec.model = "cnn";
  spec.strategy = strategy;
  spec.metrics = {"loss"};
  spec.codec.quantization_bits = 16;
  spec.codec.max_weight = 100;
  spec.codec.buffer_range = 4;
  spec.codec.clipping = ring::L2Clip{10, std::nullopt};
  return spec;
}

ring::Manifest manifest_of(DType dtype) {
  return ring::Manifest::create({{"first", dtype, {3, 5}, Role::kTrain},
                                 {"running_mean", DType::kF32, {4}, Role::kFloatBuffer},
                                 {"kept", DType::kF32, {2}, Role::kFrozen},
                                 {"second", DType::kF32, {7}, Role::kTrain}})
      .value();
}

plan::Plan plan_of(const TaskSpec& spec, DType dtype = DType::kF32) {
  return spec.plan_for(manifest_of(dtype), 1).value();
}

// A group's devices, and what they would say in clear.
struct Group {
  ring::RingVector sum;
  std::uint64_t survivors = 0;
};
Group group_of(const plan::Plan& plan, const std::vector<std::vector<float>>& differences,
               const std::vector<std::uint64_t>& weights, double loss) {
  const auto codec = plan.codec_parameters().value();
  Group group{ring::RingVector::zeros(codec.shape()), differences.size()};
  for (std::size_t i = 0; i < differences.size(); ++i) {
    crypto::InsecureSeededRandom random(i + 1);
    std::vector<float> difference = differences[i];
    group.sum.add(
        ring::encode_update(plan.manifest, codec, difference, {weights[i], {loss}}, random)
            .value());
  }
  return group;
}

std::vector<GroupSum> sums_of(const std::vector<Group>& groups) {
  std::vector<GroupSum> sums;
  for (const Group& group : groups) sums.push_back({&group.sum, group.survivors});
  return sums;
}

std::vector<float> uniform(std::size_t count, std::mt19937_64& random) {
  std::uniform_real_distribution<float> draw(-0.5f, 0.5f);
  std::vector<float> values(count);
  for (float& value : values) value = draw(random);
  return values;
}

std::vector<float> flat_of(const model::Model& model) {
  std::vector<float> flat(model.manifest().flat_length());
  REQUIRE(ring::load_flat(model.manifest(), model.views(), flat).has_value());
  return flat;
}

// One device with a difference of 0.5 everywhere.
Group half_everywhere(const plan::Plan& plan) {
  return group_of(plan, {std::vector<float>(plan.manifest.flat_length(), 0.5f)}, {10}, 0.25);
}

}  // namespace

TEST_CASE("the model moves by the weighted mean over all groups", "[round-merge][property]") {
  testing::for_each_seed(50, [](testing::Seed seed) {
    std::mt19937_64 random(seed);
    const plan::Plan plan = plan_of(plain_task());
    const std::size_t length = plan.manifest.flat_length();
    std::vector<double> expected(length);
    std::uint64_t weight = 0;
    double loss = 0;
    std::vector<Group> groups;
    for (std::size_t g = 0; g < 1 + seed % 3; ++g) {
      std::vector<std::vector<float>> differences;
      std::vector<std::uint64_t> weights;
      for (std::size_t d = 0; d < 1 + random() % 5; ++d) {
        differences.push_back(uniform(length, random));
        weights.push_back(1 + random() % 100);
        weight += weights.back();
        loss += static_cast<double>(weights.back()) * static_cast<double>(g);
        for (std::size_t i = 0; i < length; ++i) {
          expected[i] += static_cast<double>(weights.back()) * differences.back()[i];
        }
      }
      groups.push_back(group_of(plan, differences, weights, static_cast<double>(g)));
    }
    model::Model model = model::Model::zeros(plan.manifest);
    const auto strategy = make_strategy(plain_task()).value();
    const auto sums = sums_of(groups);
    const auto merged = merge_sums({plan, sums, 1}, *strategy, model);
    REQUIRE(merged.has_value());
    CHECK(merged->counters.weight == weight);
    CHECK(merged->metrics.at("loss") == Approx(loss / static_cast<double>(weight)).margin(1e-5));
    const std::vector<float> flat = flat_of(model);
    for (std::size_t i = 0; i < length; ++i) {
      REQUIRE(flat[i] == Approx(expected[i] / static_cast<double>(weight)).margin(2e-3));
    }
    CHECK(model.floats("kept")[0] == 0);
  });
}

TEST_CASE("every strategy of a task file is made by its name", "[round-merge]") {
  for (const StrategyKind kind :
       {StrategyKind::kFedAvg, StrategyKind::kServerMomentum, StrategyKind::kFedAdagrad,
        StrategyKind::kFedAdam, StrategyKind::kFedYogi}) {
    CHECK(make_strategy(plain_task(kind)).value()->name() == name_of(kind));
  }
  CHECK(make_strategy(plain_task(StrategyKind::kFedSgd)).value()->name() == "fedavg");
  TaskSpec spec = plain_task(StrategyKind::kFedAdam);
  spec.server_beta1 = 1;
  CHECK_FALSE(make_strategy(spec).has_value());
}

TEST_CASE("a task's server settings reach its strategy, and the factor of a round too",
          "[round-merge]") {
  TaskSpec spec = plain_task();
  spec.server_learning_rate = 0.5;
  const plan::Plan plan = plan_of(spec);
  const Group group = half_everywhere(plan);
  const std::vector<GroupSum> sums = {{&group.sum, 1}};
  const auto moved_by = [&](const TaskSpec& task, double factor) {
    model::Model model = model::Model::zeros(plan.manifest);
    const auto strategy = make_strategy(task).value();
    REQUIRE(merge_sums({plan, sums, 1, factor}, *strategy, model).has_value());
    return std::pair(model.floats("second")[0], model.floats("running_mean")[0]);
  };
  CHECK(moved_by(spec, 1).first == Approx(0.25).margin(1e-3));
  CHECK(moved_by(spec, 0.5).first == Approx(0.125).margin(1e-3));
  TaskSpec adam = spec;
  adam.strategy = StrategyKind::kFedAdam;
  adam.server_learning_rate = 0.1;
  adam.server_beta1 = 0.5;
  adam.server_beta2 = 0.75;
  adam.server_epsilon = 0.125;
  const auto moved = moved_by(adam, 1);
  const double v = 0.75 * 0.125 * 0.125 + 0.25 * 0.25;
  CHECK(moved.first == Approx(0.1 * 0.25 / (std::sqrt(v) + 0.125)).epsilon(1e-2));
  CHECK(moved.second == Approx(0.5).margin(2e-3));  // a float buffer, which has no step of Adam's
}

TEST_CASE("a hook sees the model before and after, and may change it", "[round-merge]") {
  const plan::Plan plan = plan_of(plain_task());
  const Group group = half_everywhere(plan);
  const std::vector<GroupSum> sums = {{&group.sum, 1}};
  model::Model model = model::Model::zeros(plan.manifest);
  model.floats("second")[0] = 2;
  const auto strategy = make_strategy(plain_task()).value();
  const std::vector<float> start = flat_of(model);
  bool is_called = false;
  const auto hook = [&](const ring::Counters& counters, std::span<const float> before,
                        std::span<float> after) {
    is_called = true;
    CHECK(counters.weight == 10);
    CHECK(std::vector<float>(before.begin(), before.end()) == start);
    for (std::size_t i = 0; i < after.size(); ++i) {
      CHECK(after[i] == Approx(before[i] + 0.5).margin(1e-3));
    }
    std::fill(after.begin(), after.end(), 7.0f);
  };
  REQUIRE(merge_sums({plan, sums, 1}, *strategy, model, hook).has_value());
  CHECK(is_called);
  CHECK(flat_of(model) == std::vector<float>(start.size(), 7.0f));
}

TEST_CASE("on an error the model and the strategy are as they were", "[round-merge]") {
  const TaskSpec spec = plain_task(StrategyKind::kServerMomentum);
  const plan::Plan plan = plan_of(spec, DType::kF16);
  const Group group = half_everywhere(plan);
  const std::vector<GroupSum> sums = {{&group.sum, 1}};
  model::Model model = model::Model::zeros(plan.manifest);
  const auto strategy = make_strategy(spec).value();
  REQUIRE(merge_sums({plan, sums, 1}, *strategy, model).has_value());
  // The largest number of float16, to which the next merge adds.
  const std::uint16_t largest = 0x7bff;
  std::memcpy(model.bytes(0).data(), &largest, sizeof(largest));
  const std::vector<float> before = flat_of(model);
  const Bytes state = strategy->save_state();
  const auto refused = [&](const RoundSums& round, const MergeHook& hook, ErrorCode code) {
    const auto merged = merge_sums(round, *strategy, model, hook);
    REQUIRE_FALSE(merged.has_value());
    CHECK(merged.error().code == code);
    CHECK(flat_of(model) == before);
    CHECK(strategy->save_state() == state);
  };
  // A difference is at most 10: far from leaving float16, but for a rate of 1000.
  refused({plan, sums, 2, 1000}, {}, ErrorCode::kOutOfRange);
  const MergeHook spoil = [](const ring::Counters&, std::span<const float>,
                             std::span<float> after) { after[3] = NAN; };
  refused({plan, sums, 2, 1e-3}, spoil, ErrorCode::kOutOfRange);
  refused({plan, {}, 2}, {}, ErrorCode::kFailedPrecondition);
  const Group nothing = group_of(plan, {std::vector<float>(plan.manifest.flat_length())}, {0}, 0);
  const std::vector<GroupSum> weightless = {{&nothing.sum, 1}};
  refused({plan, weightless, 2}, {}, ErrorCode::kFailedPrecondition);
  const std::vector<GroupSum> too_many = {{&group.sum, 2}};
  refused({plan, too_many, 2}, {}, ErrorCode::kDataLoss);
  const plan::Plan other = plan_of(spec, DType::kF32);
  refused({other, sums, 2}, {}, ErrorCode::kInvalidArgument);
}

TEST_CASE("the same sums give the same bits", "[round-merge]") {
  std::mt19937_64 random(9);
  const TaskSpec spec = plain_task(StrategyKind::kFedYogi);
  const plan::Plan plan = plan_of(spec);
  const std::size_t length = plan.manifest.flat_length();
  const std::vector<Group> groups = {
      group_of(plan, {uniform(length, random), uniform(length, random)}, {3, 50}, 1),
      group_of(plan, {uniform(length, random)}, {7}, 2)};
  const auto sums = sums_of(groups);
  const auto merged = [&](const MergeHook& hook) {
    model::Model model = model::Model::zeros(plan.manifest);
    const auto strategy = make_strategy(spec).value();
    for (std::uint64_t round = 1; round <= 3; ++round) {
      REQUIRE(merge_sums({plan, sums, round}, *strategy, model, hook).has_value());
    }
    return std::pair(flat_of(model), strategy->save_state());
  };
  const auto once = merged({});
  CHECK(merged({}) == once);
  CHECK(merged([](const ring::Counters&, std::span<const float>, std::span<float>) {}) == once);
}

}  // namespace covey::coordinator
