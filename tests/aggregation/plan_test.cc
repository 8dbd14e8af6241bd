#include "covey/aggregation/plan/plan.h"

#include <functional>
#include <limits>
#include <random>

#include "support/catch.h"
#include "support/seeds.h"

namespace covey::plan {
namespace {

using Generator = std::mt19937_64;
using testing::Seed;

std::uint64_t below(Generator& random, std::uint64_t limit) { return random() % limit; }
bool coin(Generator& random) { return random() % 2 == 0; }

ring::Manifest small_manifest() {
  return ring::Manifest::create({
                                    {"fc.weight", ring::DType::kF32, {4, 3}, ring::Role::kTrain},
                                    {"bn.mean", ring::DType::kF32, {4}, ring::Role::kFloatBuffer},
                                    {"bn.count", ring::DType::kI64, {}, ring::Role::kIntBuffer},
                                })
      .value();
}

Plan small_plan() {
  Plan plan{"digits", Purpose::kTrain, "cnn-small", small_manifest(), {}, {}, {}, {}};
  plan.metrics = {"train_loss", "accuracy"};
  plan.codec.max_devices = 100;
  plan.codec.max_weight = 1000;
  plan.codec.buffer_range = 2;
  plan.codec.metrics = 2;
  return plan;
}

void randomize_codec(Generator& random, ring::CodecSettings& codec) {
  codec.max_weight = 1 + below(random, 5000);
  codec.quantization_bits = static_cast<std::uint32_t>(2 + below(random, 10));
  if (coin(random)) codec.ring_bits = 48;
  if (coin(random)) {
    codec.clipping = ring::RangeClip{0.5};
  } else {
    codec.clipping = ring::L2Clip{3.0, coin(random) ? std::optional(0.25) : std::nullopt};
    if (coin(random)) codec.rotation_seed = Digest{1, 2, 3};
  }
}

Plan random_plan(Seed seed) {
  Generator random(seed);
  Plan plan = small_plan();
  plan.purpose = coin(random) ? Purpose::kTrain : Purpose::kEvaluate;
  plan.train.optimizer = static_cast<Optimizer>(1 + below(random, 3));
  if (plan.train.optimizer == Optimizer::kSgd) plan.train.momentum = 0.9;
  plan.train.learning_rate = 1.0 / static_cast<double>(1 + below(random, 1000));
  plan.train.weight_decay = coin(random) ? 0 : 1e-4;
  plan.train.fedprox_mu = coin(random) ? 0 : 0.01;
  plan.train.gradient_clip = coin(random) ? 0 : 5;
  plan.train.batch_size = static_cast<std::uint32_t>(1 + below(random, 256));
  if (coin(random)) {
    plan.train.epochs = 0;
    plan.train.steps = static_cast<std::uint32_t>(1 + below(random, 500));
  }
  plan.train.loss = static_cast<Loss>(1 + below(random, 2));
  randomize_codec(random, plan.codec);
  plan.metrics.clear();
  for (std::uint64_t i = below(random, 5); i > 0; --i) {
    plan.metrics.push_back("metric_" + std::to_string(i));
  }
  plan.codec.metrics = static_cast<std::uint32_t>(plan.metrics.size());
  plan.secure.masking = static_cast<Masking>(1 + below(random, 2));
  plan.secure.minimum_devices = static_cast<std::uint32_t>(5 + below(random, 95));
  plan.secure.coordinator =
      coin(random) ? secagg::Coordinator::kLying : secagg::Coordinator::kCurious;
  return plan;
}

bool same_clipping(const ring::Clipping& a, const ring::Clipping& b) {
  if (a.index() != b.index()) return false;
  if (const auto* l2 = std::get_if<ring::L2Clip>(&a)) {
    const auto& other = std::get<ring::L2Clip>(b);
    return l2->bound == other.bound && l2->coordinate_range == other.coordinate_range;
  }
  return std::get<ring::RangeClip>(a).range == std::get<ring::RangeClip>(b).range;
}

void check_same(const Plan& a, const Plan& b) {
  CHECK(a.task == b.task);
  CHECK(a.purpose == b.purpose);
  CHECK(a.model == b.model);
  CHECK(a.manifest.tensors() == b.manifest.tensors());
  CHECK(a.train == b.train);
  CHECK(a.metrics == b.metrics);
  CHECK(a.secure == b.secure);
  CHECK(a.codec.max_devices == b.codec.max_devices);
  CHECK(a.codec.max_weight == b.codec.max_weight);
  CHECK(a.codec.quantization_bits == b.codec.quantization_bits);
  CHECK(a.codec.ring_bits == b.codec.ring_bits);
  CHECK(same_clipping(a.codec.clipping, b.codec.clipping));
  CHECK(a.codec.buffer_range == b.codec.buffer_range);
  CHECK(a.codec.rotation_seed == b.codec.rotation_seed);
  CHECK(a.codec.metrics == b.codec.metrics);
}

}  // namespace

TEST_CASE("any valid plan comes back from its bytes as it was", "[plan]") {
  testing::for_each_seed(300, [](Seed seed) {
    const Plan plan = random_plan(seed);
    REQUIRE(plan.validate().has_value());
    const Bytes bytes = plan.to_bytes();
    const Result<Plan> back = Plan::from_bytes(bytes);
    REQUIRE(back.has_value());
    check_same(*back, plan);
    CHECK(back->to_bytes() == bytes);
  });
}

TEST_CASE("a plan that is cut short or too long is refused", "[plan]") {
  testing::for_each_seed(20, [](Seed seed) {
    Bytes bytes = random_plan(seed).to_bytes();
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      const Result<Plan> plan = Plan::from_bytes(ByteView(bytes).first(size));
      REQUIRE_FALSE(plan.has_value());
      CHECK(plan.error().code == ErrorCode::kDataLoss);
    }
    bytes.push_back(0);
    CHECK(Plan::from_bytes(bytes).error().code == ErrorCode::kDataLoss);
  });
}

TEST_CASE("a flipped bit is refused or gives another valid plan of exactly these bytes", "[plan]") {
  testing::for_each_seed(10, [](Seed seed) {
    const Bytes bytes = random_plan(seed).to_bytes();
    std::size_t refused = 0;
    for (std::size_t i = 0; i < bytes.size() * 8; ++i) {
      Bytes damaged = bytes;
      damaged[i / 8] = static_cast<std::uint8_t>(damaged[i / 8] ^ (1u << (i % 8)));
      const Result<Plan> plan = Plan::from_bytes(damaged);
      if (plan.has_value()) {
        REQUIRE(plan->to_bytes() == damaged);
      } else {
        ++refused;
      }
    }
    CHECK(refused > bytes.size());
  });
}

TEST_CASE("a newer format is refused as such, with what to do", "[plan]") {
  Bytes bytes = small_plan().to_bytes();
  bytes[0] = 2;
  const Result<Plan> plan = Plan::from_bytes(bytes);
  REQUIRE_FALSE(plan.has_value());
  CHECK(plan.error().code == ErrorCode::kUnimplemented);
  CHECK(plan.error().message.find("update the program") != std::string::npos);
  bytes[0] = 0;
  CHECK(Plan::from_bytes(bytes).error().code == ErrorCode::kDataLoss);
}

TEST_CASE("what is too large for a plan is refused before it is read", "[plan]") {
  CHECK(Plan::from_bytes(Bytes(kMaxPlanBytes + 1)).error().code == ErrorCode::kDataLoss);
  std::vector<ring::Tensor> tensors;
  for (std::size_t i = 0; i < 40'000; ++i) {
    tensors.push_back({std::string(500, 'a') + std::to_string(i), ring::DType::kF32, {1}, {}});
    tensors.back().role = ring::Role::kTrain;
  }
  Plan plan = small_plan();
  plan.manifest = ring::Manifest::create(std::move(tensors)).value();
  plan.codec.buffer_range = 0;
  const Status status = plan.validate();
  REQUIRE_FALSE(status.has_value());
  CHECK(status.error().message.find("a plan has at most") != std::string::npos);
}

TEST_CASE("an evaluation sums metrics and nothing of the model", "[plan]") {
  Plan plan = small_plan();
  plan.codec.rotation_seed = Digest{7};
  const ring::CodecParameters train = plan.codec_parameters().value();
  CHECK(plan.aggregated()->digest() == plan.manifest.digest());
  CHECK(train.shape().length == plan.manifest.flat_length());

  plan.purpose = Purpose::kEvaluate;
  REQUIRE(plan.validate().has_value());
  const ring::CodecParameters evaluate = plan.codec_parameters().value();
  CHECK(plan.aggregated()->tensors().empty());
  CHECK(evaluate.shape().length == 0);
  CHECK(evaluate.shape().counters == train.shape().counters);
}

TEST_CASE("a refusal names the setting", "[plan]") {
  struct Case {
    const char* says;
    std::function<void(Plan&)> spoil;
  };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<Case> cases = {
      {"task's name", [](Plan& p) { p.task = "Digits"; }},
      {"model's name", [](Plan& p) { p.model = "a b"; }},
      {"model's name", [](Plan& p) { p.model = std::string(kMaxModelNameBytes + 1, 'a'); }},
      {"learning_rate is above 0 and at most 1e6, not 0",
       [](Plan& p) { p.train.learning_rate = 0; }},
      {"learning_rate", [=](Plan& p) { p.train.learning_rate = nan; }},
      {"momentum is at least 0 and below 1, not 1", [](Plan& p) { p.train.momentum = 1; }},
      {"optimizer sgd",
       [](Plan& p) {
         p.train.optimizer = Optimizer::kAdam;
         p.train.momentum = 0.5;
       }},
      {"weight_decay", [](Plan& p) { p.train.weight_decay = -1; }},
      {"fedprox_mu", [=](Plan& p) { p.train.fedprox_mu = nan; }},
      {"gradient_clip", [](Plan& p) { p.train.gradient_clip = 1e300; }},
      {"batch_size", [](Plan& p) { p.train.batch_size = 0; }},
      {"batch_size", [](Plan& p) { p.train.batch_size = kAllExamples - 1; }},
      {"exactly one of epochs and steps", [](Plan& p) { p.train.steps = 5; }},
      {"exactly one of epochs and steps", [](Plan& p) { p.train.epochs = 0; }},
      {"metric 1", [](Plan& p) { p.metrics[0] = "Loss"; }},
      {"'accuracy' occurs twice", [](Plan& p) { p.metrics[0] = "accuracy"; }},
      {"the plan names 1", [](Plan& p) { p.metrics.pop_back(); }},
      {"number of metrics", [](Plan& p) { p.metrics.resize(kMaxMetrics + 1); }},
      {"nothing to train", [](Plan& p) { p.manifest = ring::Manifest::create({}).value(); }},
      {"minimum_devices is 2", [](Plan& p) { p.secure.minimum_devices = 1; }},
      {"minimum_survivors is 2 to 10, not 11", [](Plan& p) { p.secure.minimum_survivors = 11; }},
      {"above max_devices", [](Plan& p) { p.codec.max_devices = 9; }},
      {"corrupt_fraction", [](Plan& p) { p.secure.corrupt_fraction = 1; }},
      {"dropout_fraction", [=](Plan& p) { p.secure.dropout_fraction = nan; }},
      {"security_bits", [](Plan& p) { p.secure.security_bits = 0; }},
      {"completion_bits", [](Plan& p) { p.secure.completion_bits = 257; }},
      {"buffer_range", [](Plan& p) { p.codec.buffer_range = 0; }},
      {"buffer_range",
       [=](Plan& p) {
         p.purpose = Purpose::kEvaluate;
         p.codec.buffer_range = nan;
       }},
      {"quantization_bits", [](Plan& p) { p.codec.quantization_bits = 1; }},
      {"does not fit a ring", [](Plan& p) { p.codec.ring_bits = 8; }},
  };
  for (const Case& c : cases) {
    Plan plan = small_plan();
    c.spoil(plan);
    const Status status = plan.validate();
    INFO(c.says << "; got: " << (status ? "" : status.error().message));
    REQUIRE_FALSE(status.has_value());
    CHECK(status.error().code == ErrorCode::kInvalidArgument);
    CHECK(status.error().message.find(c.says) != std::string::npos);
    CHECK_FALSE(Plan::from_bytes(plan.to_bytes()).has_value());
  }
}

TEST_CASE("plain rounds may have a single device, secure ones never", "[plan]") {
  Plan plan = small_plan();
  plan.secure.minimum_devices = 1;
  plan.secure.minimum_survivors = 1;
  CHECK_FALSE(plan.validate().has_value());
  plan.secure.masking = Masking::kPlain;
  CHECK(plan.validate().has_value());
}

TEST_CASE("a task's name is lower case, digits and dashes", "[plan]") {
  for (const char* name : {"a", "mnist-2", "0", "a-"}) CHECK(validate_task_name(name).has_value());
  CHECK(validate_task_name(std::string(64, 'x')).has_value());
  CHECK_FALSE(validate_task_name(std::string(65, 'x')).has_value());
  for (const char* name : {"", "-a", "A", "a_b", "a/b", "..", "ä"}) {
    CHECK_FALSE(validate_task_name(name).has_value());
  }
}

TEST_CASE("every name leads back to its value", "[plan]") {
  for (const auto value : {Optimizer::kSgd, Optimizer::kAdam, Optimizer::kAdamW}) {
    CHECK(optimizer_from_name(name_of(value)) == value);
  }
  for (const auto value : {Loss::kCrossEntropy, Loss::kMeanSquared}) {
    CHECK(loss_from_name(name_of(value)) == value);
  }
  for (const auto value : {Masking::kSecure, Masking::kPlain}) {
    CHECK(masking_from_name(name_of(value)) == value);
  }
  CHECK(name_of(Purpose::kTrain) == "train");
  CHECK(name_of(Purpose::kEvaluate) == "evaluate");
  CHECK_FALSE(optimizer_from_name("SGD").has_value());
}

}  // namespace covey::plan
