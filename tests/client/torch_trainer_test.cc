#include <cstring>

#include "client/torch_trainer_words.h"

namespace covey::client {
namespace {

struct Variant {
  const char* name;
  plan::TrainSettings settings;
};

std::vector<Variant> variants() {
  std::vector<Variant> all(9, {"SGD", sgd()});
  all[1].name = "SGD with momentum and decay";
  all[1].settings.momentum = 0.9;
  all[1].settings.weight_decay = 0.1;
  all[2].name = "Adam";
  all[2].settings.optimizer = Optimizer::kAdam;
  all[2].settings.learning_rate = 0.01;
  all[2].settings.weight_decay = 0.1;
  all[3].name = "AdamW";
  all[3].settings = all[2].settings;
  all[3].settings.optimizer = Optimizer::kAdamW;
  all[4].name = "FedProx";
  all[4].settings.fedprox_mu = 2;
  all[5].name = "clipped";
  all[5].settings.gradient_clip = 0.2;
  all[6].name = "clipped FedProx with momentum and decay";
  all[6].settings = all[1].settings;
  all[6].settings.gradient_clip = 0.2;
  all[6].settings.fedprox_mu = 2;
  all[7].name = "steps";
  all[7].settings.epochs = 0;
  all[7].settings.steps = 7;
  all[8].name = "one whole batch";
  all[8].settings.batch_size = 100;
  for (Variant& variant : all) {
    if (variant.settings.steps == 0) variant.settings.epochs = 3;
  }
  return all;
}

}  // namespace

TEST_CASE("the trainer equals torch.optim on the module's own parameters", "[torch]") {
  for (const Net net :
       {Net::kPlain, Net::kBatchNorm, Net::kFrozen, Net::kPositions, Net::kUnused}) {
    for (const Loss loss : {Loss::kCrossEntropy, Loss::kMeanSquared}) {
      TorchCase test_case;
      test_case.net = net;
      test_case.loss = loss;
      const auto trainer = trainer_of(test_case);
      const model::Model start = torch_model(net, 5).value();
      for (Variant& variant : variants()) {
        INFO(variant.name << ", net " << static_cast<int>(net) << ", loss "
                          << static_cast<int>(loss));
        variant.settings.loss = loss;
        const plan::Plan plan = plan_of(variant.settings);
        model::Model model = start.clone();
        const auto report = trainer->run({plan, 1, 3, {}}, model);
        REQUIRE(report.has_value());
        const model::Model twin = testing::train_naively(test_case, variant.settings, 3, start);
        CHECK(distance(model, twin) < 2e-5f);
        CHECK(distance(model, start) > 1e-3f);
      }
    }
  }
}

TEST_CASE("a frozen parameter keeps its bits", "[torch]") {
  TorchCase test_case;
  test_case.net = Net::kFrozen;
  const auto trainer = trainer_of(test_case);
  const model::Model start = torch_model(Net::kFrozen, 5).value();
  plan::TrainSettings settings = sgd();
  settings.weight_decay = 0.5;
  const plan::Plan plan = plan_of(settings);
  model::Model model = start.clone();
  REQUIRE(trainer->run({plan, 1, 3, {}}, model).has_value());
  CHECK(std::ranges::equal(model.floats("first.weight"), start.floats("first.weight")));
  CHECK_FALSE(std::ranges::equal(model.floats("first.bias"), start.floats("first.bias")));
}

TEST_CASE("the manifest has the tensors of the state_dict, in its order", "[torch]") {
  TorchCase test_case;
  test_case.net = Net::kBatchNorm;
  const auto trainer = trainer_of(test_case);
  using ring::DType;
  using ring::Role;
  const std::vector<ring::Tensor> expected = {
      {"first.weight", DType::kF32, {8, 6}, Role::kTrain},
      {"first.bias", DType::kF32, {8}, Role::kTrain},
      {"norm.weight", DType::kF32, {8}, Role::kTrain},
      {"norm.bias", DType::kF32, {8}, Role::kTrain},
      {"norm.running_mean", DType::kF32, {8}, Role::kFloatBuffer},
      {"norm.running_var", DType::kF32, {8}, Role::kFloatBuffer},
      {"norm.num_batches_tracked", DType::kI64, {}, Role::kIntBuffer},
      {"last.weight", DType::kF32, {3, 8}, Role::kTrain},
      {"last.bias", DType::kF32, {3}, Role::kTrain},
  };
  CHECK(trainer->manifest().tensors() == expected);

  test_case.net = Net::kFrozen;
  CHECK(trainer_of(test_case)->manifest().tensors()[0].role == Role::kFrozen);
}

TEST_CASE("buffers of batch norm come back with the model", "[torch]") {
  TorchCase test_case;
  test_case.net = Net::kBatchNorm;
  const auto trainer = trainer_of(test_case);
  model::Model model = torch_model(Net::kBatchNorm, 5).value();
  constexpr std::size_t kTracked = 6;
  std::int64_t tracked = 100;
  std::memcpy(model.bytes(kTracked).data(), &tracked, sizeof tracked);
  const plan::Plan plan = plan_of(sgd());  // 37 examples in batches of 8: five steps
  REQUIRE(trainer->run({plan, 1, 3, {}}, model).has_value());
  std::memcpy(&tracked, model.bytes(kTracked).data(), sizeof tracked);
  CHECK(tracked == 105);
  CHECK(model.floats("norm.running_mean")[0] != 0.0f);
}

TEST_CASE("a model goes through a file and a trainer without a changed bit", "[torch]") {
  const model::Model start = torch_model(Net::kBatchNorm, 5).value();
  TorchCase test_case;
  test_case.net = Net::kBatchNorm;
  const auto trainer = trainer_of(test_case);
  model::Model model = model::read_model(model::write_model(start), trainer->manifest()).value();
  plan::TrainSettings settings = sgd();
  settings.learning_rate = 1e-30;
  settings.steps = 1;
  settings.epochs = 0;
  const plan::Plan plan = plan_of(settings);
  REQUIRE(trainer->run({plan, 1, 3, {}}, model).has_value());
  for (const char* name : {"first.weight", "first.bias", "norm.weight", "last.weight"}) {
    CHECK(std::ranges::equal(model.floats(name), start.floats(name)));
  }
}

TEST_CASE("the same seed gives the same bits, another seed others", "[torch]") {
  const auto trained = [](std::uint64_t seed) {
    const auto trainer = trainer_of({});
    model::Model model = torch_model(Net::kPlain, 5).value();
    const plan::Plan plan = plan_of(sgd());
    CHECK(trainer->run({plan, 1, seed, {}}, model).has_value());
    return model;
  };
  const model::Model first = trained(3);
  CHECK(same_bytes(first, trained(3)));
  CHECK_FALSE(same_bytes(first, trained(4)));
}

TEST_CASE("a trainer keeps nothing of one run for the next", "[torch]") {
  TorchCase test_case;
  test_case.net = Net::kBatchNorm;
  const auto trainer = trainer_of(test_case);
  plan::TrainSettings settings = sgd();
  settings.momentum = 0.9;
  const plan::Plan plan = plan_of(settings);
  model::Model first = torch_model(Net::kBatchNorm, 5).value();
  model::Model second = first.clone();
  REQUIRE(trainer->run({plan, 1, 3, {}}, first).has_value());
  REQUIRE(trainer->run({plan, 2, 3, {}}, second).has_value());
  CHECK(same_bytes(first, second));
}

TEST_CASE("loss and accuracy are the received model's on the held-out part", "[torch]") {
  for (const Net net : {Net::kPlain, Net::kPositions}) {
    for (const plan::Purpose purpose : {plan::Purpose::kTrain, plan::Purpose::kEvaluate}) {
      TorchCase test_case;
      test_case.net = net;
      const auto trainer = trainer_of(test_case);
      plan::Plan plan = plan_of(sgd(), {"accuracy", "loss"});
      plan.purpose = purpose;
      model::Model model = torch_model(net, 5).value();
      const std::vector<double> twin = testing::evaluate_naively(test_case, model);
      const model::Model start = model.clone();
      const auto report = trainer->run({plan, 1, 3, {}}, model);
      REQUIRE(report.has_value());
      CHECK(report->metrics.at(0) == Approx(twin[1]));
      CHECK(report->metrics.at(1) == Approx(twin[0]));
      const bool is_training = purpose == plan::Purpose::kTrain;
      CHECK(report->examples == (is_training ? 37u : 11u));
      CHECK(same_bytes(model, start) != is_training);
    }
  }
}

TEST_CASE("rmse is the root of the mean squared error", "[torch]") {
  TorchCase test_case;
  test_case.loss = Loss::kMeanSquared;
  plan::TrainSettings settings = sgd();
  settings.loss = Loss::kMeanSquared;
  const plan::Plan plan = plan_of(settings, {"loss", "rmse"});
  model::Model model = torch_model(Net::kPlain, 5).value();
  const auto report = trainer_of(test_case)->run({plan, 1, 3, {}}, model);
  REQUIRE(report.has_value());
  CHECK(report->metrics.at(0) > 0.1);
  CHECK(report->metrics.at(1) * report->metrics.at(1) == Approx(report->metrics.at(0)));
  CHECK(failure(*trainer_of({}), plan_of(sgd(), {"rmse"})).code == ErrorCode::kInvalidArgument);
}

TEST_CASE("rows of shared examples train as a copy of them would", "[torch]") {
  for (const Net net : {Net::kPlain, Net::kPositions}) {
    const auto trained = [&](bool has_rows) {
      TorchCase test_case;
      test_case.net = net;
      test_case.has_rows = has_rows;
      model::Model model = torch_model(net, 5).value();
      const plan::Plan plan = plan_of(sgd(), {"loss", "accuracy", "train_loss"});
      const auto report = trainer_of(test_case)->run({plan, 1, 3, {}}, model);
      REQUIRE(report.has_value());
      CHECK(report->examples == 37);
      return std::pair(report->metrics, model::write_model(model));
    };
    CHECK(trained(true) == trained(false));
  }
}

TEST_CASE("the training loss is the mean over the steps", "[torch]") {
  // One step over everything: the loss of the received model on the training part.
  plan::TrainSettings settings = sgd();
  settings.batch_size = 37;
  const auto report_of = [&](std::uint32_t epochs) {
    settings.epochs = epochs;
    const plan::Plan plan = plan_of(settings, {"train_loss"});
    model::Model model = torch_model(Net::kPlain, 5).value();
    return trainer_of({})->run({plan, 1, 3, {}}, model).value().metrics.at(0);
  };
  const double first = report_of(1);
  const double two = report_of(2);
  CHECK(first > 0.5);
  CHECK(two < first);
  CHECK(two > first / 2);
}

TEST_CASE("examples are those that the steps used", "[torch]") {
  plan::TrainSettings settings = sgd();
  settings.epochs = 0;
  for (const auto& [steps, used] : {std::pair{2u, 16u}, {4u, 32u}, {5u, 37u}, {9u, 37u}}) {
    settings.steps = steps;
    const plan::Plan plan = plan_of(settings);
    model::Model model = torch_model(Net::kPlain, 5).value();
    CHECK(trainer_of({})->run({plan, 1, 3, {}}, model).value().examples == used);
  }
}

TEST_CASE("a device without examples contributes nothing and changes nothing", "[torch]") {
  TorchCase test_case;
  test_case.examples = 0;
  test_case.held_out = 0;
  const auto trainer = trainer_of(test_case);
  model::Model model = torch_model(Net::kPlain, 5).value();
  const model::Model start = model.clone();
  for (const plan::Purpose purpose : {plan::Purpose::kTrain, plan::Purpose::kEvaluate}) {
    plan::Plan plan = plan_of(sgd(), {"loss"});
    plan.purpose = purpose;
    const auto report = trainer->run({plan, 1, 3, {}}, model);
    REQUIRE(report.has_value());
    CHECK(report->examples == 0);
    CHECK(report->metrics == std::vector<double>{0.0});
  }
  CHECK(same_bytes(model, start));
}

TEST_CASE("local tensors stay what this device made of them", "[torch]") {
  TorchCase test_case;
  test_case.net = Net::kLocal;
  const auto trainer = trainer_of(test_case);
  const plan::Plan plan = plan_of(sgd());
  const model::Model received = torch_model(Net::kLocal, 5).value();
  model::Model first = received.clone();
  REQUIRE(trainer->run({plan, 1, 3, {}}, first).has_value());

  plan::Plan evaluation = plan_of(sgd(), {"loss"});
  evaluation.purpose = plan::Purpose::kEvaluate;
  model::Model other = torch_model(Net::kLocal, 6).value();
  const auto report = trainer->run({evaluation, 2, 3, {}}, other);
  REQUIRE(report.has_value());
  // The first layer is the trained one, the last layer the received one.
  model::Model expected = other.clone();
  for (const char* name : {"first.weight", "first.bias"}) {
    std::ranges::copy(first.floats(name), expected.floats(name).begin());
  }
  CHECK(report->metrics.at(0) == Approx(testing::evaluate_naively(test_case, expected)[0]));
}

}  // namespace covey::client
