#pragma once

#include <vector>

#include "covey/base/result.h"
#include "covey/crypto/signature.h"
#include "openssl_handles.h"

namespace covey::crypto {

// The authorities between a certificate and a trusted root.

struct Issuer {
  X509Handle certificate;
  SigningPublicKey key;
  Bytes key_id;
};

// `certificate`: one that check_profile() has let pass.
Issuer make_issuer(X509Handle certificate);

// kInvalidArgument when `der` is not one certificate that can be a root.
Result<Issuer> parse_root(ByteView der);

// Authorities, one after another; kUnauthenticated when one is none.
Result<std::vector<X509Handle>> parse_intermediates(ByteView der);

// RFC 5280 §6 through OpenSSL, for the whole chain, since the path length and what else an
// authority may say about those below it are only seen with all of them. The chain must be the path
// to the root: in order and with nothing beside it. `leaf_der`: begins with the leaf's certificate.
// Gives the root's key.
Result<SigningPublicKey> verify_path(X509_STORE* roots, ByteView leaf_der,
                                     std::span<const X509Handle> intermediates);

}  // namespace covey::crypto
