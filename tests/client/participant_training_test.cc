#include <limits>

#include "client/participant_robot.h"

namespace covey::client {

TEST_CASE("a device that is stopped before it has a result declines, and begins anew") {
  for (const At at : {At::kFetchPlan, At::kFetchModel, At::kTrain}) {
    Robot robot;
    robot.go_to(at);
    robot.feed(event::Stop{});
    CHECK(robot.as<operation::Decline>().reason == federation::DeclineReason::kStopped);
    robot.feed(event::Declined{});
    CHECK(robot.is<operation::Done>());
    robot.feed(event::Waited{});
    CHECK(robot.is<operation::Done>());
    robot.feed(event::Begin{});
    CHECK(robot.is<operation::CheckIn>());
    CHECK(robot.receipts.empty());
  }
}

TEST_CASE("a device that is stopped with a result keeps it and goes on where it was") {
  for (const At at : {At::kJoin, At::kSend, At::kReceive}) {
    Robot robot;
    robot.go_to(at);
    const std::size_t wanted = robot.operation.index();
    robot.feed(event::Stop{});
    CHECK(robot.is<operation::Done>());
    CHECK(robot.effects.empty());
    robot.feed(event::Begin{});
    CHECK(robot.operation.index() == wanted);
  }
}

TEST_CASE("a training that failed is declined, and the next check-in is not at once") {
  Robot robot;
  robot.go_to(At::kDecline);
  CHECK(robot.as<operation::Decline>().reason == federation::DeclineReason::kTrainingFailed);
  CHECK(robot.receipts.at(0).outcome == RoundOutcome::kDeclined);
  robot.feed(event::Declined{});
  CHECK(robot.is<operation::Wait>());
  robot.feed(event::Waited{});
  CHECK(robot.is<operation::CheckIn>());
}

TEST_CASE("a decline that cannot be said is given up") {
  Robot robot;
  robot.go_to(At::kDecline);
  for (int i = 0; i < 3; ++i) {
    robot.fail(kTransient);
    robot.feed(event::Waited{});
  }
  CHECK(robot.is<operation::CheckIn>());
}

TEST_CASE("an update that is not finite never becomes a vector, and the device says whose fault") {
  const float not_finite =
      GENERATE(std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity());
  Robot robot;
  robot.go_to(At::kTrain);
  robot.train({10, {0.5}}, not_finite);
  CHECK(robot.as<operation::Decline>().reason == federation::DeclineReason::kNotFinite);
  CHECK(robot.receipts.at(0).detail.find("weight") != std::string::npos);
  CHECK(robot.reports.back().message.find("weight") != std::string::npos);
}

TEST_CASE("a metric that is not finite is this device's fault too") {
  Robot robot;
  robot.go_to(At::kTrain);
  robot.train({10, {std::numeric_limits<double>::quiet_NaN()}});
  CHECK(robot.as<operation::Decline>().reason == federation::DeclineReason::kNotFinite);
}

TEST_CASE("a trainer that gives another number of metrics is at fault") {
  Robot robot;
  robot.go_to(At::kTrain);
  robot.train({10, {0.5, 0.6}});
  CHECK(robot.as<operation::Decline>().reason == federation::DeclineReason::kTrainingFailed);
}

TEST_CASE("a device without examples contributes nothing but its being there") {
  Robot robot;
  robot.go_to(At::kTrain);
  robot.train({0, {}}, std::numeric_limits<float>::quiet_NaN());
  CHECK(robot.is<operation::Join>());
}

TEST_CASE("an evaluation sends metrics alone") {
  plan::Plan plan = testing::small_plan();
  plan.purpose = plan::Purpose::kEvaluate;
  Robot robot(plan);
  robot.go_to(At::kJoin);
  robot.feed(event::Joined{federation::RoundOver{}});
  CHECK(robot.receipts.at(0).terms->shape.length == 0);
}

}  // namespace covey::client
