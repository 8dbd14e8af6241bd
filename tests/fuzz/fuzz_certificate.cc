// CertificateVerifier::verify is total, and takes no identity that the authority did not issue.

#include <map>

#include "covey/crypto/certificate.h"
#include "covey/crypto/insecure_seeded_random.h"
#include "fuzz/fuzz_input.h"
#include "fuzz/fuzz_target.h"

namespace covey::fuzz {
namespace {

using namespace covey::crypto;

// A root, an intermediate authority below it, another root that is not trusted, and a device of
// each.
struct Federation {
  Federation() {
    InsecureSeededRandom random(1);
    const auto key = [&] { return SigningKeyPair::from_seed(random.secret_key()); };
    const auto make_root = [&](const char* name) {
      auto root = CertificateAuthority::create(name, key());
      COVEY_CHECK(root.has_value());  // a legal name
      return std::move(*root);
    };
    const CertificateAuthority root = make_root("root");
    const CertificateAuthority stranger = make_root("stranger");
    auto intermediate = root.issue_authority("site", key(), 2);
    COVEY_CHECK(intermediate.has_value());  // as above
    add(root, "device-1", key().public_key(), true);
    add(*intermediate, "device-2", key().public_key(), true);
    add(stranger, "device-3", key().public_key(), false);
    chains.push_back(root.certificate());
    chains.push_back(root.chain_for(intermediate->certificate()));
    trusted = {root.certificate()};
  }

  void add(const CertificateAuthority& authority, const char* name, const SigningPublicKey& key,
           bool is_trusted) {
    const auto certificate = authority.issue_device(name, key, 7);
    COVEY_CHECK(certificate.has_value());  // a legal name and serial
    chains.push_back(authority.chain_for(*certificate));
    if (is_trusted) issued[name] = key;
  }

  std::vector<Bytes> trusted;
  std::map<std::string, SigningPublicKey> issued;
  std::vector<Bytes> chains;
};

const Federation& federation() {
  static const Federation only;
  return only;
}

}  // namespace

std::vector<Bytes> seeds() { return federation().chains; }

}  // namespace covey::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace covey;
  const auto& federation = fuzz::federation();
  auto verifier = crypto::CertificateVerifier::create(federation.trusted);
  COVEY_CHECK(verifier.has_value());  // the root is a good one
  const auto identity = verifier->verify({data, size});
  // Whatever it remembers from the first time does not change the answer.
  COVEY_CHECK(verifier->verify({data, size}).has_value() == identity.has_value());
  if (!identity) return 0;
  const auto issued = federation.issued.find(identity->name);
  COVEY_CHECK(issued != federation.issued.end() && issued->second == identity->key);
  return 0;
}
