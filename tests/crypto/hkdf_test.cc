#include "covey/crypto/hkdf.h"

#include "crypto/hex.h"
#include "support/catch.h"

namespace covey::crypto {
namespace {

using testing::counting;

std::string hkdf(const Bytes& salt, const Bytes& input_key, const Bytes& info, std::size_t size) {
  Bytes out(size);
  hkdf_sha256(salt, input_key, info, out);
  return to_hex(out);
}

TEST_CASE("HKDF-SHA-256 gives the values of RFC 5869 appendix A", "[crypto]") {
  const Bytes input_key(22, 0x0b);
  CHECK(hkdf(counting(0x00, 0x0c), input_key, counting(0xf0, 0xf9), 42) ==
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
  CHECK(hkdf(counting(0x60, 0xaf), counting(0x00, 0x4f), counting(0xb0, 0xff), 82) ==
        "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c6"
        "5e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87");
  CHECK(hkdf({}, input_key, {}, 42) ==
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}

TEST_CASE("a shorter output is the beginning of a longer one", "[crypto]") {
  const std::string longest = hkdf({1}, {2}, {3}, 255 * 32);
  for (const std::size_t size : {0, 1, 31, 32, 33, 64, 1000}) {
    CHECK(hkdf({1}, {2}, {3}, size) == longest.substr(0, 2 * size));
  }
}

TEST_CASE("a derived key depends on salt, input key and info", "[crypto]") {
  const SecretKey input_key(std::span<const std::uint8_t, 32>(testing::array_from_hex<32>("01")));
  const SecretKey key = derive_key(Bytes{1}, input_key, Bytes{2});
  CHECK(to_hex(key.reveal()) == hkdf({1}, to_bytes(input_key.reveal()), {2}, 32));
  CHECK_FALSE(key.equals(derive_key(Bytes{3}, input_key, Bytes{2})));
  CHECK_FALSE(key.equals(derive_key(Bytes{1}, input_key, Bytes{3})));
  CHECK_FALSE(key.equals(derive_key(Bytes{1}, SecretKey(), Bytes{2})));
}

}  // namespace
}  // namespace covey::crypto
