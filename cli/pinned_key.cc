#include "cli/pinned_key.h"

#include <algorithm>
#include <array>

#include "covey/crypto/pem.h"

namespace covey::cli {
namespace {

// The SubjectPublicKeyInfo of an Ed25519 key ([RFC 8410] §4) up to the key itself, which is always
// these bytes in DER.
constexpr std::array<std::uint8_t, 12> kBeforeKey = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
                                                     0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};

}  // namespace

Result<crypto::SigningPublicKey> pinned_key(std::string_view pem) {
  COVEY_ASSIGN_OR_RETURN(const auto certificates, crypto::split_certificates_from_pem(pem));
  if (certificates.empty()) return invalid_argument("the file has no certificate in PEM");
  const Bytes& der = certificates.front();
  const auto found = std::search(der.begin(), der.end(), kBeforeKey.begin(), kBeforeKey.end());
  const auto after = found == der.end() ? 0 : der.end() - found - std::ssize(kBeforeKey);
  crypto::SigningPublicKey key{};
  if (after < std::ssize(key)) return invalid_argument("the certificate has no Ed25519 key");
  std::copy_n(found + std::ssize(kBeforeKey), key.size(), key.begin());
  return key;
}

}  // namespace covey::cli
