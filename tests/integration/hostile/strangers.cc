#include <chrono>
#include <deque>
#include <thread>

#include "integration/hostile/attack.h"

// What one can do without a certificate.
namespace covey::testing {
namespace {

constexpr std::size_t kMostHeld = 6000;
constexpr std::chrono::milliseconds kPause{1};

// Connections on each of which `opening` is said and nothing more, as many as are let stay.
void hold_connections(Attacker& attacker, const std::string& opening) {
  std::deque<Wire> held;
  while (attacker.goes_on()) {
    Wire wire = attacker.connect();
    if (wire.is_open() && (opening.empty() || wire.send(opening))) {
      attacker.did();
      held.push_back(std::move(wire));
    }
    // Those that were cut are at the front, since the oldest go first.
    while (!held.empty() && (held.front().is_closed_by_peer() || held.size() > kMostHeld)) {
      held.pop_front();
    }
    if (held.size() % 64 == 0) std::this_thread::sleep_for(kPause);
  }
}

}  // namespace

void say_nothing(Attacker& attacker) { hold_connections(attacker, {}); }

void begin_handshakes(Attacker& attacker) {
  const std::string hello = client_hello(*attacker.aim.without);
  hold_connections(attacker, hello.substr(0, hello.size() / 2));
}

void send_noise(Attacker& attacker) {
  while (attacker.goes_on()) {
    Wire wire = attacker.connect();
    if (wire.send(attacker.noise(1 + attacker.dice(4096)))) attacker.did();
  }
}

void show_no_certificate(Attacker& attacker) {
  while (attacker.goes_on()) {
    Wire wire = attacker.connect();
    // With TLS 1.3 this end is done before the other has refused it.
    if (wire.shake_hands(*attacker.aim.without)) attacker.did();
  }
}

}  // namespace covey::testing
