#include "client/participant_robot.h"

namespace covey::client {
namespace {

std::vector<ParticipantEvent> events_that_answer_nothing(At at) {
  std::vector<ParticipantEvent> all;
  all.emplace_back(event::Waited{});
  if (at != At::kCheckIn) all.emplace_back(event::CheckedIn{federation::ComeBack{}});
  if (at != At::kFetchPlan && at != At::kFetchModel) {
    all.emplace_back(event::Fetched{std::make_shared<const Bytes>()});
  }
  all.emplace_back(event::Fetched{nullptr});
  if (at != At::kTrain) all.emplace_back(event::Trained{});
  if (at != At::kJoin) all.emplace_back(event::Joined{federation::RoundOver{}});
  if (at != At::kSend) all.emplace_back(event::Sent{federation::RoundOver{}});
  if (at != At::kReceive) all.emplace_back(event::Received{federation::RoundOver{}});
  if (at != At::kDecline) all.emplace_back(event::Declined{});
  all.emplace_back(event::Begin{});
  return all;
}

}  // namespace

TEST_CASE("an event that does not answer the operation under way asks for it again") {
  for (const At at : kEverywhere) {
    Robot robot;
    robot.go_to(at);
    const std::size_t wanted = robot.operation.index();
    for (ParticipantEvent& next : events_that_answer_nothing(at)) {
      INFO("at " << static_cast<int>(at) << ", event " << next.index());
      robot.feed(std::move(next));
      CHECK(robot.operation.index() == wanted);
      CHECK(robot.effects.empty());
    }
  }
}

TEST_CASE("an operation that the network failed is asked for again after a pause that grows") {
  for (const At at : kEverywhere) {
    if (at == At::kTrain) continue;
    for (const ErrorCode code : {ErrorCode::kUnavailable, ErrorCode::kDeadlineExceeded,
                                 ErrorCode::kResourceExhausted, ErrorCode::kInternal}) {
      INFO("at " << static_cast<int>(at) << ", " << name_of(code));
      Robot robot;
      robot.go_to(at);
      const std::size_t wanted = robot.operation.index();
      robot.fail({code, "failed"});
      const auto first = robot.as<operation::Wait>().pause;
      CHECK(first >= std::chrono::milliseconds(500));
      CHECK(first <= std::chrono::milliseconds(1'000));
      CHECK(robot.reports.back().code == code);
      robot.feed(event::Waited{});
      REQUIRE(robot.operation.index() == wanted);
      robot.fail({code, "failed"});
      CHECK(robot.as<operation::Wait>().pause >= std::chrono::milliseconds(1'000));
    }
  }
}

TEST_CASE("pauses grow to a minute and no further, and begin anew with progress") {
  Robot robot;
  for (int i = 0; i < 40; ++i) robot.fail(kTransient);
  CHECK(robot.as<operation::Wait>().pause >= std::chrono::seconds(30));
  CHECK(robot.as<operation::Wait>().pause <= std::chrono::seconds(60));
  robot.fail(kTransient, /*made_progress=*/true);
  CHECK(robot.as<operation::Wait>().pause <= std::chrono::seconds(1));
}

TEST_CASE("what only a person can change is tried again after a long pause, and said") {
  for (const At at : {At::kCheckIn, At::kFetchPlan, At::kJoin, At::kSend, At::kReceive}) {
    for (const ErrorCode code :
         {ErrorCode::kUnauthenticated, ErrorCode::kPermissionDenied, ErrorCode::kUnimplemented}) {
      Robot robot;
      robot.go_to(at);
      robot.fail({code, "no"});
      CHECK(robot.as<operation::Wait>().pause >= std::chrono::minutes(30));
      CHECK(robot.reports.back().code == code);
      CHECK(robot.reports.back().message.size() > 20);
    }
  }
}

TEST_CASE("a fetch that goes on failing ends the assignment") {
  Robot robot;
  robot.go_to(At::kFetchModel);
  for (int i = 0; i < 8; ++i) robot.fail(kTransient);
  robot.feed(event::Waited{});
  CHECK(robot.is<operation::CheckIn>());
}

TEST_CASE("a blob that is gone ends the assignment") {
  Robot robot;
  robot.go_to(At::kFetchPlan);
  robot.fail({ErrorCode::kNotFound, "no such blob"});
  robot.feed(event::Waited{});
  CHECK(robot.is<operation::CheckIn>());
}

TEST_CASE("a blob with another digest is fetched again, and not used") {
  for (const At at : {At::kFetchPlan, At::kFetchModel}) {
    Robot robot;
    robot.go_to(at);
    Bytes wrong = **robot.coordinator.fetch(robot.as<operation::Fetch>().blob.digest);
    wrong.back() ^= 1;
    robot.feed(event::Fetched{std::make_shared<const Bytes>(std::move(wrong))});
    CHECK(robot.reports.back().code == ErrorCode::kDataLoss);
    CHECK(robot.is<operation::Wait>());
    robot.feed(event::Waited{});
    CHECK(robot.is<operation::Fetch>());
  }
}

TEST_CASE("told to come back, a device does, neither at once nor never") {
  Robot robot;
  robot.feed(event::CheckedIn{federation::ComeBack{std::chrono::milliseconds(700)}});
  CHECK(robot.as<operation::Wait>().pause == std::chrono::milliseconds(700));
  robot.feed(event::Waited{});
  robot.feed(event::CheckedIn{federation::ComeBack{}});
  CHECK(robot.as<operation::Wait>().pause > std::chrono::milliseconds(0));
  robot.feed(event::Waited{});
  robot.feed(event::CheckedIn{federation::ComeBack{std::chrono::milliseconds::max()}});
  CHECK(robot.as<operation::Wait>().pause == std::chrono::hours(24));
  robot.feed(event::Waited{});
  robot.go_to(At::kJoin);
  robot.feed(event::Joined{federation::ComeBack{std::chrono::milliseconds(700)}});
  robot.feed(event::Waited{});
  CHECK(robot.is<operation::Join>());
}

TEST_CASE("a message that there is no room for is sent again, the same bytes") {
  Robot robot;
  robot.go_to(At::kSend);
  const Bytes first = to_bytes(robot.as<operation::Send>().message);
  robot.feed(event::Sent{federation::ComeBack{std::chrono::milliseconds(100)}});
  CHECK(robot.is<operation::Wait>());
  robot.feed(event::Waited{});
  CHECK(to_bytes(robot.as<operation::Send>().message) == first);
  robot.fail(kTransient);
  robot.feed(event::Waited{});
  CHECK(to_bytes(robot.as<operation::Send>().message) == first);
}

TEST_CASE("a round that is over at any time leaves a receipt and nothing else") {
  for (const At at : {At::kJoin, At::kSend, At::kReceive}) {
    for (const bool is_completed : {false, true}) {
      Robot robot;
      robot.go_to(at);
      const federation::RoundOver over{is_completed, false, {}, is_completed ? "" : "too late"};
      if (at == At::kJoin) robot.feed(event::Joined{over});
      if (at == At::kSend) robot.feed(event::Sent{over});
      if (at == At::kReceive) robot.feed(event::Received{over});
      REQUIRE(robot.receipts.size() == 1);
      CHECK(robot.receipts[0].outcome ==
            (is_completed ? RoundOutcome::kNotInSum : RoundOutcome::kAborted));
      if (!is_completed) CHECK(robot.receipts[0].detail == "too late");
      CHECK(robot.is<operation::CheckIn>());
      robot.feed(event::CheckedIn{robot.coordinator.assignment});
      CHECK(robot.is<operation::Wait>());  // it has answered this round
      REQUIRE(robot.reports.size() == 1);
      CHECK(robot.reports.back().code == ErrorCode::kAlreadyExists);
    }
  }
}

TEST_CASE("a round that the coordinator does not know any more is abandoned") {
  for (const At at : {At::kJoin, At::kSend, At::kReceive}) {
    for (const ErrorCode code : {ErrorCode::kNotFound, ErrorCode::kFailedPrecondition,
                                 ErrorCode::kAlreadyExists, ErrorCode::kInvalidArgument}) {
      Robot robot;
      robot.go_to(at);
      robot.fail({code, "no such round"});
      REQUIRE(robot.receipts.size() == 1);
      CHECK(robot.receipts[0].outcome == RoundOutcome::kAbandoned);
      CHECK(robot.is<operation::CheckIn>());
    }
  }
}

TEST_CASE("a reason that is no name is not shown") {
  Robot robot;
  robot.go_to(At::kJoin);
  robot.feed(event::Joined{federation::RoundOver{false, false, {}, "\x1b[2J<script>"}});
  CHECK(robot.receipts.at(0).detail.find("script") == std::string::npos);
}

TEST_CASE("a message that is none of the protocol's ends the session with a refusal by name") {
  Robot robot;
  robot.go_to(At::kReceive);
  robot.feed(event::Received{federation::GroupMessage{1, {1, 2, 3}}});
  CHECK(robot.is<operation::Send>());  // the refusal
  robot.feed(event::Sent{federation::Accepted{}});
  REQUIRE(robot.receipts.size() == 1);
  CHECK(robot.receipts[0].outcome == RoundOutcome::kRefused);
  CHECK(robot.receipts[0].detail == std::string(name_of(secagg::Refusal::kMalformed)));
}

TEST_CASE("a device is in no sum that it has masked nothing for, whatever the coordinator says") {
  const federation::RoundOver lie{true, true, Digest{}, {}};
  const std::string refusal(name_of(secagg::Refusal::kWrongStep));
  for (const At at : {At::kJoin, At::kSend, At::kReceive}) {
    Robot robot;
    robot.go_to(at);
    if (at == At::kJoin) robot.feed(event::Joined{lie});
    if (at == At::kSend) robot.feed(event::Sent{lie});
    if (at == At::kReceive) robot.feed(event::Received{lie});
    INFO("at " << static_cast<int>(at));
    REQUIRE(robot.receipts.size() == 1);
    CHECK(robot.receipts.back().outcome == RoundOutcome::kRefused);
    CHECK(robot.receipts.back().detail == refusal);
    CHECK(robot.is<operation::CheckIn>());
  }
}

}  // namespace covey::client
