#include "simulation/devices/identities.h"

#include <algorithm>

#include "covey/crypto/insecure_seeded_random.h"
#include "covey/datasets/draws.h"

namespace covey::simulation {

crypto::SigningKeyPair key_of_device(std::uint64_t seed, std::uint64_t device) {
  crypto::InsecureSeededRandom random(datasets::mixed_seed(seed, device));
  return crypto::SigningKeyPair::from_seed(random.secret_key());
}

Result<crypto::CertifiedIdentity> KeyVerifier::verify(ByteView certificate_chain) {
  crypto::CertifiedIdentity identity;
  if (certificate_chain.size() != identity.key.size()) {
    return invalid_argument("a virtual device's certificate is its key, of 32 bytes");
  }
  std::ranges::copy(certificate_chain, identity.key.begin());
  identity.name = to_hex(certificate_chain);
  identity.serial = 1;
  return identity;
}

}  // namespace covey::simulation
