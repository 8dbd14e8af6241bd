#pragma once

#include <string>
#include <vector>

#include "covey/base/result.h"
#include "covey/base/secret.h"
#include "covey/crypto/random.h"
#include "covey/crypto/signature.h"

namespace covey::crypto {

// Certificates, revocation lists and private keys as text (RFC 7468), as other programs read and
// write them. Text around the blocks is skipped; a block of another kind is refused. Every error is
// kInvalidArgument except where said.

// `der`: one or more certificates, one after another, as CertificateVerifier takes them.
Result<std::string> certificates_to_pem(ByteView der);
Result<Bytes> certificates_from_pem(std::string_view pem);
// Each apart, as CertificateVerifier takes its roots.
Result<std::vector<Bytes>> split_certificates_from_pem(std::string_view pem);

Result<std::string> revocations_to_pem(ByteView der);
Result<Bytes> revocations_from_pem(std::string_view pem);  // exactly one list

// PKCS#8 (RFC 5958, RFC 8410), not encrypted.
Result<SecretBytes> private_key_to_pem(const SigningKeyPair& key);
Result<SigningKeyPair> private_key_from_pem(std::string_view pem);

// PKCS#8, encrypted with AES-256-CBC under a key that scrypt (RFC 7914) makes of the passphrase:
// `openssl pkey` reads it. A wrong passphrase is kPermissionDenied.
Result<std::string> encrypted_private_key_to_pem(const SigningKeyPair& key, ByteView passphrase,
                                                 Random& random);
Result<SigningKeyPair> encrypted_private_key_from_pem(std::string_view pem, ByteView passphrase);
bool is_encrypted_private_key(std::string_view pem);

}  // namespace covey::crypto
