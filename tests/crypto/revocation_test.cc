#include <openssl/err.h>

#include "covey/crypto/certificate.h"
#include "covey/crypto/insecure_seeded_random.h"
#include "support/catch.h"

namespace covey::crypto {
namespace {

using Serials = std::vector<std::uint64_t>;

SigningKeyPair pair_of(std::uint64_t seed) {
  InsecureSeededRandom random(seed);
  return SigningKeyPair::from_seed(random.secret_key());
}

CertificateAuthority root() { return CertificateAuthority::create("root", pair_of(1)).value(); }

CertificateVerifier verifier_of(const CertificateAuthority& authority) {
  return CertificateVerifier::create(std::vector<Bytes>{authority.certificate()}).value();
}

Bytes chain_of(const CertificateAuthority& authority, std::uint64_t serial) {
  return authority.chain_for(
      authority.issue_device("device", pair_of(9).public_key(), serial).value());
}

Bytes list_of(const CertificateAuthority& authority, const Serials& serials, std::uint64_t number) {
  return authority.issue_revocations(serials, number).value();
}

ErrorCode code_of(const Status& status) { return status ? ErrorCode{} : status.error().code; }

TEST_CASE("a revoked certificate is refused, and the others are not", "[crypto]") {
  const CertificateAuthority authority = root();
  CertificateVerifier verifier = verifier_of(authority);
  REQUIRE(verifier.set_revocations(list_of(authority, {8, 3, ~std::uint64_t{0}}, 1)).has_value());
  for (const std::uint64_t serial : Serials{1, 2, 4, 7, 9}) {
    CHECK(verifier.verify(chain_of(authority, serial)).has_value());
  }
  for (const std::uint64_t serial : Serials{3, 8, ~std::uint64_t{0}}) {
    const auto refused = verifier.verify(chain_of(authority, serial));
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == ErrorCode::kUnauthenticated);
    CHECK(refused.error().message.find("revoked") != std::string::npos);
  }
}

TEST_CASE("a list takes the place of the one before it, never of a later one", "[crypto]") {
  const CertificateAuthority authority = root();
  CertificateVerifier verifier = verifier_of(authority);
  REQUIRE(verifier.set_revocations(list_of(authority, {3}, 5)).has_value());
  REQUIRE(verifier.set_revocations(list_of(authority, {3}, 5)).has_value());
  CHECK(code_of(verifier.set_revocations(list_of(authority, {}, 4))) ==
        ErrorCode::kFailedPrecondition);
  CHECK(code_of(verifier.set_revocations(list_of(authority, {}, 5))) ==
        ErrorCode::kFailedPrecondition);
  CHECK_FALSE(verifier.verify(chain_of(authority, 3)).has_value());
  REQUIRE(verifier.set_revocations(list_of(authority, {4}, 6)).has_value());
  CHECK(verifier.verify(chain_of(authority, 3)).has_value());
  CHECK_FALSE(verifier.verify(chain_of(authority, 4)).has_value());
}

TEST_CASE("a list that no trusted authority signed is refused", "[crypto]") {
  CertificateVerifier verifier = verifier_of(root());
  const auto stranger = CertificateAuthority::create("root", pair_of(2)).value();
  CHECK(code_of(verifier.set_revocations(list_of(stranger, {3}, 1))) ==
        ErrorCode::kUnauthenticated);
  CHECK(verifier.verify(chain_of(root(), 3)).has_value());
}

TEST_CASE("no changed byte and no cut of a list passes", "[crypto]") {
  const Bytes list = list_of(root(), {3, 400}, 7);
  CertificateVerifier verifier = verifier_of(root());
  for (std::size_t i = 0; i < list.size(); ++i) {
    INFO("byte " << i);
    Bytes changed = list;
    changed[i] ^= 0x10;
    CHECK_FALSE(verifier.set_revocations(changed).has_value());
    CHECK_FALSE(verifier.set_revocations(ByteView(list).first(i)).has_value());
  }
  Bytes longer = list;
  longer.push_back(0);
  CHECK(code_of(verifier.set_revocations(longer)) == ErrorCode::kInvalidArgument);
  CHECK(code_of(verifier.set_revocations({})) == ErrorCode::kInvalidArgument);
  CHECK(verifier.verify(chain_of(root(), 3)).has_value());
  CHECK(ERR_peek_error() == 0);
}

TEST_CASE("each authority revokes its own certificates only", "[crypto]") {
  const CertificateAuthority top = root();
  const CertificateAuthority middle = top.issue_authority("middle", pair_of(2), 2).value();
  CertificateVerifier verifier = verifier_of(top);
  const Bytes list = list_of(middle, {3}, 1);
  CHECK(code_of(verifier.set_revocations(list)) == ErrorCode::kUnauthenticated);
  REQUIRE(verifier.set_revocations(list, middle.certificate()).has_value());
  CHECK_FALSE(verifier.verify(chain_of(middle, 3)).has_value());
  CHECK(verifier.verify(chain_of(middle, 4)).has_value());
  CHECK(verifier.verify(chain_of(top, 3)).has_value());

  const auto stranger = CertificateAuthority::create("middle", pair_of(2)).value();
  CHECK(code_of(verifier.set_revocations(list, stranger.certificate())) ==
        ErrorCode::kUnauthenticated);
}

TEST_CASE("with an authority, all that it issued is revoked, even what was seen before",
          "[crypto]") {
  const CertificateAuthority top = root();
  const CertificateAuthority middle = top.issue_authority("middle", pair_of(2), 2).value();
  const CertificateAuthority low = middle.issue_authority("low", pair_of(3), 5).value();
  CertificateVerifier verifier = verifier_of(top);
  REQUIRE(verifier.verify(chain_of(middle, 3)).has_value());
  REQUIRE(verifier.verify(chain_of(low, 3)).has_value());
  REQUIRE(verifier.set_revocations(list_of(middle, {5}, 1), middle.certificate()).has_value());
  CHECK(verifier.verify(chain_of(middle, 3)).has_value());
  CHECK_FALSE(verifier.verify(chain_of(low, 3)).has_value());
  REQUIRE(verifier.set_revocations(list_of(top, {2}, 1)).has_value());
  CHECK_FALSE(verifier.verify(chain_of(middle, 3)).has_value());
  CHECK(verifier.verify(chain_of(top, 3)).has_value());
}

}  // namespace
}  // namespace covey::crypto
