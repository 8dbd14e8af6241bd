#include "integration/hostile/attack.h"

namespace covey::testing {
namespace {

constexpr Attack kAttacks[] = {
    {"silence", "silent connections", 1, say_nothing},
    {"half-handshakes", "half handshakes", 1, begin_handshakes},
    {"noise", "handshakes of noise", 1, send_noise},
    {"no-certificate", "handshakes without a certificate", 1, show_no_certificate},

    {"noise-in-tls", "connections of noise in TLS", 1, send_noise_in_tls},
    {"odd-frames", "odd frames", 1, send_odd_frames},
    {"noise-as-requests", "requests of noise", 1, send_noise_as_requests},
    {"odd-fields", "requests of odd fields", 1, send_odd_fields},

    {"check-ins", "check-ins flooded", 4, flood_check_ins},
    {"foreign-rounds", "calls about rounds of others", 2, flood_foreign_rounds},
    {"fetches", "fetches flooded", 2, flood_fetches},
    {"control-frames", "control frames", 2, flood_control_frames},
    {"rapid-resets", "rapid resets", 2, reset_rapidly},

    {"open-uploads", "uploads left open", 2, leave_uploads_open},
    {"dribble", "bytes dribbled", 1, dribble},
    {"unread-streams", "streams never read", 1, never_read},

    {"oversized", "oversized messages", 1, send_oversized_messages},
    {"large-headers", "large lists of headers", 1, send_large_headers},
    {"endless-headers", "frames of endless headers", 1, send_endless_headers},
};

}  // namespace

std::span<const Attack> attacks() { return kAttacks; }

std::string Attacker::noise(std::size_t size_bytes) {
  std::string out(size_bytes, '\0');
  for (char& c : out) c = static_cast<char>(random());
  return out;
}

std::string Attacker::any_round(const std::string& task) {
  return field(1, field(1, task) + field(2, 1 + dice(20)));
}

}  // namespace covey::testing
