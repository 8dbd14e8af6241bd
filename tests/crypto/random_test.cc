#include "covey/crypto/random.h"

#include <set>

#include "covey/crypto/insecure_seeded_random.h"
#include "support/catch.h"

namespace covey::crypto {
namespace {

Bytes draw(Random& random, std::size_t size_bytes) {
  Bytes out(size_bytes);
  random.fill(out);
  return out;
}

TEST_CASE("the system's generator does not repeat itself and fills all that it is given",
          "[crypto]") {
  SystemRandom random;
  std::set<Bytes> seen;
  for (int i = 0; i < 100; ++i) CHECK(seen.insert(draw(random, 32)).second);
  std::array<bool, 64> touched{};
  for (int i = 0; i < 20; ++i) {
    const Bytes bytes = draw(random, touched.size());
    for (std::size_t j = 0; j < touched.size(); ++j) touched[j] = touched[j] || bytes[j] != 0;
  }
  for (const bool byte : touched) CHECK(byte);
  random.fill({});
}

TEST_CASE("the seeded generator gives the same bytes for the same seed, for ever", "[crypto]") {
  InsecureSeededRandom first(42);
  InsecureSeededRandom second(42);
  for (const std::size_t size : {0, 1, 63, 64, 65, 1000}) {
    CHECK(draw(first, size) == draw(second, size));
  }
  InsecureSeededRandom pinned(42);
  CHECK(to_hex(draw(pinned, 16)) == "1f76e526510ae36a625c8b5c597febb4");
  CHECK(to_hex(draw(pinned, 16)) == "cd92b510392cf7a31b81acdb2518ee9e");
}

TEST_CASE("every call and every seed has a keystream of its own", "[crypto]") {
  std::set<Bytes> seen;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    InsecureSeededRandom random(seed);
    for (int call = 0; call < 10; ++call) CHECK(seen.insert(draw(random, 16)).second);
  }
  InsecureSeededRandom low(1);
  InsecureSeededRandom high(std::uint64_t{1} << 63 | 1);
  CHECK(draw(low, 16) != draw(high, 16));
}

TEST_CASE("a drawn key is 32 drawn bytes", "[crypto]") {
  InsecureSeededRandom first(7);
  InsecureSeededRandom second(7);
  CHECK(to_bytes(first.secret_key().reveal()) == draw(second, 32));
}

}  // namespace
}  // namespace covey::crypto
