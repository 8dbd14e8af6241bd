#include "covey/crypto/aead.h"

#include "covey/crypto/insecure_seeded_random.h"
#include "crypto/hex.h"
#include "support/catch.h"
#include "support/seeds.h"

namespace covey::crypto {
namespace {

struct Sealed {
  SecretKey key;
  AeadNonce nonce;
  Bytes associated_data;
  Bytes plaintext;
  Bytes box;
};

Sealed sealed(testing::Seed seed, std::size_t plaintext_bytes, std::size_t associated_bytes) {
  InsecureSeededRandom random(seed);
  Sealed out{random.secret_key(), {}, Bytes(associated_bytes), Bytes(plaintext_bytes), {}};
  random.fill(out.nonce);
  random.fill(out.associated_data);
  random.fill(out.plaintext);
  out.box = seal(out.key, out.nonce, out.plaintext, out.associated_data);
  return out;
}

Bytes with_bit_flipped(Bytes bytes, std::size_t bit) {
  bytes[bit / 8] ^= static_cast<std::uint8_t>(1 << (bit % 8));
  return bytes;
}

TEST_CASE("XChaCha20-Poly1305 gives the value of draft-irtf-cfrg-xchacha-03 A.3.1", "[crypto]") {
  const SecretKey key =
      testing::key_from_hex("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f");
  const auto nonce =
      testing::array_from_hex<24>("404142434445464748494a4b4c4d4e4f5051525354555657");
  const Bytes associated_data = testing::from_hex("50515253c0c1c2c3c4c5c6c7");
  const std::string_view plaintext =
      "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the "
      "future, sunscreen would be it.";
  const Bytes box = seal(key, nonce, view_of(plaintext), associated_data);
  CHECK(to_hex(box) ==
        "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f"
        "4eda7e39ae64c6708c54c216cb96b72e1213b4522f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f"
        "76b2383565d3fff921f9664c97637da9768812f615c68b13b52e"
        "c0875924c1c7987947deafd8780acf49");
  CHECK(text_of(open(key, nonce, box, associated_data).value().reveal()) == plaintext);
}

TEST_CASE("what was sealed opens, whatever its length", "[crypto][property]") {
  testing::for_each_seed(100, [](testing::Seed seed) {
    const Sealed s = sealed(seed, seed % 70, seed % 7);
    CHECK(s.box.size() == s.plaintext.size() + kSealOverheadBytes);
    const auto opened = open(s.key, s.nonce, s.box, s.associated_data);
    REQUIRE(opened.has_value());
    CHECK(to_bytes(opened->reveal()) == s.plaintext);
  });
}

TEST_CASE("a box with any one bit flipped does not open", "[crypto]") {
  const Sealed s = sealed(1, 40, 10);
  for (std::size_t bit = 0; bit < 8 * s.box.size(); ++bit) {
    const auto opened = open(s.key, s.nonce, with_bit_flipped(s.box, bit), s.associated_data);
    REQUIRE_FALSE(opened.has_value());
    CHECK(opened.error().code == ErrorCode::kInvalidArgument);
  }
}

TEST_CASE("a box that is cut short or has more at its end does not open", "[crypto]") {
  const Sealed s = sealed(2, 40, 10);
  for (std::size_t size = 0; size < s.box.size(); ++size) {
    CHECK_FALSE(open(s.key, s.nonce, ByteView(s.box).first(size), s.associated_data).has_value());
  }
  Bytes longer = s.box;
  longer.push_back(0);
  CHECK_FALSE(open(s.key, s.nonce, longer, s.associated_data).has_value());
}

TEST_CASE("a box does not open under another key, nonce or associated data", "[crypto]") {
  const Sealed s = sealed(3, 40, 10);
  for (std::size_t bit = 0; bit < 256; ++bit) {
    SecretKey key = s.key.clone();
    key.reveal_mutable()[bit / 8] ^= static_cast<std::uint8_t>(1 << (bit % 8));
    CHECK_FALSE(open(key, s.nonce, s.box, s.associated_data).has_value());
  }
  for (std::size_t bit = 0; bit < 8 * s.nonce.size(); ++bit) {
    AeadNonce nonce = s.nonce;
    nonce[bit / 8] ^= static_cast<std::uint8_t>(1 << (bit % 8));
    CHECK_FALSE(open(s.key, nonce, s.box, s.associated_data).has_value());
  }
  for (std::size_t bit = 0; bit < 8 * s.associated_data.size(); ++bit) {
    CHECK_FALSE(open(s.key, s.nonce, s.box, with_bit_flipped(s.associated_data, bit)).has_value());
  }
  CHECK_FALSE(open(s.key, s.nonce, s.box, {}).has_value());
}

}  // namespace
}  // namespace covey::crypto
