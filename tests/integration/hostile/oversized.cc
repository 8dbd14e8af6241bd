#include "integration/hostile/attack.h"

// What is larger than anything that is allowed.
namespace covey::testing {

using namespace http2;

namespace {

std::string many_properties(Attacker& attacker) {
  std::string request = field(1, 1) + field(2, attacker.aim.task);
  for (int i = 0; i < 5000; ++i) {
    request += field(5, field(1, "property" + std::to_string(i)) + field(2, "x"));
  }
  return request;
}

// A call that says it is longer than any, and then goes on with a few bytes.
bool call_of_claimed_size(Http2& http2, const std::string& bytes, std::uint64_t claimed_bytes) {
  const std::uint32_t stream = http2.next_stream();
  return http2.wire().send(frame(kHeaders, kEndHeaders, stream, call_headers("Send")) +
                           data(stream, message(bytes, claimed_bytes), false));
}

bool send_one(Attacker& attacker, Http2& http2) {
  const std::string round = attacker.any_round(attacker.aim.task);
  switch (attacker.dice(6)) {
    case 0:  // above what gRPC takes
      return http2.call("Send", field(1, round) + field(2, std::string(3 << 20, 'x')));
    case 1:  // above what a message of a group may have, but not above what gRPC takes
      return http2.call("Send", field(1, round) + field(2, std::string((1 << 20) + 8192, 'x')));
    case 2:
      return call_of_claimed_size(http2, attacker.noise(100), 0xffffffff);
    case 3:
      return http2.call("CheckIn", field(1, 1) + field(2, std::string(1 << 20, 'n')));
    case 4:
      return http2.call("Join", attacker.any_round(std::string(1 << 20, 'n')));
    default:
      return http2.call("CheckIn", many_properties(attacker));
  }
}

}  // namespace

void send_oversized_messages(Attacker& attacker) {
  constexpr std::uint64_t kAtOnce = 8;
  while (attacker.goes_on()) {
    Http2 http2 = attacker.http2();
    while (attacker.goes_on() && http2.read_answers()) {
      if (http2.unanswered() >= kAtOnce) {
        http2.wire().wait_for_input();
      } else if (send_one(attacker, http2)) {
        attacker.did();
      }
    }
  }
}

// A list of some megabytes in frames that each say that it goes on.
void send_large_headers(Attacker& attacker) {
  constexpr int kFrames = 200;
  while (attacker.goes_on()) {
    Http2 http2 = attacker.http2();
    const std::uint32_t stream = http2.next_stream();
    http2.wire().send(frame(kHeaders, 0, stream, call_headers("CheckIn")));
    for (int i = 0; i < kFrames && attacker.goes_on() && http2.read_answers(); ++i) {
      std::string headers;
      while (headers.size() < kMostFrameBytes - 400) {
        headers += literal("x-" + std::to_string(attacker.dice(1'000'000)), std::string(300, 'h'));
      }
      const std::uint8_t flags = i + 1 == kFrames ? kEndHeaders : 0;
      http2.wire().send(frame(kContinuation, flags, stream, headers));
    }
    if (http2.is_open()) attacker.did();
  }
}

// One header that says it has 4 GiB.
void send_endless_headers(Attacker& attacker) {
  const std::string endless = std::string(1, '\0') +
                              "\x03"
                              "foo" +
                              "\x7f\xff\xff\xff\xff\x0f";
  while (attacker.goes_on()) {
    Http2 http2 = attacker.http2();
    const std::uint32_t stream = http2.next_stream();
    http2.wire().send(frame(kHeaders, 0, stream, call_headers("CheckIn") + endless));
    while (attacker.goes_on() && http2.read_answers()) {
      if (http2.wire().send(frame(kContinuation, 0, stream, std::string(kMostFrameBytes, 'a')))) {
        attacker.did();
      }
    }
  }
}

}  // namespace covey::testing
