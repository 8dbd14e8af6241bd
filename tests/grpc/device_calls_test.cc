#include <future>
#include <thread>

#include "covey/crypto/digest.h"
#include "grpc/grpc_world.h"
#include "support/catch.h"

using namespace covey;
using namespace covey::testing;
using federation::ComeBack;
using std::chrono::milliseconds;

namespace {

const federation::RoundId kRound{.task = "digits", .round = 3};
const federation::GroupId kGroup{.round = kRound, .group = 2};
const Digest kDigest = crypto::sha256(view_of("something"));

TEST_CASE("a check-in arrives whole, and the assignment comes back whole", "[grpc]") {
  GrpcWorld world;
  Peer peer;
  federation::CheckInRequest asked;
  world.devices.on_check_in = [&](const Peer& by, federation::CheckInRequest request, auto reply) {
    peer = by;
    asked = std::move(request);
    reply(federation::CheckInReply(
        federation::Assignment{.round = kRound,
                               .plan = {.digest = kDigest, .size_bytes = 10},
                               .model = {.digest = {1, 2}, .size_bytes = 20}}));
  };
  const federation::CheckInRequest request{.protocol_version = 9,
                                           .task = "digits",
                                           .manifest = kDigest,
                                           .data_schema = std::nullopt,
                                           .properties = {{"os", "linux"}, {"ram", ""}}};
  const auto reply = world.transport()->check_in(request);
  REQUIRE(reply.has_value());
  const auto& assignment = std::get<federation::Assignment>(*reply);
  CHECK(assignment.round == kRound);
  CHECK(assignment.plan == federation::BlobId{kDigest, 10});
  CHECK(assignment.model == federation::BlobId{Digest{1, 2}, 20});
  CHECK(peer.name == "device-7");
  CHECK(peer.key != crypto::SigningPublicKey{});
  CHECK(asked.protocol_version == 9);
  CHECK(asked.task == "digits");
  CHECK(asked.manifest == kDigest);
  CHECK_FALSE(asked.data_schema);
  CHECK(asked.properties == request.properties);
}

TEST_CASE("every answer to joining comes back", "[grpc]") {
  GrpcWorld world;
  federation::JoinReply answer;
  world.devices.on_join = [&](const Peer&, federation::RoundId round, auto reply) {
    CHECK(round == kRound);
    reply(answer);
  };
  const auto transport = world.transport();
  answer = federation::InGroup{4};
  CHECK(std::get<federation::InGroup>(transport->join(kRound).value()).group == 4);
  answer = ComeBack{milliseconds(1500)};
  CHECK(std::get<ComeBack>(transport->join(kRound).value()).in == milliseconds(1500));
  answer = federation::RoundOver{
      .is_completed = true, .has_contributed = true, .model = kDigest, .reason = "too few devices"};
  const auto over = std::get<federation::RoundOver>(transport->join(kRound).value());
  CHECK(over.is_completed);
  CHECK(over.has_contributed);
  CHECK(over.model == kDigest);
  CHECK(over.reason == "too few devices");
}

TEST_CASE("a message is sent as it is, up to the largest", "[grpc]") {
  GrpcWorld world;
  Bytes received;
  world.devices.on_send = [&](const Peer&, federation::GroupId group, Bytes message, auto reply) {
    CHECK(group == kGroup);
    received = std::move(message);
    reply(federation::SendReply(federation::Accepted{}));
  };
  const auto transport = world.transport();
  for (const std::size_t size_bytes : {std::size_t{1}, federation::kMaxMessageBytes}) {
    const Bytes message = some_bytes(size_bytes);
    const auto reply = transport->send(kGroup, message);
    REQUIRE(reply.has_value());
    CHECK(std::holds_alternative<federation::Accepted>(*reply));
    CHECK(received == message);
  }
  for (const std::size_t size_bytes : {std::size_t{0}, federation::kMaxMessageBytes + 1}) {
    CHECK(transport->send(kGroup, some_bytes(size_bytes)).error().code ==
          ErrorCode::kInvalidArgument);
  }
}

TEST_CASE("a message of a group comes whole, however many parts it takes", "[grpc]") {
  GrpcWorld world;
  Bytes message;
  federation::ReceiveRequest asked;
  world.devices.on_receive = [&](const Peer&, federation::ReceiveRequest request, auto reply) {
    asked = std::move(request);
    reply(federation::ReceiveReply(federation::GroupMessage{.epoch = 6, .message = message}));
  };
  const auto transport = world.transport();
  for (const std::size_t size_bytes :
       {std::size_t{1}, federation::kPartBytes, 2 * federation::kPartBytes + 5}) {
    message = some_bytes(size_bytes);
    const auto reply = transport->receive({.group = kGroup, .epoch = 5, .seen = kDigest});
    REQUIRE(reply.has_value());
    CHECK(std::get<federation::GroupMessage>(*reply).epoch == 6);
    CHECK(std::get<federation::GroupMessage>(*reply).message == message);
    CHECK(asked.group == kGroup);
    CHECK(asked.epoch == 5);
    CHECK(asked.seen == kDigest);
  }
}

TEST_CASE("other answers to receiving come back too", "[grpc]") {
  GrpcWorld world;
  federation::ReceiveReply answer = ComeBack{milliseconds(7)};
  world.devices.on_receive = [&](const Peer&, auto, auto reply) { reply(answer); };
  const auto transport = world.transport();
  CHECK(std::get<ComeBack>(transport->receive({.group = kGroup, .epoch = 0, .seen = {}}).value())
            .in == milliseconds(7));
  answer = federation::RoundOver{
      .is_completed = false, .has_contributed = false, .model = {}, .reason = "stopped"};
  const auto over = transport->receive({.group = kGroup, .epoch = 0, .seen = {}});
  CHECK(std::get<federation::RoundOver>(over.value()).reason == "stopped");
}

TEST_CASE("a message that is larger than a device allows is not taken", "[grpc]") {
  GrpcWorld world;
  world.devices.on_receive = [&](const Peer&, auto, auto reply) {
    reply(federation::ReceiveReply(
        federation::GroupMessage{.epoch = 1, .message = some_bytes(1001)}));
  };
  client::GrpcTransportOptions options = world.options("device-7", 7);
  options.max_message_bytes = 1000;
  const auto reply =
      connect(std::move(options))->receive({.group = kGroup, .epoch = 0, .seen = {}});
  CHECK(reply.error().code == ErrorCode::kDataLoss);
}

TEST_CASE("a device that declines says why", "[grpc]") {
  GrpcWorld world;
  std::optional<federation::DeclineReason> reason;
  world.devices.on_decline = [&](const Peer&, federation::RoundId round, auto why, auto reply) {
    CHECK(round == kRound);
    reason = why;
    reply(std::monostate());
  };
  CHECK(world.transport()->decline(kRound, federation::DeclineReason::kNotFinite).has_value());
  CHECK(reason == federation::DeclineReason::kNotFinite);
}

TEST_CASE("an error of the federation keeps its code and loses its text", "[grpc]") {
  GrpcWorld world;
  Error answer;
  world.devices.on_join = [&](const Peer&, auto, auto reply) { reply(answer); };
  const auto transport = world.transport();
  for (const ErrorCode code :
       {ErrorCode::kInvalidArgument, ErrorCode::kNotFound, ErrorCode::kPermissionDenied,
        ErrorCode::kResourceExhausted, ErrorCode::kAborted, ErrorCode::kUnimplemented,
        ErrorCode::kInternal, ErrorCode::kUnavailable}) {
    answer = {code, "said by the peer"};
    const auto reply = transport->join(kRound);
    CHECK(reply.error().code == code);
    CHECK(reply.error().message.find("said by the peer") == std::string::npos);
  }
}

TEST_CASE("a request that makes no sense does not reach the federation", "[grpc]") {
  GrpcWorld world;  // whose functions are not set: a call of one would end the test
  const auto transport = world.transport();
  CHECK(transport->join({.task = "", .round = 1}).error().code == ErrorCode::kInvalidArgument);
  CHECK(transport->join({.task = "digits", .round = 0}).error().code ==
        ErrorCode::kInvalidArgument);
  CHECK(transport->join({.task = "dig\nits", .round = 1}).error().code ==
        ErrorCode::kInvalidArgument);
  CHECK(transport->join({.task = std::string(129, 'x'), .round = 1}).error().code ==
        ErrorCode::kInvalidArgument);
  CHECK(transport->decline(kRound, federation::DeclineReason{7}).error().code ==
        ErrorCode::kInvalidArgument);
  federation::CheckInRequest request;
  request.properties = {{"", "x"}};
  CHECK(transport->check_in(request).error().code == ErrorCode::kInvalidArgument);
  request.properties = {{"x", std::string(129, 'x')}};
  CHECK(transport->check_in(request).error().code == ErrorCode::kInvalidArgument);
  request.properties.clear();
  for (int i = 0; i < 33; ++i) request.properties[std::to_string(i)] = "x";
  CHECK(transport->check_in(request).error().code == ErrorCode::kInvalidArgument);
}

TEST_CASE("a call that is held ends at once when it is cancelled from another thread", "[grpc]") {
  GrpcWorld world;
  Parked<federation::JoinReply> parked_join;
  Parked<federation::ReceiveReply> parked_receive;
  world.devices.on_join = [&](const Peer&, auto, auto reply) { parked_join.put(reply); };
  world.devices.on_receive = [&](const Peer&, auto, auto reply) { parked_receive.put(reply); };
  client::GrpcTransportOptions options = world.options("device-7", 7);
  options.hold = std::chrono::hours(1);  // so that nothing else ends the calls
  const auto transport = connect(std::move(options));

  auto join = std::async(std::launch::async, [&] { return transport->join(kRound); });
  const auto late_join = parked_join.take();
  transport->cancel();
  CHECK(join.get().error().code == ErrorCode::kCancelled);
  CHECK(transport->join(kRound).error().code == ErrorCode::kCancelled);
  CHECK(transport->receive({.group = kGroup, .epoch = 0, .seen = {}}).error().code ==
        ErrorCode::kCancelled);

  transport->resume();
  auto receive = std::async(std::launch::async, [&] {
    return transport->receive({.group = kGroup, .epoch = 0, .seen = {}});
  });
  const auto late_receive = parked_receive.take();
  transport->cancel();
  CHECK(receive.get().error().code == ErrorCode::kCancelled);

  late_join(federation::JoinReply(ComeBack{}));  // to callers who have gone
  late_receive(federation::ReceiveReply(
      federation::GroupMessage{.epoch = 1, .message = some_bytes(3 * federation::kPartBytes)}));

  transport->resume();
  auto again = std::async(std::launch::async, [&] { return transport->join(kRound); });
  parked_join.take()(federation::JoinReply(federation::InGroup{1}));
  CHECK(std::get<federation::InGroup>(again.get().value()).group == 1);
}

TEST_CASE("a call that is held too long ends, and its late answer harms nobody", "[grpc]") {
  GrpcWorld world;
  Parked<federation::JoinReply> parked_join;
  Parked<federation::ReceiveReply> parked_receive;
  world.devices.on_join = [&](const Peer&, auto, auto reply) { parked_join.put(reply); };
  world.devices.on_receive = [&](const Peer&, auto, auto reply) { parked_receive.put(reply); };
  client::GrpcTransportOptions options = world.options("device-7", 7);
  options.idle = milliseconds(200);
  options.hold = milliseconds(1);
  const auto transport = connect(std::move(options));
  CHECK(transport->join(kRound).error().code == ErrorCode::kDeadlineExceeded);
  CHECK(transport->receive({.group = kGroup, .epoch = 0, .seen = {}}).error().code ==
        ErrorCode::kDeadlineExceeded);
  // On a busy machine a call may have ended before it came here.
  if (const auto late = parked_join.take_if_there()) (*late)(federation::JoinReply(ComeBack{}));
  if (const auto late = parked_receive.take_if_there()) {
    (*late)(federation::ReceiveReply(ComeBack{}));
  }
}

TEST_CASE("a server that stops cuts what is held, and is gone afterwards", "[grpc]") {
  GrpcWorld world;
  Parked<federation::JoinReply> parked;
  world.devices.on_join = [&](const Peer&, auto, auto reply) { parked.put(reply); };
  auto options = world.options("device-7", 7);
  options.idle = milliseconds(2'000);  // the last call waits in vain for a connection
  const auto transport = connect(std::move(options));
  auto join = std::async(std::launch::async, [&] { return transport->join(kRound); });
  const auto late = parked.take();
  auto stop = std::async(std::launch::async, [&] { world.server->stop(milliseconds(0)); });
  CHECK(join.get().error().code == ErrorCode::kUnavailable);
  late(federation::JoinReply(ComeBack{}));
  stop.get();
  CHECK(transport->join(kRound).error().code == ErrorCode::kUnavailable);
}

}  // namespace
