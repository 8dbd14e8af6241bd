#include "covey/crypto/certificate.h"
#include "covey/crypto/certificate_request.h"
#include "covey/crypto/insecure_seeded_random.h"
#include "support/catch.h"

namespace covey::crypto {
namespace {

SigningKeyPair pair_of(std::uint64_t seed) {
  InsecureSeededRandom random(seed);
  return SigningKeyPair::from_seed(random.secret_key());
}

TEST_CASE("a request carries name and key to the authority", "[crypto]") {
  const std::string pem = make_request("device 7", pair_of(2)).value();
  const CertificateRequest request = read_request(pem).value();
  CHECK(request.name == "device 7");
  CHECK(request.key == pair_of(2).public_key());

  const auto authority = CertificateAuthority::create("root", pair_of(1)).value();
  auto verifier = CertificateVerifier::create(std::vector<Bytes>{authority.certificate()}).value();
  const auto identity =
      verifier.verify(authority.issue_device(request.name, request.key, 12).value()).value();
  CHECK(identity.name == "device 7");
  CHECK(identity.key == pair_of(2).public_key());
  CHECK(identity.serial == 12);
}

TEST_CASE("a request for a name that no certificate may have is refused", "[crypto]") {
  for (const std::string& name : {std::string(), std::string(65, 'a'), std::string("a\n")}) {
    CHECK_FALSE(make_request(name, pair_of(2)).has_value());
  }
}

TEST_CASE("no changed character of a request gives another name or key", "[crypto]") {
  const std::string pem = make_request("device 7", pair_of(2)).value();
  for (std::size_t i = 0; i < pem.size(); ++i) {
    std::string changed = pem;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    const auto request = read_request(changed);
    INFO("character " << i);
    CHECK((!request || (request->name == "device 7" && request->key == pair_of(2).public_key())));
  }
}

// Made with `openssl req -new`.
TEST_CASE("a request with a key of another kind is refused", "[crypto]") {
  CHECK_FALSE(read_request("").has_value());
  const auto p256 = read_request(R"(-----BEGIN CERTIFICATE REQUEST-----
MIHLMHMCAQAwETEPMA0GA1UEAwwGZGV2aWNlMFkwEwYHKoZIzj0CAQYIKoZIzj0D
AQcDQgAE3FW5ncwH1oIobr/QnUqjnMVs53VQiQp6uYTMOJbC58noTQTW8D5DPXep
oYB18DxMlPgujmncYYXDLKdnjejp4qAAMAoGCCqGSM49BAMCA0gAMEUCICxZ3lNK
CPvOPwEolIsK0AC+gS3FfWUWDi8kBjFF2W8rAiEAnLaZGl3K4Z6AhG16og/Mxdko
LxuuxOQ6gFzL8U970F4=
-----END CERTIFICATE REQUEST-----
)");
  REQUIRE_FALSE(p256.has_value());
  CHECK(p256.error().message.find("Ed25519") != std::string::npos);
}

// Made with `openssl req -new` for another name, which was then written over.
TEST_CASE("a request that its key did not sign is not believed", "[crypto]") {
  const auto foreign = read_request(R"(-----BEGIN CERTIFICATE REQUEST-----
MIGQMEQCAQAwETEPMA0GA1UEAwwGZ2FkZ2V0MCowBQYDK2VwAyEAhKFOeb7ukxff
VhzC9figfBcbbTVQ/xZjEuPUiutwYwegADAFBgMrZXADQQAwCp8x8ZC8ZPiENFhO
lfUqcnsOkBCDQ5P1nzwCwoWPL0zZP+09TfMwEwvA91Ytk1SOnDtykHyABBZIsIwK
It4K
-----END CERTIFICATE REQUEST-----
)");
  REQUIRE_FALSE(foreign.has_value());
  CHECK(foreign.error().code == ErrorCode::kUnauthenticated);
}

}  // namespace
}  // namespace covey::crypto
