#include <csignal>
#include <map>
#include <mutex>

#include "integration/world/meddling_device.h"
#include "support/catch.h"

// What a device that has a good certificate may do wrong, and what becomes of the others.
namespace covey {
namespace {

using namespace coordinator;
using federation::Accepted;
using federation::GroupId;
using federation::RoundOver;
using federation::SendReply;
using testing::check_completed;
using testing::connect;
using testing::Federation;
using testing::MeddlingDevice;
using testing::Process;

struct SentTwice {
  GroupId group;
  Bytes message;
  SendReply first;
  SendReply second;
};

// The reason of a reply that says that there is no round for the sender; nothing for another reply.
template <typename Reply>
std::optional<std::string> over_because(const Result<Reply>& reply) {
  if (!reply) return std::nullopt;
  const auto* over = std::get_if<RoundOver>(&*reply);
  return over == nullptr ? std::nullopt : std::optional(over->reason);
}

template <typename Reply>
bool says_contributed(const Result<Reply>& reply) {
  if (!reply) return false;
  const auto* over = std::get_if<RoundOver>(&*reply);
  return over != nullptr && over->is_completed && over->has_contributed && over->model;
}

}  // namespace

TEST_CASE("every message may come twice, and after its round it is answered with how that ended",
          "[mischief]") {
  Federation federation(4);
  federation.start_coordinator();
  federation.submit("digits", {});
  federation.start_devices(3);
  std::mutex mutex;
  std::vector<SentTwice> sent;
  const MeddlingDevice meddler(
      federation, 4, 4,
      [&](client::Transport& wire, const GroupId& group, ByteView message) -> Result<SendReply> {
        COVEY_ASSIGN_OR_RETURN(const SendReply first, wire.send(group, message));
        COVEY_ASSIGN_OR_RETURN(const SendReply second, wire.send(group, message));
        const std::lock_guard lock(mutex);
        sent.push_back({group, to_bytes(message), first, second});
        return first;
      });
  REQUIRE(federation.wait_for_end("digits"));
  CHECK(check_completed(federation, "digits", 1).front().round.survivors == 4);
  REQUIRE(Federation::eventually([&] {
    const std::lock_guard lock(mutex);
    return sent.size() == 6;  // the advertisement, shares, two chunks, the signature, unmasking
  }));
  const auto late = connect(federation, 4);
  for (const SentTwice& each : sent) {
    CHECK(std::holds_alternative<Accepted>(each.first));
    // The last one may have ended the round.
    const bool is_last = &each == &sent.back();
    CHECK((std::holds_alternative<Accepted>(each.second) || is_last));
    CHECK(says_contributed(late->send(each.group, each.message)));
  }
  CHECK(says_contributed(late->join(sent.front().group.round)));
  CHECK(says_contributed(late->receive({sent.front().group, 0, std::nullopt})));
  const auto unknown = late->join({"digits", 99});
  CHECK(over_because(unknown) == "this round is not known");
  const auto nowhere = late->join({"nowhere", 1});
  REQUIRE_FALSE(nowhere.has_value());
  CHECK(nowhere.error().code == ErrorCode::kNotFound);
}

TEST_CASE("a device that sends a second, different message is out by name, and no other is",
          "[mischief]") {
  Federation federation(4);
  federation.start_coordinator();
  federation.submit("digits", {.rounds = 2, .step_idle = "1s", .dropout_fraction = 0.25});
  // Holds the step open until the second message is there.
  Process& third = federation.start_device(3, {"--stop-at", "1:1", "--stop-at", "2:2"});
  federation.start_devices(2);
  std::map<std::uint64_t, std::uint64_t> sent;  // by round, where it cheats at message n of round n
  const MeddlingDevice meddler(
      federation, 4, 4, [&](client::Transport& wire, const GroupId& group, ByteView message) {
        auto reply = wire.send(group, message);
        if (++sent[group.round.round] == group.round.round) {
          Bytes other = to_bytes(message);
          other.back() ^= 1;
          static_cast<void>(wire.send(group, other));
        }
        return reply;
      });
  for (const std::string step : {"advertise", "share"}) {
    REQUIRE(third.wait_until_stopped());
    const std::string line = "device-04 is out at step " + step + ": second, different message";
    CHECK(Federation::eventually([&] { return federation.log_lines(line).size() == 1; }));
    third.send_signal(SIGCONT);
  }
  REQUIRE(federation.wait_for_end("digits"));
  for (const RoundDetails& round : check_completed(federation, "digits", 2)) {
    CHECK(round.survivors == std::vector<std::string>{"device-01", "device-02", "device-03"});
    CHECK(round.dropped == std::vector<std::string>{"device-04"});
  }
}

TEST_CASE("a device cannot speak in a group that it is not in", "[mischief]") {
  Federation federation(5);
  federation.start_coordinator();
  federation.submit("digits", {});
  Process& fourth = federation.start_device(4, {"--stop-at", "1:2"});
  federation.start_devices(3);
  REQUIRE(fourth.wait_until_stopped());
  const auto outsider = connect(federation, 5);
  const auto member = connect(federation, 1);
  const Bytes nonsense(100, 7);
  CHECK(over_because(outsider->join({"digits", 1})) == "this device is not in the round");
  CHECK(over_because(outsider->send({{"digits", 1}, 0}, nonsense)) ==
        "this device is not in the group");
  CHECK(over_because(outsider->receive({{{"digits", 1}, 0}, 0, std::nullopt})) ==
        "this device is not in the group");
  CHECK(over_because(member->send({{"digits", 1}, 7}, nonsense)) ==
        "this device is not in the group");
  fourth.send_signal(SIGCONT);
  REQUIRE(federation.wait_for_end("digits"));
  CHECK(check_completed(federation, "digits", 1).front().round.survivors == 4);
}

TEST_CASE("a device cannot advertise under another one's certificate", "[mischief]") {
  Federation federation(5);
  federation.start_coordinator();
  federation.submit("digits", {.step_idle = "1s"});
  federation.start_devices(3);
  const MeddlingDevice impostor(
      federation, 4, 5, [](client::Transport& wire, const GroupId& group, ByteView message) {
        return wire.send(group, message);
      });
  REQUIRE(federation.wait_for_end("digits"));
  CHECK_FALSE(federation.log_lines("device-04 is out at step advertise: bad certificate").empty());
  const auto rounds = check_completed(federation, "digits", 1);
  CHECK(rounds.front().round.survivors == 3);
  CHECK(rounds.front().dropped == std::vector<std::string>{"device-04"});
}

}  // namespace covey
