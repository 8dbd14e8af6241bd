#pragma once

#include <atomic>
#include <cstdint>
#include <random>
#include <span>
#include <string>

#include "integration/hostile/http2.h"

namespace covey::testing {

// What an attack has to work with, one a thread.
class Attacker {
 public:
  struct Aim {
    int port = 0;
    std::string task;
    std::string model;  // SHA-256 of what the task begins with
    const TlsClient* with_certificate = nullptr;
    const TlsClient* without = nullptr;
  };

  Attacker(const Aim& aim, std::uint64_t seed, const std::atomic<bool>& is_over,
           std::atomic<std::uint64_t>& acts)
      : aim(aim), random(seed), is_over_(is_over), acts_(acts) {}

  bool goes_on() const { return !is_over_; }
  void did(std::uint64_t times = 1) { acts_ += times; }

  std::uint64_t dice(std::uint64_t below) { return random() % below; }
  std::string noise(std::size_t size_bytes);
  std::string any_round(const std::string& task);  // a RoundId of the wire
  Wire connect() const { return Wire(aim.port); }
  Http2 http2(std::uint32_t window = 1 << 30) const {
    return Http2(aim.port, *aim.with_certificate, window);
  }

  const Aim aim;
  std::mt19937_64 random;  // any will do: nothing secret comes of it

 private:
  const std::atomic<bool>& is_over_;
  std::atomic<std::uint64_t>& acts_;
};

struct Attack {
  const char* name;
  const char* deed;  // what is counted, in the plural
  int threads;
  void (*run)(Attacker&);  // until it no longer goes on
};

// Everything that covey-hostile-device can do; first what needs no certificate.
std::span<const Attack> attacks();

void say_nothing(Attacker&);
void begin_handshakes(Attacker&);
void send_noise(Attacker&);
void show_no_certificate(Attacker&);

void send_noise_in_tls(Attacker&);
void send_odd_frames(Attacker&);
void send_noise_as_requests(Attacker&);
void send_odd_fields(Attacker&);

void flood_check_ins(Attacker&);
void flood_foreign_rounds(Attacker&);
void flood_fetches(Attacker&);
void flood_control_frames(Attacker&);
void reset_rapidly(Attacker&);

void leave_uploads_open(Attacker&);
void dribble(Attacker&);
void never_read(Attacker&);

void send_oversized_messages(Attacker&);
void send_large_headers(Attacker&);
void send_endless_headers(Attacker&);

}  // namespace covey::testing
