#include <limits>
#include <stdexcept>

#include "client/torch_trainer_words.h"

namespace covey::client {

TEST_CASE("an output of other dimensions than the targets is an error", "[torch]") {
  TorchCase test_case;
  test_case.net = Net::kPositions;
  test_case.has_scalar_targets = true;
  const auto trainer = trainer_of(test_case);
  const plan::Plan plan = plan_of(sgd());
  model::Model model = torch_model(Net::kPositions, 1).value();
  const auto report = trainer->run({plan, 1, 1, {}}, model);
  REQUIRE_FALSE(report.has_value());
  CHECK(report.error().code == ErrorCode::kInternal);
  CHECK(mentions(report.error(), "[n, positions, classes]"));
}

TEST_CASE("a metric that cannot be measured is refused", "[torch]") {
  const auto trainer = trainer_of({});
  CHECK(failure(*trainer, plan_of(sgd(), {"f1"})).code == ErrorCode::kInvalidArgument);
  plan::Plan evaluation = plan_of(sgd(), {"train_loss"});
  evaluation.purpose = plan::Purpose::kEvaluate;
  CHECK(failure(*trainer, evaluation).code == ErrorCode::kInvalidArgument);

  TorchCase regression;
  regression.loss = Loss::kMeanSquared;
  plan::TrainSettings settings = sgd();
  settings.loss = Loss::kMeanSquared;
  CHECK(failure(*trainer_of(regression), plan_of(settings, {"accuracy"})).code ==
        ErrorCode::kInvalidArgument);
  CHECK(failure(*trainer_of(regression), plan_of(sgd())).code == ErrorCode::kInvalidArgument);

  TorchCase nothing_held_out;
  nothing_held_out.held_out = 0;
  CHECK(failure(*trainer_of(nothing_held_out), plan_of(sgd(), {"loss"})).code ==
        ErrorCode::kFailedPrecondition);
}

TEST_CASE("a loss that is not finite is an error, and the model stays", "[torch]") {
  const auto trainer = trainer_of({});
  plan::TrainSettings settings = sgd();
  settings.learning_rate = 1e30;
  settings.weight_decay = 1e10;
  const Error error = failure(*trainer, plan_of(settings));
  CHECK(error.code == ErrorCode::kOutOfRange);
  CHECK(mentions(error, "not finite"));

  model::Model model = torch_model(Net::kPlain, 1).value();
  const model::Model start = model.clone();
  const plan::Plan diverging = plan_of(settings);
  REQUIRE_FALSE(trainer->run({diverging, 1, 1, {}}, model).has_value());
  CHECK(same_bytes(model, start));

  model.floats("last.bias")[0] = std::numeric_limits<float>::quiet_NaN();
  const plan::Plan plan = plan_of(sgd(), {"loss"});
  const auto report = trainer->run({plan, 1, 1, {}}, model);
  REQUIRE_FALSE(report.has_value());
  CHECK(report.error().code == ErrorCode::kOutOfRange);
}

TEST_CASE("an exception of a module becomes an error with its text", "[torch]") {
  TorchCase test_case;
  test_case.on_forward = [] { throw std::runtime_error("the sensor is gone"); };
  const Error error = failure(*trainer_of(test_case), plan_of(sgd()));
  CHECK(error.code == ErrorCode::kInternal);
  CHECK(mentions(error, "the sensor is gone"));

  const auto trainer = testing::make_trainer_of_throwing_factory();
  REQUIRE_FALSE(trainer.has_value());
  CHECK(mentions(trainer.error(), "no such layer"));
}

TEST_CASE("an exception of LibTorch becomes an error with its text", "[torch]") {
  TorchCase regression;
  regression.loss = Loss::kMeanSquared;
  regression.net = Net::kBatchNorm;
  regression.examples = 1;  // which batch norm cannot train on
  plan::TrainSettings settings = sgd();
  settings.loss = Loss::kMeanSquared;
  const auto trainer = trainer_of(regression);
  model::Model model = torch_model(Net::kBatchNorm, 1).value();
  const plan::Plan plan = plan_of(settings);
  const auto report = trainer->run({plan, 1, 1, {}}, model);
  REQUIRE_FALSE(report.has_value());
  CHECK(report.error().code == ErrorCode::kInternal);
  CHECK(mentions(report.error(), "LibTorch says"));
}

TEST_CASE("a stop ends the training after the step that runs", "[torch]") {
  std::stop_source stop;
  int passes = 0;
  TorchCase test_case;
  test_case.on_forward = [&] {
    if (++passes == 3) stop.request_stop();
  };
  const auto trainer = trainer_of(test_case);
  plan::TrainSettings settings = sgd();
  settings.epochs = 1000;
  CHECK(failure(*trainer, plan_of(settings), stop.get_token()).code == ErrorCode::kCancelled);
  CHECK(passes == 3);
  CHECK(failure(*trainer, plan_of(settings, {"loss"}), stop.get_token()).code ==
        ErrorCode::kCancelled);
  CHECK(passes == 3);
}

TEST_CASE("a model of another network is refused by the tensor that differs", "[torch]") {
  TorchCase test_case;
  test_case.net = Net::kBatchNorm;
  const Error error = failure(*trainer_of(test_case), plan_of(sgd()));
  CHECK(error.code == ErrorCode::kInvalidArgument);
  CHECK(mentions(error, "'norm.weight'"));
}

TEST_CASE("parameters that cannot be aggregated are refused by name", "[torch]") {
  for (const auto& [net, name] :
       {std::pair{Net::kTied, "'first.weight'"}, std::pair{Net::kHalf, "'first.weight'"}}) {
    TorchCase test_case;
    test_case.net = net;
    const auto trainer = make_torch_trainer(test_case);
    REQUIRE_FALSE(trainer.has_value());
    CHECK(trainer.error().code == ErrorCode::kInvalidArgument);
    CHECK(mentions(trainer.error(), name));
    CHECK_FALSE(torch_model(net, 1).has_value());
  }
}

TEST_CASE("a module that moves its parameters out of the flat block is found out", "[torch]") {
  TorchCase test_case;
  test_case.replaces_a_parameter = true;
  const Error error = failure(*trainer_of(test_case), plan_of(sgd()));
  CHECK(error.code == ErrorCode::kFailedPrecondition);
  CHECK(mentions(error, "'last.weight'"));
}

}  // namespace covey::client
