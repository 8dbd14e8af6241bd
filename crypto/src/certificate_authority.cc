#include <algorithm>

#include "certificate_parts.h"
#include "certificate_profile.h"
#include "covey/crypto/certificate.h"
#include "openssl_handles.h"

namespace covey::crypto {
namespace {

constexpr long kVersion3 = 2;  // RFC 5280 §4.1.2.1

struct Extension {
  int nid;
  const char* value;  // in the notation of OpenSSL's x509v3_config(5)
};

// A device is a client and the coordinator a server, and neither can pass for the other.
constexpr Extension kDeviceExtensions[] = {
    {NID_basic_constraints, "critical,CA:FALSE"},
    {NID_key_usage, "critical,digitalSignature"},
    {NID_ext_key_usage, "clientAuth"},
    {NID_subject_key_identifier, "hash"},
    {NID_authority_key_identifier, "keyid:always"},
};
constexpr Extension kCoordinatorExtensions[] = {
    {NID_basic_constraints, "critical,CA:FALSE"},
    {NID_key_usage, "critical,digitalSignature"},
    {NID_ext_key_usage, "serverAuth"},
    {NID_subject_key_identifier, "hash"},
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
  std::string dns_name;  // empty: none
};

Status check_contents(const Contents& contents) {
  COVEY_RETURN_IF_ERROR(contents.dns_name.empty() ? check_name(contents.name)
                                                  : check_dns_name(contents.name));
  if (contents.serial == 0) {  // RFC 5280 §4.1.2.2
    return invalid_argument("expected a certificate serial number of 1 or more, found 0");
  }
  return {};
}

bool set_subject(X509* certificate, const Contents& contents) {
  const X509NameHandle name = make_name(contents.name);
  const KeyHandle key = openssl_public_key(contents.key);
  return name && key && X509_set_subject_name(certificate, name.get()) == 1 &&
         X509_set_pubkey(certificate, key.get()) == 1;
}

bool add_extensions(X509* certificate, X509* issuer, const Contents& contents) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const auto add = [&](int nid, const char* value) {
    X509ExtensionHandle encoded(X509V3_EXT_nconf_nid(nullptr, &context, nid, value));
    return encoded && X509_add_ext(certificate, encoded.get(), -1) == 1;
  };
  const bool added =
      std::all_of(contents.extensions.begin(), contents.extensions.end(),
                  [&](const Extension& extension) { return add(extension.nid, extension.value); });
  if (!added || contents.dns_name.empty()) return added;
  return add(NID_subject_alt_name, ("DNS:" + contents.dns_name).c_str());  // has no comma: checked
}

bool sign_certificate(X509* certificate, const SigningKeyPair& key) {
  const KeyHandle private_key = openssl_private_key(key);
  return private_key && X509_sign(certificate, private_key.get(), nullptr) > 0;
}

// `issuer`: the DER of the issuer's certificate, empty for a root, which is its own.
Result<Bytes> issue(const Contents& contents, ByteView issuer, const SigningKeyPair& issuer_key) {
  COVEY_RETURN_IF_ERROR(check_contents(contents));
  const OpenSslErrorScope errors;
  const X509Handle certificate(X509_new());
  const X509Handle parsed_issuer = issuer.empty() ? nullptr : parse_certificate(issuer);
  if (!issuer.empty() && !parsed_issuer) return openssl_failed();
  X509* const signer = parsed_issuer ? parsed_issuer.get() : certificate.get();
  const bool built =
      certificate && X509_set_version(certificate.get(), kVersion3) == 1 &&
      ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), contents.serial) == 1 &&
      ASN1_TIME_set_string_X509(X509_getm_notBefore(certificate.get()), kNotBefore) == 1 &&
      ASN1_TIME_set_string_X509(X509_getm_notAfter(certificate.get()), kNotAfter) == 1 &&
      set_subject(certificate.get(), contents) &&
      X509_set_issuer_name(certificate.get(), X509_get_subject_name(signer)) == 1 &&
      add_extensions(certificate.get(), signer, contents) &&
      sign_certificate(certificate.get(), issuer_key);
  if (!built) return openssl_failed();
  Bytes der = encode_der<i2d_X509>(certificate.get());
  if (der.empty()) return openssl_failed();
  return der;
}

}  // namespace

Result<CertificateAuthority> CertificateAuthority::create(const std::string& name,
                                                          SigningKeyPair key) {
  CertificateAuthority authority(name, std::move(key));
  COVEY_ASSIGN_OR_RETURN(
      authority.certificate_,
      issue({name, authority.key_.public_key(), 1, kRootExtensions, {}}, {}, authority.key_));
  return authority;
}

Result<CertificateAuthority> CertificateAuthority::restore(ByteView certificate, SigningKeyPair key,
                                                           std::span<const Bytes> intermediates) {
  const OpenSslErrorScope errors;
  ByteView rest = certificate;
  const X509Handle parsed = parse_certificate(rest);
  if (!parsed || !rest.empty()) {
    return invalid_argument("expected the authority's certificate, one of DER, found another");
  }
  const Status fits = check_profile(parsed.get(), CertificateRole::kAuthority);
  const std::optional<std::string> name = common_name(X509_get_subject_name(parsed.get()));
  if (!fits || !name) return invalid_argument("expected an authority's certificate, found another");
  if (subject_key(parsed.get()) != key.public_key()) {
    return invalid_argument(
        "the authority's private key does not belong to its certificate: give the two that were "
        "made together");
  }
  CertificateAuthority authority(*name, std::move(key));
  authority.certificate_ = to_bytes(certificate);
  if (X509_self_signed(parsed.get(), 1) != 1) {
    authority.intermediates_.push_back(authority.certificate_);
    authority.intermediates_.insert(authority.intermediates_.end(), intermediates.begin(),
                                    intermediates.end());
  } else if (!intermediates.empty()) {
    return invalid_argument("a root has no intermediate authorities above it, but some are given");
  }
  return authority;
}

Result<Bytes> CertificateAuthority::issue_device(const std::string& name,
                                                 const SigningPublicKey& key,
                                                 std::uint64_t serial) const {
  return issue({name, key, serial, kDeviceExtensions, {}}, certificate_, key_);
}

Result<Bytes> CertificateAuthority::issue_coordinator(const std::string& name,
                                                      const SigningPublicKey& key,
                                                      std::uint64_t serial) const {
  return issue({name, key, serial, kCoordinatorExtensions, name}, certificate_, key_);
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
      issue({name, authority.key_.public_key(), serial, kAuthorityExtensions, {}}, certificate_,
            key_));
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
