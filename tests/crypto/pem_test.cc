#include "covey/crypto/pem.h"

#include <string>

#include "covey/crypto/certificate.h"
#include "covey/crypto/insecure_seeded_random.h"
#include "support/catch.h"

namespace covey::crypto {
namespace {

SigningKeyPair pair_of(std::uint64_t seed) {
  InsecureSeededRandom random(seed);
  return SigningKeyPair::from_seed(random.secret_key());
}

CertificateAuthority root() { return CertificateAuthority::create("root", pair_of(1)).value(); }

TEST_CASE("a chain of certificates survives the way through PEM", "[crypto]") {
  const CertificateAuthority middle = root().issue_authority("middle", pair_of(2), 2).value();
  const Bytes chain =
      middle.chain_for(middle.issue_device("device", pair_of(3).public_key(), 7).value());
  const std::string pem = certificates_to_pem(chain).value();
  CHECK(certificates_from_pem(pem).value() == chain);
  CHECK(certificates_from_pem("issued for a test\n" + pem + "\n\n").value() == chain);
}

TEST_CASE("what is not whole certificates in PEM is refused", "[crypto]") {
  const std::string pem = certificates_to_pem(root().certificate()).value();
  const SecretBytes key = private_key_to_pem(pair_of(1)).value();
  const std::string key_pem(text_of(key.reveal()));
  for (const std::string& wrong :
       {std::string(), std::string("hello"), pem.substr(0, pem.size() / 2), pem + key_pem, key_pem,
        pem.substr(0, 100) + "!" + pem.substr(101)}) {
    const auto read = certificates_from_pem(wrong);
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().code == ErrorCode::kInvalidArgument);
  }
  CHECK_FALSE(certificates_to_pem(Bytes{1, 2, 3}).has_value());
}

TEST_CASE("a private key survives the way through PEM", "[crypto]") {
  const SecretBytes pem = private_key_to_pem(pair_of(5)).value();
  CHECK(text_of(pem.reveal()).starts_with("-----BEGIN PRIVATE KEY-----\n"));
  CHECK(private_key_from_pem(text_of(pem.reveal())).value().seed().equals(pair_of(5).seed()));
  CHECK_FALSE(private_key_from_pem("").has_value());
  CHECK_FALSE(private_key_from_pem(text_of(pem.reveal().first(40))).has_value());
}

// Made with `openssl genpkey -algorithm X25519`: PKCS#8, and no signing key.
TEST_CASE("a private key of another kind is refused", "[crypto]") {
  const auto read = private_key_from_pem(
      "-----BEGIN PRIVATE KEY-----\n"
      "MC4CAQAwBQYDK2VuBCIEIOhS72hGf7OhHmvbz4J+34QW6Y1kv2fFgVNf/+OoIGJy\n"
      "-----END PRIVATE KEY-----\n");
  REQUIRE_FALSE(read.has_value());
  CHECK(read.error().message.find("Ed25519") != std::string::npos);
}

TEST_CASE("an encrypted private key opens with its passphrase and with no other", "[crypto]") {
  InsecureSeededRandom random(9);
  const ByteView passphrase = view_of("correct horse");
  const std::string pem = encrypted_private_key_to_pem(pair_of(5), passphrase, random).value();
  CHECK(is_encrypted_private_key(pem));
  CHECK(encrypted_private_key_from_pem(pem, passphrase).value().seed().equals(pair_of(5).seed()));

  const auto wrong = encrypted_private_key_from_pem(pem, view_of("correct house"));
  REQUIRE_FALSE(wrong.has_value());
  CHECK(wrong.error().code == ErrorCode::kPermissionDenied);
  CHECK(wrong.error().message.find("passphrase") != std::string::npos);

  const auto plain = private_key_from_pem(pem);
  REQUIRE_FALSE(plain.has_value());
  CHECK(plain.error().message.find("encrypted") != std::string::npos);
  CHECK_FALSE(encrypted_private_key_to_pem(pair_of(5), {}, random).has_value());
}

TEST_CASE("two encryptions of one key have nothing in common", "[crypto]") {
  InsecureSeededRandom random(9);
  const auto encrypt = [&] {
    return encrypted_private_key_to_pem(pair_of(5), view_of("p"), random).value();
  };
  CHECK(encrypt() != encrypt());
}

TEST_CASE("an authority comes back from its certificate and key", "[crypto]") {
  const CertificateAuthority middle = root().issue_authority("middle", pair_of(2), 2).value();
  const CertificateAuthority low = middle.issue_authority("low", pair_of(3), 2).value();
  const auto same = [](const CertificateAuthority& a, const CertificateAuthority& b) {
    const SigningPublicKey key = pair_of(7).public_key();
    return a.name() == b.name() && a.chain_for(a.issue_device("d", key, 9).value()) ==
                                       b.chain_for(b.issue_device("d", key, 9).value());
  };
  CHECK(same(CertificateAuthority::restore(root().certificate(), pair_of(1)).value(), root()));
  CHECK(same(CertificateAuthority::restore(middle.certificate(), pair_of(2)).value(), middle));
  const std::vector<Bytes> above = {middle.certificate()};
  CHECK(same(CertificateAuthority::restore(low.certificate(), pair_of(3), above).value(), low));

  CHECK_FALSE(CertificateAuthority::restore(root().certificate(), pair_of(2)).has_value());
  CHECK_FALSE(CertificateAuthority::restore(root().certificate(), pair_of(1), above).has_value());
  CHECK_FALSE(CertificateAuthority::restore(Bytes{1}, pair_of(1)).has_value());
  const Bytes device = root().issue_device("d", pair_of(4).public_key(), 9).value();
  CHECK_FALSE(CertificateAuthority::restore(device, pair_of(4)).has_value());
}

}  // namespace
}  // namespace covey::crypto
