#include <algorithm>

#include "integration/hostile/attack.h"

// What a device with a good certificate can say that makes no sense.
namespace covey::testing {

using namespace http2;

namespace {

constexpr const char* kMethods[] = {"CheckIn", "Fetch",   "Join",        "Send",
                                    "Receive", "Decline", "NoSuchMethod"};

std::string any_method(Attacker& attacker) { return kMethods[attacker.dice(std::size(kMethods))]; }

// Calls until the connection is worn out.
template <typename MakeRequest>
void call_over_and_over(Attacker& attacker, const MakeRequest& make_request) {
  constexpr std::uint64_t kAtOnce = 32;
  while (attacker.goes_on()) {
    Http2 http2 = attacker.http2();
    while (attacker.goes_on() && http2.read_answers()) {
      if (http2.unanswered() >= kAtOnce) {
        http2.wire().wait_for_input();
      } else if (http2.call(any_method(attacker), make_request())) {
        attacker.did();
      }
    }
  }
}

// A field that some message has, with a value that none expects.
std::string odd_field(Attacker& attacker) {
  const int number = static_cast<int>(1 + attacker.dice(6));
  switch (attacker.dice(4)) {
    case 0:
      return field(number, attacker.random());
    case 1:
      return field(number, attacker.noise(attacker.dice(3) == 0 ? 32 : attacker.dice(300)));
    case 2:
      return attacker.any_round(attacker.dice(2) == 0 ? attacker.aim.task : "nowhere");
    default:
      return field(number, odd_field(attacker));
  }
}

}  // namespace

void send_noise_in_tls(Attacker& attacker) {
  while (attacker.goes_on()) {
    Wire wire = attacker.connect();
    if (!wire.shake_hands(*attacker.aim.with_certificate)) continue;
    if (wire.send(attacker.noise(1 + attacker.dice(65536)))) attacker.did();
  }
}

void send_odd_frames(Attacker& attacker) {
  while (attacker.goes_on()) {
    Http2 http2 = attacker.http2();
    std::string unread;
    for (int i = 0; i < 1000 && attacker.goes_on() && http2.wire().receive_some(unread); ++i) {
      unread.clear();
      const auto type = static_cast<std::uint8_t>(attacker.dice(12));
      const auto flags = static_cast<std::uint8_t>(attacker.random());
      const auto stream = static_cast<std::uint32_t>(attacker.dice(20));
      if (http2.wire().send(frame(type, flags, stream, attacker.noise(attacker.dice(64))))) {
        attacker.did();
      }
    }
  }
}

void send_noise_as_requests(Attacker& attacker) {
  call_over_and_over(attacker, [&] { return attacker.noise(attacker.dice(2000)); });
}

void send_odd_fields(Attacker& attacker) {
  call_over_and_over(attacker, [&] {
    std::string request;
    for (std::uint64_t i = attacker.dice(6); i > 0; --i) request += odd_field(attacker);
    return request;
  });
}

}  // namespace covey::testing
