#include "integration/hostile/siege.h"
#include "support/catch.h"

// Devices that attack the coordinator over the network, most of them with good certificates: the
// rounds of the others go on, and its memory stays within its bound.
namespace covey {
namespace {

using testing::Siege;

void check_withstands(const std::vector<std::string>& attacks, std::uint64_t at_least = 10) {
  Siege siege;
  siege.begin(attacks, at_least);
  siege.check_rounds(5);
  siege.check_unhurt();
}

}  // namespace

TEST_CASE("rounds go on while strangers hold connections open by the thousand", "[hostile]") {
  check_withstands({"silence", "half-handshakes"}, 4000);
}

TEST_CASE("rounds go on while handshakes fail over and over", "[hostile]") {
  check_withstands({"noise", "no-certificate"});
}

TEST_CASE("rounds go on while devices talk nonsense on every level", "[hostile]") {
  check_withstands({"noise-in-tls", "odd-frames", "noise-as-requests", "odd-fields"});
}

TEST_CASE("rounds go on while a device checks in as fast as it can", "[hostile]") {
  check_withstands({"check-ins"}, 10'000);
}

TEST_CASE("rounds go on while a device calls about rounds that it is not in", "[hostile]") {
  check_withstands({"foreign-rounds"});
}

TEST_CASE("rounds go on while devices fetch the model over and over and do not read it",
          "[hostile]") {
  check_withstands({"fetches", "unread-streams"});
}

TEST_CASE("rounds go on while devices flood HTTP/2 with control frames and resets", "[hostile]") {
  check_withstands({"control-frames", "rapid-resets"}, 20'000);
}

TEST_CASE("rounds go on while thousands of uploads are left open", "[hostile]") {
  check_withstands({"open-uploads"}, 2000);
}

TEST_CASE("rounds go on while connections dribble byte by byte", "[hostile]") {
  check_withstands({"dribble"});
}

TEST_CASE("rounds go on while messages and headers come that are far too large", "[hostile]") {
  check_withstands({"oversized", "large-headers"});
}

TEST_CASE("rounds go on while a device sends a header that never ends", "[hostile]") {
  check_withstands({"endless-headers"});
}

TEST_CASE("rounds go on under every attack at once for a minute", "[hostile][.long]") {
  Siege siege;
  siege.begin({"silence", "half-handshakes", "noise", "no-certificate", "noise-in-tls",
               "odd-frames", "noise-as-requests", "odd-fields", "check-ins", "foreign-rounds",
               "fetches", "control-frames", "rapid-resets", "open-uploads", "dribble",
               "unread-streams", "oversized", "large-headers", "endless-headers"});
  using std::chrono::steady_clock;
  const auto until = steady_clock::now() + std::chrono::minutes(1);
  while (steady_clock::now() < until) siege.check_rounds(2);
  siege.check_unhurt();
}

}  // namespace covey
