#pragma once

#include <string>

#include "covey/base/result.h"
#include "covey/crypto/signature.h"
#include "openssl_handles.h"

namespace covey::crypto {

// What certificates, requests and revocation lists are made of. A null handle: no memory is left.

// Fixed, so that no clock is asked, the same inputs give the same bytes, and a TLS stack that does
// look at its device's clock finds every certificate valid.
constexpr const char* kNotBefore = "19700101000000Z";
constexpr const char* kNotAfter =
    "99991231235959Z";  // "no well-defined expiration", RFC 5280 §4.1.2.5

// 1 to 64 (ub-common-name, RFC 5280 appendix A.1) printable ASCII characters.
Status check_name(const std::string& name);
// A name, and one that can be a DNS name too: it stands for the coordinator in TLS.
Status check_dns_name(const std::string& name);

X509NameHandle make_name(const std::string& name);
KeyHandle openssl_public_key(const SigningPublicKey& key);
// The private key is in OpenSSL as long as the handle lives.
KeyHandle openssl_private_key(const SigningKeyPair& key);

Error openssl_failed();

}  // namespace covey::crypto
