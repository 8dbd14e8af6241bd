#pragma once

#include <string>

#include "covey/base/result.h"
#include "covey/crypto/signature.h"

namespace covey::crypto {

// A certificate request (PKCS#10, RFC 2986, in PEM): what a device or coordinator sends to the
// authority in place of its private key, which never leaves it.
struct CertificateRequest {
  std::string name;  // 1 to 64 printable ASCII characters
  SigningPublicKey key;
};

// kInvalidArgument for a name that no certificate may have.
Result<std::string> make_request(const std::string& name, const SigningKeyPair& key);

// For the authority. The request shows that its sender has the private key, not that the name is
// its own: that, people have to know. Whatever extensions it asks for are ignored.
// kInvalidArgument when it is no request with an Ed25519 key, kUnauthenticated when it was not
// signed with that key.
Result<CertificateRequest> read_request(std::string_view pem);

}  // namespace covey::crypto
