#include "covey/crypto/certificate.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#include <ctime>

#include "covey/crypto/insecure_seeded_random.h"
#include "crypto/certificate_forger.h"
#include "support/catch.h"
#include "support/seeds.h"

namespace covey::crypto {
namespace {

using testing::add_common_name;
using testing::Forgery;
using testing::openssl_key;

SigningKeyPair pair_of(std::uint64_t seed) {
  InsecureSeededRandom random(seed);
  return SigningKeyPair::from_seed(random.secret_key());
}

constexpr std::uint64_t kDeviceSeed = 100;

CertificateAuthority root() { return CertificateAuthority::create("root", pair_of(1)).value(); }

CertificateVerifier verifier_of(const CertificateAuthority& authority) {
  return CertificateVerifier::create(std::vector<Bytes>{authority.certificate()}).value();
}

Bytes device_of(const CertificateAuthority& authority, const std::string& name = "device") {
  return authority.issue_device(name, pair_of(kDeviceSeed).public_key(), 7).value();
}

Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

ErrorCode code_of(const Result<CertifiedIdentity>& result) {
  return result ? ErrorCode{} : result.error().code;
}

const std::vector<std::pair<int, std::string>> kDeviceExtensions = {
    {NID_basic_constraints, "critical,CA:FALSE"},
    {NID_key_usage, "critical,digitalSignature"},
    {NID_subject_key_identifier, "hash"},
    {NID_authority_key_identifier, "keyid:always"}};
const std::vector<std::pair<int, std::string>> kAuthorityExtensions = {
    {NID_basic_constraints, "critical,CA:TRUE"},
    {NID_key_usage, "critical,keyCertSign,cRLSign"},
    {NID_subject_key_identifier, "hash"}};

// What root() would issue, to be spoilt in one respect.
Forgery device_forgery() {
  return {openssl_key(pair_of(kDeviceSeed)),
          openssl_key(pair_of(1)),
          "root",
          kDeviceExtensions,
          root().certificate(),
          [](X509_NAME* name) { add_common_name(name, "device"); }};
}

Forgery root_forgery() {
  return {openssl_key(pair_of(1)),
          openssl_key(pair_of(1)),
          "root",
          kAuthorityExtensions,
          {},
          [](X509_NAME* name) { add_common_name(name, "root"); }};
}

TEST_CASE("a device's certificate verifies under its root and gives name and key", "[crypto]") {
  const CertificateAuthority authority = root();
  CertificateVerifier verifier = verifier_of(authority);
  const auto identity = verifier.verify(authority.chain_for(device_of(authority, "device 5")));
  REQUIRE(identity.has_value());
  CHECK(identity->name == "device 5");
  CHECK(identity->key == pair_of(kDeviceSeed).public_key());
}

TEST_CASE("a coordinator is no device and a device no coordinator", "[crypto]") {
  const CertificateAuthority authority = root();
  CertificateVerifier verifier = verifier_of(authority);
  const auto coordinator =
      authority.issue_coordinator("coordinator.example.org", pair_of(2).public_key(), 7).value();
  CHECK(code_of(verifier.verify(coordinator)) == ErrorCode::kUnauthenticated);
  CHECK(verifier.verify_coordinator(coordinator).value().name == "coordinator.example.org");
  CHECK(code_of(verifier.verify_coordinator(device_of(authority))) == ErrorCode::kUnauthenticated);
  CHECK(code_of(verifier.verify_coordinator(authority.certificate())) ==
        ErrorCode::kUnauthenticated);
}

TEST_CASE("a coordinator's name can be a DNS name", "[crypto]") {
  const auto issued = [](const std::string& name) {
    return root().issue_coordinator(name, pair_of(2).public_key(), 7).has_value();
  };
  for (const char* name : {"coordinator", "a.example.org", "A-1.b", "1.x", "9a"}) {
    INFO(name);
    CHECK(issued(name));
  }
  for (const char* name : {"", ".", "a.", ".a", "a..b", "-a", "a-", "a b", "a,DNS:b", "*.a", "a_b",
                           "127.0.0.1", "7", "a:1", "a/b"}) {
    INFO(name);
    CHECK_FALSE(issued(name));
  }
}

TEST_CASE("certificates are valid whatever a device's clock shows", "[crypto]") {
  const CertificateAuthority authority = root();
  for (const Bytes& der : {authority.certificate(), device_of(authority)}) {
    const unsigned char* position = der.data();
    const std::unique_ptr<X509, void (*)(X509*)> certificate(
        d2i_X509(nullptr, &position, static_cast<long>(der.size())), X509_free);
    for (std::time_t clock : {std::time_t{1}, std::time_t{4'000'000'000}}) {
      CHECK(X509_cmp_time(X509_get0_notBefore(certificate.get()), &clock) < 0);
      CHECK(X509_cmp_time(X509_get0_notAfter(certificate.get()), &clock) > 0);
    }
  }
}

TEST_CASE("chains through intermediates verify, the first time and again", "[crypto]") {
  const CertificateAuthority top = root();
  CertificateVerifier verifier = verifier_of(top);
  CertificateAuthority authority = root();
  for (std::uint64_t depth = 1; depth < CertificateVerifier::kMaxChainLength; ++depth) {
    authority = authority.issue_authority("level", pair_of(10 + depth), depth).value();
    const Bytes chain = authority.chain_for(device_of(authority));
    for (int again = 0; again < 3; ++again) CHECK(verifier.verify(chain).has_value());
  }
  const auto too_deep = authority.issue_authority("level", pair_of(20), 9);
  REQUIRE_FALSE(too_deep.has_value());
  CHECK(too_deep.error().code == ErrorCode::kFailedPrecondition);
}

TEST_CASE("the same inputs give the same certificate", "[crypto]") {
  CHECK(root().certificate() == root().certificate());
  CHECK(device_of(root()) == device_of(root()));
}

TEST_CASE("names and serial numbers that no certificate may have are refused", "[crypto]") {
  const SigningPublicKey key = pair_of(2).public_key();
  for (const std::string& name : {std::string(), std::string(65, 'a'), std::string("a\0b", 3),
                                  std::string("a\n"), std::string("\xc3\xa9")}) {
    CHECK_FALSE(root().issue_device(name, key, 1).has_value());
    CHECK_FALSE(CertificateAuthority::create(name, pair_of(2)).has_value());
  }
  CHECK(root().issue_device(std::string(64, 'a'), key, 1).has_value());
  CHECK_FALSE(root().issue_device("a", key, 0).has_value());
}

TEST_CASE("a chain that is not whole DER certificates is an invalid argument", "[crypto]") {
  const CertificateAuthority middle = root().issue_authority("middle", pair_of(3), 2).value();
  const Bytes device = device_of(middle);
  const Bytes chain = middle.chain_for(device);
  CertificateVerifier verifier = verifier_of(root());
  for (std::size_t size = 0; size < chain.size(); ++size) {
    const auto cut = verifier.verify(ByteView(chain).first(size));
    CHECK(code_of(cut) ==
          (size == device.size() ? ErrorCode::kUnauthenticated : ErrorCode::kInvalidArgument));
  }
  CHECK(code_of(verifier.verify(chain + Bytes{0})) == ErrorCode::kInvalidArgument);
  CHECK(code_of(verifier.verify(chain + Bytes(5000))) == ErrorCode::kInvalidArgument);
  CHECK(code_of(verifier.verify(chain + chain + chain)) == ErrorCode::kInvalidArgument);
}

TEST_CASE("a chain in another order, or with more or less in it, does not verify", "[crypto]") {
  const CertificateAuthority top = root();
  const CertificateAuthority a = top.issue_authority("a", pair_of(3), 2).value();
  const CertificateAuthority b = a.issue_authority("b", pair_of(4), 3).value();
  const Bytes device = device_of(b);
  for (const bool warm : {false, true}) {
    CertificateVerifier verifier = verifier_of(top);
    if (warm) REQUIRE(verifier.verify(device + b.certificate() + a.certificate()).has_value());
    const std::vector<Bytes> wrong = {
        device,
        device + b.certificate(),
        device + a.certificate(),
        device + a.certificate() + b.certificate(),
        device + b.certificate() + a.certificate() + top.certificate(),
        device + b.certificate() + a.certificate() + a.certificate(),
        device_of(top) + top.certificate(),
        device_of(top) + a.certificate()};
    for (const Bytes& chain : wrong) {
      CHECK(code_of(verifier.verify(chain)) == ErrorCode::kUnauthenticated);
    }
  }
}

TEST_CASE("authorities are no devices and devices no authorities", "[crypto]") {
  const CertificateAuthority top = root();
  const CertificateAuthority middle = top.issue_authority("middle", pair_of(3), 2).value();
  CertificateVerifier verifier = verifier_of(top);
  CHECK(code_of(verifier.verify(top.certificate())) == ErrorCode::kUnauthenticated);
  CHECK(code_of(verifier.verify(middle.certificate())) == ErrorCode::kUnauthenticated);

  // A device signs a certificate for a friend.
  Forgery friend_of = device_forgery();
  friend_of.issuer_key = openssl_key(pair_of(kDeviceSeed));
  friend_of.issuer_name = "device";
  friend_of.issuer = device_of(top);
  CHECK(code_of(verifier.verify(friend_of.der() + device_of(top))) == ErrorCode::kUnauthenticated);

  Forgery self_signed = device_forgery();
  self_signed.issuer_key = self_signed.key;
  self_signed.issuer_name = "device";
  self_signed.issuer = {};
  CHECK(code_of(verifier.verify(self_signed.der())) == ErrorCode::kUnauthenticated);
}

TEST_CASE("an unspoilt forgery verifies, an expired one too", "[crypto]") {
  CertificateVerifier verifier = verifier_of(root());
  Forgery forgery = device_forgery();
  CHECK(verifier.verify(forgery.der()).has_value());
  forgery.not_after = "20200102000000Z";
  CHECK(verifier.verify(forgery.der()).has_value());
}

TEST_CASE("a device's certificate that is spoilt in one respect does not verify", "[crypto]") {
  using Spoil = std::function<void(Forgery&)>;
  const auto extension = [](std::size_t index, const char* value) -> Spoil {
    return [=](Forgery& f) { f.extensions[index].second = value; };
  };
  const auto more = [](int nid, const char* value) -> Spoil {
    return [=](Forgery& f) { f.extensions.emplace_back(nid, value); };
  };
  const auto name = [](const std::string& value, int type) -> Spoil {
    return [=](Forgery& f) { f.subject = [=](X509_NAME* n) { add_common_name(n, value, type); }; };
  };
  const testing::OpenSslKey ec(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const testing::OpenSslKey rsa(EVP_RSA_gen(2048), EVP_PKEY_free);
  const std::vector<std::pair<const char*, Spoil>> spoils = {
      {"an authority", extension(0, "critical,CA:TRUE")},
      {"may issue", extension(1, "critical,digitalSignature,keyCertSign")},
      {"may sign revocation lists", extension(1, "critical,digitalSignature,cRLSign")},
      {"may not sign", extension(1, "critical,keyEncipherment")},
      {"no key usage", [](Forgery& f) { f.extensions.erase(f.extensions.begin() + 1); }},
      {"no issuer's key", [](Forgery& f) { f.extensions.pop_back(); }},
      {"an unknown critical extension", more(NID_netscape_comment, "critical,hello")},
      {"name constraints", more(NID_name_constraints, "permitted;DNS:a.example")},
      {"an extension twice", more(NID_key_usage, "digitalSignature")},
      {"for code signing", more(NID_ext_key_usage, "codeSigning")},
      {"version 1",
       [](Forgery& f) {
         f.version = 0;
         f.extensions.clear();
       }},
      {"version 2", [](Forgery& f) { f.version = 1; }},
      {"an EC key", [&](Forgery& f) { f.key = ec; }},
      {"an RSA key", [&](Forgery& f) { f.key = rsa; }},
      {"an EC signature", [&](Forgery& f) { f.issuer_key = ec; }},
      {"another signer", [](Forgery& f) { f.issuer_key = openssl_key(pair_of(55)); }},
      {"another issuer", [](Forgery& f) { f.issuer_name = "toor"; }},
      {"no name", [](Forgery& f) { f.subject = [](X509_NAME*) {}; }},
      {"two names",
       [](Forgery& f) {
         f.subject = [](X509_NAME* n) {
           add_common_name(n, "a");
           add_common_name(n, "b");
         };
       }},
      {"an empty name", name("", V_ASN1_UTF8STRING)},
      {"a zero byte", name(std::string("device\0x", 8), V_ASN1_UTF8STRING)},
      {"a line break", name("device\n", V_ASN1_UTF8STRING)},
      {"not ASCII", name("d\xc3\xa9vice", V_ASN1_UTF8STRING)},
      {"two bytes a character", name("device", V_ASN1_BMPSTRING)},
      {"too long a name", name(std::string(65, 'a'), V_ASN1_UTF8STRING)},
  };
  CertificateVerifier verifier = verifier_of(root());
  for (const auto& [what, spoil] : spoils) {
    INFO(what);
    Forgery forgery = device_forgery();
    spoil(forgery);
    CHECK(code_of(verifier.verify(forgery.der())) == ErrorCode::kUnauthenticated);
  }
  CHECK(ERR_peek_error() == 0);
}

TEST_CASE("a path length is honoured", "[crypto]") {
  for (const bool room : {true, false}) {
    Forgery top = root_forgery();
    top.extensions[0].second = room ? "critical,CA:TRUE,pathlen:1" : "critical,CA:TRUE,pathlen:0";
    const CertificateAuthority middle = root().issue_authority("middle", pair_of(3), 2).value();
    auto verifier = CertificateVerifier::create(std::vector<Bytes>{top.der()}).value();
    CHECK(verifier.verify(device_of(root())).has_value());
    CHECK(verifier.verify(middle.chain_for(device_of(middle))).has_value() == room);
  }
}

TEST_CASE("what cannot be a root is refused when the verifier is made", "[crypto]") {
  const auto refused = [](std::vector<Bytes> roots) {
    const auto made = CertificateVerifier::create(roots);
    return !made && made.error().code == ErrorCode::kInvalidArgument;
  };
  CHECK(refused({}));
  CHECK(refused({Bytes{}}));
  CHECK(refused({root().certificate() + Bytes{0}}));
  CHECK(refused({root().certificate(), device_of(root())}));
  CHECK(refused({root().issue_authority("middle", pair_of(3), 2).value().certificate()}));
  Forgery ec = root_forgery();
  ec.key = ec.issuer_key = testing::OpenSslKey(EVP_EC_gen("P-256"), EVP_PKEY_free);
  CHECK(refused({ec.der()}));
  Forgery badly_signed = root_forgery();
  badly_signed.issuer_key = openssl_key(pair_of(2));
  CHECK(refused({badly_signed.der()}));
}

TEST_CASE("each of several roots is trusted, and a stranger's is not", "[crypto]") {
  const CertificateAuthority a = root();
  const CertificateAuthority b = CertificateAuthority::create("root", pair_of(2)).value();
  const CertificateAuthority c = CertificateAuthority::create("root", pair_of(3)).value();
  auto verifier =
      CertificateVerifier::create(std::vector<Bytes>{a.certificate(), b.certificate()}).value();
  CHECK(verifier.verify(device_of(a)).has_value());
  CHECK(verifier.verify(device_of(b)).has_value());
  CHECK(code_of(verifier.verify(device_of(c))) == ErrorCode::kUnauthenticated);
}

TEST_CASE("no flipped bit of a chain gives another identity", "[crypto]") {
  const CertificateAuthority middle = root().issue_authority("middle", pair_of(3), 2).value();
  const Bytes chain = middle.chain_for(device_of(middle));
  CertificateVerifier warm = verifier_of(root());
  REQUIRE(warm.verify(chain).has_value());
  for (std::size_t bit = 0; bit < 8 * chain.size(); ++bit) {
    Bytes changed = chain;
    changed[bit / 8] ^= static_cast<std::uint8_t>(1 << (bit % 8));
    const auto result = warm.verify(changed);
    INFO("bit " << bit);
    CHECK_FALSE(result.has_value());
  }
}

}  // namespace
}  // namespace covey::crypto
