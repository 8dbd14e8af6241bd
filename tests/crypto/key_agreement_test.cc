#include "covey/crypto/key_agreement.h"

#include "covey/crypto/insecure_seeded_random.h"
#include "crypto/hex.h"
#include "support/catch.h"
#include "support/seeds.h"

namespace covey::crypto {
namespace {

using testing::array_from_hex;
using testing::key_from_hex;

// RFC 7748's X25519(k, u).
std::array<std::uint8_t, 32> x25519(std::span<const std::uint8_t, 32> scalar,
                                    const AgreementPublicKey& point) {
  const SecretKey shared = AgreementKeyPair::from_secret(SecretKey(scalar)).agree(point).value();
  std::array<std::uint8_t, 32> out{};
  std::copy(shared.reveal().begin(), shared.reveal().end(), out.begin());
  return out;
}

TEST_CASE("X25519 gives the values of RFC 7748 §5.2", "[crypto]") {
  CHECK(to_hex(x25519(
            array_from_hex<32>("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4"),
            array_from_hex<32>(
                "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c"))) ==
        "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
  // The second point has its top bit set, which is to be ignored.
  CHECK(to_hex(x25519(
            array_from_hex<32>("4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d"),
            array_from_hex<32>(
                "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493"))) ==
        "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957");
}

TEST_CASE("X25519 iterated a thousand times gives the value of RFC 7748 §5.2", "[crypto]") {
  AgreementPublicKey scalar = array_from_hex<32>("09");
  AgreementPublicKey point = scalar;
  for (int i = 1; i <= 1000; ++i) {
    const AgreementPublicKey next = x25519(scalar, point);
    point = scalar;
    scalar = next;
    if (i == 1) {
      CHECK(to_hex(scalar) == "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079");
    }
  }
  CHECK(to_hex(scalar) == "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51");
}

TEST_CASE("two parties agree as in RFC 7748 §6.1", "[crypto]") {
  const auto alice = AgreementKeyPair::from_secret(
      key_from_hex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"));
  const auto bob = AgreementKeyPair::from_secret(
      key_from_hex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"));
  CHECK(to_hex(alice.public_key()) ==
        "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
  CHECK(to_hex(bob.public_key()) ==
        "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
  const std::string shared = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";
  CHECK(to_hex(alice.agree(bob.public_key()).value().reveal()) == shared);
  CHECK(to_hex(bob.agree(alice.public_key()).value().reveal()) == shared);
}

TEST_CASE("any two key pairs agree, and a third does not", "[crypto][property]") {
  testing::for_each_seed(50, [](testing::Seed seed) {
    InsecureSeededRandom random(seed);
    const auto a = AgreementKeyPair::from_secret(random.secret_key());
    const auto b = AgreementKeyPair::from_secret(random.secret_key());
    const auto c = AgreementKeyPair::from_secret(random.secret_key());
    const SecretKey shared = a.agree(b.public_key()).value();
    CHECK(shared.equals(b.agree(a.public_key()).value()));
    CHECK_FALSE(shared.equals(c.agree(a.public_key()).value()));
  });
}

TEST_CASE("a peer's key of low order is refused, however it is written", "[crypto]") {
  InsecureSeededRandom random(1);
  const auto pair = AgreementKeyPair::from_secret(random.secret_key());
  // Order 1, 2, 4 and 8, on the curve and on its twist, and the same values with p added.
  const char* const low_order[] = {
      "0000000000000000000000000000000000000000000000000000000000000000",
      "0100000000000000000000000000000000000000000000000000000000000000",
      "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
      "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
      "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  };
  for (const char* const hex : low_order) {
    AgreementPublicKey point = array_from_hex<32>(hex);
    CHECK_FALSE(pair.agree(point).has_value());
    point[31] |= 0x80;
    const Result<SecretKey> refused = pair.agree(point);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == ErrorCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace covey::crypto
