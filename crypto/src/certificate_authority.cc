#include <algorithm>

#include "covey/crypto/certificate.h"
#include "openssl_handles.h"

namespace covey::crypto {
namespace {

constexpr std::size_t kMaxNameLength = 64;  // ub-common-name, RFC 5280 appendix A.1
constexpr long kVersion3 = 2;               // RFC 5280 §4.1.2.1

// Fixed, so that no clock is asked and the same inputs give the same bytes.
constexpr const char* kNotBefore = "20200101000000Z";
constexpr const char* kNotAfter =
    "99991231235959Z";  // "no well-defined expiration", RFC 5280 §4.1.2.5

struct Extension {
  int nid;
  const char* value;  // in the notation of OpenSSL's x509v3_config(5)
};

constexpr Extension kDeviceExtensions[] = {
    {NID_basic_constraints, "critical,CA:FALSE"},   {NID_key_usage, "critical,digitalSignature"},
    {NID_ext_key_usage, "clientAuth,serverAuth"},   {NID_subject_key_identifier, "hash"},
    {NID_authority_key_identifier, "keyid:always"},
};
constexpr Extension kAuthorityExtensions[] = {
    {NID_basic_constraints, "critical,CA:TRUE"},
    {NID_key_usage, "critical,keyCertSign,cRLSign"},
    {NID_subject_key_identifier, "hash"},
    {NID_authority_key_identifier, "keyid:always"},
};
constexpr std::span<const Extension> kRootExtensions = std::span(kAuthorityExtensions).first(3);

// What a certificate is to say.
struct Contents {
  const std::string& name;
  const SigningPublicKey& key;
  std::uint64_t serial;
  std::span<const Extension> extensions;
};

Status check_contents(const std::string& name, std::uint64_t serial) {
  const bool printable =
      std::all_of(name.begin(), name.end(), [](char c) { return c >= 0x20 && c <= 0x7e; });
  if (name.empty() || name.size() > kMaxNameLength || !printable) {
    return invalid_argument("expected a certificate name of 1 to " +
                            std::to_string(kMaxNameLength) + " printable ASCII characters, found " +
                            std::to_string(name.size()) + " bytes" +
                            (printable ? "" : ", not all of them printable"));
  }
  if (serial == 0) {  // RFC 5280 §4.1.2.2
    return invalid_argument("expected a certificate serial number of 1 or more, found 0");
  }
  return {};
}

Error openssl_failed() {
  return {ErrorCode::kInternal,
          "OpenSSL could not build the certificate: check that this build of it has Ed25519 and "
          "that memory is left"};
}

bool set_name(X509* certificate, const std::string& name) {
  X509NameHandle subject(X509_NAME_new());
  return subject &&
         X509_NAME_add_entry_by_NID(subject.get(), NID_commonName, V_ASN1_UTF8STRING,
                                    reinterpret_cast<const unsigned char*>(name.data()),
                                    static_cast<int>(name.size()), -1, 0) == 1 &&
         X509_set_subject_name(certificate, subject.get()) == 1;
}

bool set_key(X509* certificate, const SigningPublicKey& key) {
  PrivateKeyHandle public_key(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.data(), key.size()));
  return public_key && X509_set_pubkey(certificate, public_key.get()) == 1;
}

bool add_extensions(X509* certificate, X509* issuer, std::span<const Extension> extensions) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  return std::all_of(extensions.begin(), extensions.end(), [&](const Extension& extension) {
    X509ExtensionHandle encoded(
        X509V3_EXT_nconf_nid(nullptr, &context, extension.nid, extension.value));
    return encoded && X509_add_ext(certificate, encoded.get(), -1) == 1;
  });
}

// The private key is in OpenSSL for the length of this call.
bool sign_certificate(X509* certificate, const SigningKeyPair& key) {
  const SecretKey seed = key.seed();
  PrivateKeyHandle private_key(EVP_PKEY_new_raw_private_key(
      EVP_PKEY_ED25519, nullptr, seed.reveal().data(), seed.reveal().size()));
  return private_key && X509_sign(certificate, private_key.get(), nullptr) > 0;
}

// `issuer`: the DER of the issuer's certificate, empty for a root, which is its own.
Result<Bytes> issue(const Contents& contents, ByteView issuer, const SigningKeyPair& issuer_key) {
  COVEY_RETURN_IF_ERROR(check_contents(contents.name, contents.serial));
  const OpenSslErrorScope errors;
  const X509Handle certificate(X509_new());
  const X509Handle parsed_issuer = issuer.empty() ? nullptr : parse_certificate(issuer);
  if (!issuer.empty() && !parsed_issuer) return openssl_failed();
  X509* const signer = parsed_issuer ? parsed_issuer.get() : certificate.get();
  const bool built =
      certificate && X509_set_version(certificate.get(), kVersion3) == 1 &&
      ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), contents.serial) == 1 &&
      ASN1_TIME_set_string(X509_getm_notBefore(certificate.get()), kNotBefore) == 1 &&
      ASN1_TIME_set_string(X509_getm_notAfter(certificate.get()), kNotAfter) == 1 &&
      set_name(certificate.get(), contents.name) && set_key(certificate.get(), contents.key) &&
      X509_set_issuer_name(certificate.get(), X509_get_subject_name(signer)) == 1 &&
      add_extensions(certificate.get(), signer, contents.extensions) &&
      sign_certificate(certificate.get(), issuer_key);
  if (!built) return openssl_failed();
  Bytes der = encode_certificate(certificate.get());
  if (der.empty()) return openssl_failed();
  return der;
}

}  // namespace

Result<CertificateAuthority> CertificateAuthority::create(const std::string& name,
                                                          SigningKeyPair key) {
  CertificateAuthority authority(name, std::move(key));
  COVEY_ASSIGN_OR_RETURN(
      authority.certificate_,
      issue({name, authority.key_.public_key(), 1, kRootExtensions}, {}, authority.key_));
  return authority;
}

Result<Bytes> CertificateAuthority::issue_device(const std::string& name,
                                                 const SigningPublicKey& key,
                                                 std::uint64_t serial) const {
  return issue({name, key, serial, kDeviceExtensions}, certificate_, key_);
}

Result<CertificateAuthority> CertificateAuthority::issue_authority(const std::string& name,
                                                                   SigningKeyPair key,
                                                                   std::uint64_t serial) const {
  // A device's chain has one certificate more than its authority has intermediates.
  if (intermediates_.size() + 2 > CertificateVerifier::kMaxChainLength) {
    return Error{ErrorCode::kFailedPrecondition,
                 "a device of this authority would show more than the " +
                     std::to_string(CertificateVerifier::kMaxChainLength) +
                     " certificates that a verifier takes: issue it from one nearer to the root"};
  }
  CertificateAuthority authority(name, std::move(key));
  COVEY_ASSIGN_OR_RETURN(
      authority.certificate_,
      issue({name, authority.key_.public_key(), serial, kAuthorityExtensions}, certificate_, key_));
  authority.intermediates_.push_back(authority.certificate_);
  authority.intermediates_.insert(authority.intermediates_.end(), intermediates_.begin(),
                                  intermediates_.end());
  return authority;
}

Bytes CertificateAuthority::chain_for(ByteView device_certificate) const {
  Bytes chain = to_bytes(device_certificate);
  for (const Bytes& intermediate : intermediates_) {
    chain.insert(chain.end(), intermediate.begin(), intermediate.end());
  }
  return chain;
}

}  // namespace covey::crypto
