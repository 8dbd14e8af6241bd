#include <atomic>
#include <random>

#include "integration/world/deeds.h"
#include "integration/world/meddling_device.h"
#include "support/catch.h"

// A device in the group itself that sends what it should not. The coordinator has it out by name,
// and the sum is that of the others.
namespace covey {
namespace {

using namespace coordinator;
using federation::Accepted;
using federation::GroupId;
using federation::SendReply;
using testing::check_completed;
using testing::Federation;
using testing::MeddlingDevice;

// Messages of a device, in order.
enum Message : int { kAdvertisement = 1, kBoxes, kFirstChunk, kLastChunk, kSignature, kShares };

using Send =
    std::function<Result<SendReply>(client::Transport&, const GroupId&, Message, ByteView)>;

struct Outcome {
  std::vector<std::string> survivors;
  std::vector<std::string> dropped;
  std::vector<std::string> lines;  // of the log, about the meddler
};

// One round of three honest devices and one whose messages `send` sends.
Outcome round_with(const Send& send) {
  Federation federation(4);
  federation.start_coordinator();
  federation.submit("digits", {.step_idle = "3s", .dropout_fraction = 0.25});
  federation.start_devices(3);
  std::atomic<int> count = 0;
  const MeddlingDevice meddler(
      federation, 4, 4, [&](client::Transport& wire, const GroupId& group, ByteView message) {
        return send(wire, group, static_cast<Message>(++count), message);
      });
  REQUIRE(federation.wait_for_end("digits"));
  const RoundDetails round = check_completed(federation, "digits", 1).front();
  testing::did("rounds completed");
  return {round.survivors, round.dropped, federation.log_lines("device-04 is out")};
}

const std::vector<std::string> kHonest{"device-01", "device-02", "device-03"};

void check_out_at(const Outcome& outcome, const std::string& step) {
  INFO("step " << step);
  CHECK(outcome.survivors == kHonest);
  CHECK(outcome.dropped == std::vector<std::string>{"device-04"});
  REQUIRE(outcome.lines.size() == 1);
  CHECK(outcome.lines.front().find("device-04 is out at step " + step) != std::string::npos);
}

Send with_message_changed(Message at, const std::function<Bytes(ByteView)>& change) {
  return [=](client::Transport& wire, const GroupId& group, Message message, ByteView bytes) {
    if (message != at) return wire.send(group, bytes);
    testing::did("messages spoilt");
    return wire.send(group, change(bytes));
  };
}

Bytes half(ByteView message) { return to_bytes(message.first(message.size() / 2)); }

Bytes noise(ByteView message) {
  std::mt19937 random(1);
  Bytes out(message.size());
  for (auto& byte : out) byte = static_cast<std::uint8_t>(random());
  return out;
}

}  // namespace

TEST_CASE("a member that sends noise or half a message is out by name, at every step",
          "[hostile][member]") {
  for (const auto& [message, step] : {std::pair{kAdvertisement, "advertise"},
                                      {kBoxes, "share"},
                                      {kFirstChunk, "mask"},
                                      {kLastChunk, "mask"}}) {
    check_out_at(round_with(with_message_changed(message, noise)), step);
    check_out_at(round_with(with_message_changed(message, half)), step);
  }
}

TEST_CASE("a member's chunk with another's number is refused, and its vector is not in the sum",
          "[hostile][member]") {
  const auto renumbered = [](ByteView message) {
    Bytes out = to_bytes(message);
    // covey.v1.DeviceMessage: its field 3, a length, then the chunk's field 1: the number.
    for (std::size_t i = 1; i + 1 < out.size(); ++i) {
      if (out[i] != 0x08) continue;
      out[i + 1] = 7;
      break;
    }
    return out;
  };
  check_out_at(round_with(with_message_changed(kLastChunk, renumbered)), "mask");
}

TEST_CASE("a member that stops in the middle of its vector leaves no trace in the sum",
          "[hostile][member]") {
  const auto stops = [](client::Transport& wire, const GroupId& group, Message message,
                        ByteView bytes) -> Result<SendReply> {
    if (message < kLastChunk) return wire.send(group, bytes);
    return Error{ErrorCode::kUnavailable, "it stops here"};
  };
  check_out_at(round_with(stops), "mask");
}

TEST_CASE("a member's chunks count once, in whatever order and however often they come",
          "[hostile][member]") {
  Bytes first;
  const auto swapped = [&](client::Transport& wire, const GroupId& group, Message message,
                           ByteView bytes) -> Result<SendReply> {
    if (message == kFirstChunk) {
      first = to_bytes(bytes);
      return SendReply(Accepted{});
    }
    if (message != kLastChunk) return wire.send(group, bytes);
    static_cast<void>(wire.send(group, bytes));
    static_cast<void>(wire.send(group, bytes));
    static_cast<void>(wire.send(group, first));
    testing::did("chunks out of order");
    return wire.send(group, first);
  };
  const Outcome outcome = round_with(swapped);
  // Whether it is let in like that is the protocol's affair: half of it may not be.
  const bool is_in = outcome.survivors.size() == 4;
  CHECK((is_in || outcome.survivors == kHonest));
}

TEST_CASE("a member that seals garbage costs the others a round, is named, and then revoked",
          "[hostile][member]") {
  Federation federation(4);
  federation.start_coordinator();
  federation.submit("digits", {.rounds = 2, .devices = 4, .dropout_fraction = 0.25, .minimum = 3});
  federation.start_devices(3);
  std::atomic<int> count = 0;
  const MeddlingDevice meddler(
      federation, 4, 4, [&](client::Transport& wire, const GroupId& group, ByteView message) {
        if (++count != kBoxes) return wire.send(group, message);
        Bytes boxes = to_bytes(message);
        for (std::size_t i = boxes.size() - 3 * 80; i < boxes.size(); i += 80) boxes[i + 40] ^= 1;
        return wire.send(group, boxes);
      });
  REQUIRE(federation.wait_for_round("digits", 1));
  const auto lines = federation.log_lines("because of device-04");
  CHECK_FALSE(lines.empty());
  const auto first = federation.rounds("digits").front().round;
  CHECK(first.state == RoundState::kAborted);
  CHECK_FALSE(first.outcome.empty());
  REQUIRE(federation.covey({"device", "revoke", "device-04", "--reason", "garbage"}).exit_status ==
          0);
  REQUIRE(Federation::eventually([&] {
    for (const auto& round : federation.rounds("digits")) {
      if (round.round.state == RoundState::kCompleted && round.survivors == kHonest) return true;
    }
    return false;
  }));
}

}  // namespace covey
