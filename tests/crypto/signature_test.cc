#include "covey/crypto/signature.h"

#include <sodium.h>

#include "covey/crypto/insecure_seeded_random.h"
#include "crypto/hex.h"
#include "support/catch.h"
#include "support/seeds.h"

namespace covey::crypto {
namespace {

using testing::array_from_hex;
using testing::from_hex;

struct Vector {
  const char* seed;
  const char* public_key;
  const char* message;
  const char* signature;
};

// RFC 8032 §7.1: TEST 1, TEST 2, TEST 3 and TEST SHA(abc).
constexpr Vector kVectors[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9"
     "b46bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f1"
     "1d8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984d"
     "c6594a7c15e9716ed28dc027beceea1ec40a"},
    {"833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
     "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3fe"
     "ebbd454d4423643ce80e2a9ac94fa54ca49f",
     "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431"
     "e0303dca179c138ac17ad9bef1177331a704"},
};

// Points of order 1, 2, 4 and 8 in every encoding, the ones with y >= p or a sign on x = 0 among
// them.
constexpr const char* kLowOrder[] = {
    "0100000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
};

// The group's order L, RFC 8032 §5.1, little-endian.
constexpr const char* kOrder = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";

SigningKeyPair pair_of(testing::Seed seed) {
  InsecureSeededRandom random(seed);
  return SigningKeyPair::from_seed(random.secret_key());
}

TEST_CASE("Ed25519 gives the values of RFC 8032 §7.1", "[crypto]") {
  for (const Vector& vector : kVectors) {
    const auto pair = SigningKeyPair::from_seed(testing::key_from_hex(vector.seed));
    const Bytes message = from_hex(vector.message);
    CHECK(to_hex(pair.public_key()) == vector.public_key);
    CHECK(to_hex(pair.sign(message)) == vector.signature);
    CHECK(verify(pair.public_key(), message, array_from_hex<64>(vector.signature)));
    CHECK(to_hex(pair.seed().reveal()) == vector.seed);
  }
}

TEST_CASE("a signature holds for its key and message only", "[crypto][property]") {
  testing::for_each_seed(20, [](testing::Seed seed) {
    const SigningKeyPair pair = pair_of(seed);
    const Bytes message(seed, 0x5a);
    const Signature signature = pair.clone().sign(message);
    CHECK(verify(pair.public_key(), message, signature));
    CHECK_FALSE(verify(pair_of(seed + 1000).public_key(), message, signature));
    CHECK_FALSE(verify(pair.public_key(), Bytes(seed + 1, 0x5a), signature));
  });
}

TEST_CASE("a signature or key with any one bit flipped does not verify", "[crypto]") {
  const SigningKeyPair pair = pair_of(1);
  const Bytes message{1, 2, 3};
  const Signature signature = pair.sign(message);
  for (std::size_t bit = 0; bit < 512; ++bit) {
    Signature changed = signature;
    changed[bit / 8] ^= static_cast<std::uint8_t>(1 << (bit % 8));
    CHECK_FALSE(verify(pair.public_key(), message, changed));
  }
  for (std::size_t bit = 0; bit < 256; ++bit) {
    SigningPublicKey changed = pair.public_key();
    changed[bit / 8] ^= static_cast<std::uint8_t>(1 << (bit % 8));
    CHECK_FALSE(verify(changed, message, signature));
  }
}

TEST_CASE("a signature with s + L in place of s does not verify", "[crypto]") {
  const SigningKeyPair pair = pair_of(2);
  const Bytes message{1, 2, 3};
  Signature signature = pair.sign(message);
  const auto order = array_from_hex<32>(kOrder);
  unsigned carry = 0;
  for (std::size_t i = 0; i < 32; ++i) {
    carry += static_cast<unsigned>(signature[32 + i]) + order[i];
    signature[32 + i] = static_cast<std::uint8_t>(carry);
    carry >>= 8;
  }
  REQUIRE(carry == 0);
  CHECK_FALSE(verify(pair.public_key(), message, signature));
}

TEST_CASE("a key of low order signs nothing, not even with the signature that would fit all",
          "[crypto]") {
  // With A of low order and s = 0, R = -hA is one of the few points of low order.
  for (const char* const key : kLowOrder) {
    for (const char* const r : kLowOrder) {
      const auto signature = array_from_hex<64>(r);
      for (std::uint8_t message = 0; message < 4; ++message) {
        CHECK_FALSE(verify(array_from_hex<32>(key), Bytes{message}, signature));
      }
    }
  }
}

TEST_CASE("a signature whose R is of low order does not verify, though the equation holds",
          "[crypto]") {
  // The signer takes r = 0, so R is the identity and s = H(R, A, M) a; only one who has the private
  // key can.
  const SigningKeyPair pair = pair_of(3);
  const Bytes message{9};
  std::array<std::uint8_t, 64> expanded{};
  crypto_hash_sha512(expanded.data(), pair.seed().reveal().data(), 32);
  expanded[0] &= 248;
  expanded[31] = static_cast<std::uint8_t>((expanded[31] & 63) | 64);
  for (const char* const r : {kLowOrder[0], kLowOrder[1], kLowOrder[12], kLowOrder[13]}) {
    Bytes hashed = from_hex(r);
    hashed.insert(hashed.end(), pair.public_key().begin(), pair.public_key().end());
    hashed.insert(hashed.end(), message.begin(), message.end());
    std::array<std::uint8_t, 64> hash{};
    crypto_hash_sha512(hash.data(), hashed.data(), hashed.size());
    std::array<std::uint8_t, 32> h{};
    crypto_core_ed25519_scalar_reduce(h.data(), hash.data());
    std::array<std::uint8_t, 32> s{};
    std::array<std::uint8_t, 64> wide{};
    std::copy_n(expanded.begin(), 32, wide.begin());
    std::array<std::uint8_t, 32> a{};
    crypto_core_ed25519_scalar_reduce(a.data(), wide.data());
    crypto_core_ed25519_scalar_mul(s.data(), h.data(), a.data());
    Signature signature = array_from_hex<64>(r);
    std::copy(s.begin(), s.end(), signature.begin() + 32);
    CHECK_FALSE(verify(pair.public_key(), message, signature));
  }
}

}  // namespace
}  // namespace covey::crypto
