#include <algorithm>
#include <vector>

#include "integration/hostile/attack.h"

// What is allowed once, as often as it goes.
namespace covey::testing {

using namespace http2;

namespace {

// Far more than one device may have.
constexpr std::size_t kConnections = 64;
constexpr std::uint64_t kCallsAtOnce = 64;  // on each

template <typename Call>
void flood(Attacker& attacker, const Call& call) {
  std::vector<Http2> connections;
  while (attacker.goes_on()) {
    if (connections.size() < kConnections) connections.push_back(attacker.http2());
    for (Http2& http2 : connections) {
      for (int i = 0; i < 16 && http2.is_open() && http2.unanswered() < kCallsAtOnce; ++i) {
        if (call(http2)) attacker.did();
      }
    }
    const auto is_waiting = [](const Http2& http2) { return http2.unanswered() >= kCallsAtOnce; };
    if (std::ranges::all_of(connections, is_waiting)) connections.front().wire().wait_for_input();
    std::erase_if(connections, [](Http2& http2) { return !http2.read_answers(); });
  }
}

// Some of them as large as a message may be.
std::string large_or_small(Attacker& attacker) {
  return attacker.dice(8) == 0 ? std::string(1 << 20, 'x') : attacker.noise(attacker.dice(20'000));
}

std::string check_in(const std::string& task) { return field(1, 1) + field(2, task); }

}  // namespace

void flood_check_ins(Attacker& attacker) {
  flood(attacker, [&](Http2& http2) {
    return http2.call("CheckIn", check_in(attacker.dice(2) == 0 ? attacker.aim.task : ""));
  });
}

void flood_foreign_rounds(Attacker& attacker) {
  flood(attacker, [&](Http2& http2) {
    const std::string round = attacker.any_round(attacker.aim.task);
    const std::string group = field(1, round + field(2, attacker.dice(2)));
    switch (attacker.dice(4)) {
      case 0:
        return http2.call("Join", round);
      case 1:
        return http2.call("Send", group + field(2, large_or_small(attacker)));
      case 2:
        return http2.call("Receive", group);
      default:
        return http2.call("Decline", round + field(2, 1 + attacker.dice(6)));
    }
  });
}

// Of the model that every task of the tests begins with.
void flood_fetches(Attacker& attacker) {
  flood(attacker, [&](Http2& http2) {
    const std::string digest = attacker.dice(2) == 0 ? attacker.noise(32) : attacker.aim.model;
    return http2.call("Fetch", field(1, digest));
  });
}

void flood_control_frames(Attacker& attacker) {
  while (attacker.goes_on()) {
    Http2 http2 = attacker.http2();
    while (attacker.goes_on() && http2.read_answers()) {
      std::string frames;
      for (int i = 0; i < 100; ++i) {
        frames += frame(kSettings, 0, 0, number(4, 2) + number(attacker.dice(1 << 30), 4));
        frames += frame(kPing, 0, 0, attacker.noise(8));
        frames += frame(kWindowUpdate, 0, 0, number(1, 4));
        frames += frame(kPriority, 0, 1 + 2 * static_cast<std::uint32_t>(attacker.dice(1000)),
                        number(0, 4) + number(16, 1));
      }
      if (http2.wire().send(frames)) attacker.did(400);
    }
  }
}

void reset_rapidly(Attacker& attacker) {
  const std::string headers = call_headers("CheckIn");
  const std::string request = check_in(attacker.aim.task);
  while (attacker.goes_on()) {
    Http2 http2 = attacker.http2();
    while (attacker.goes_on() && http2.read_answers()) {
      std::string frames;
      for (int i = 0; i < 100; ++i) {
        const std::uint32_t stream = http2.next_stream();
        frames += frame(kHeaders, kEndHeaders, stream, headers);
        if (i % 2 == 0) frames += data(stream, message(request, request.size()), true);
        frames += frame(kReset, 0, stream, number(8, 4));  // CANCEL
      }
      if (http2.wire().send(frames)) attacker.did(100);
    }
  }
}

}  // namespace covey::testing
