#pragma once

#include <optional>
#include <string>

#include "covey/base/result.h"
#include "covey/crypto/signature.h"
#include "openssl_handles.h"

namespace covey::crypto {

// What Covey asks of one certificate by itself, whoever issued it. Narrower than RFC 5280 where
// its breadth serves nobody here: version 3, Ed25519 throughout (RFC 8410), key identifiers, and no
// constraint that a verifier would have to carry along a chain except the path length.
//
// Nothing here looks at a certificate through OpenSSL's providers: a StructureParser's will do.

enum class CertificateRole { kDevice, kCoordinator, kAuthority };

// Ok when `certificate` fits the role; kUnauthenticated otherwise.
Status check_profile(const X509* certificate, CertificateRole role);

// RFC 8410 §3: Ed25519, and no parameters, not even NULL.
bool is_ed25519(const X509_ALGOR* algorithm);

// The subject's Ed25519 key; none when it has a key of another kind.
std::optional<SigningPublicKey> subject_key(const X509* certificate);
std::optional<SigningPublicKey> key_of(const X509_PUBKEY* public_key);

// The one common name in `subject`, printable ASCII; none when there is no such name or several.
std::optional<std::string> common_name(const X509_NAME* subject);

// 1 to 2^64 - 1, which is what an authority of Covey gives; none for any other.
std::optional<std::uint64_t> serial_number(const ASN1_INTEGER* serial);

// The identifiers of the subject's and of the issuer's key (RFC 5280 §4.2.1.1 and 2); empty when
// there is none.
Bytes subject_key_id(const X509* certificate);
Bytes authority_key_id(const X509* certificate);

// The signature; none when it has not the form of an Ed25519 signature.
std::optional<Signature> certificate_signature(const X509* certificate);
std::optional<Signature> signature_of(const ASN1_BIT_STRING* bits);

// The part of `der`, one whole certificate in DER, that its signature covers; none when it is not
// DER.
std::optional<ByteView> signed_part(ByteView der);

}  // namespace covey::crypto
