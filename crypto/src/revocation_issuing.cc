#include <algorithm>

#include "certificate_parts.h"
#include "covey/crypto/certificate.h"

namespace covey::crypto {
namespace {

constexpr long kVersion2 = 1;  // RFC 5280 §5.1.2.1

using TimeHandle = std::unique_ptr<ASN1_TIME, OpenSslFree<ASN1_TIME_free>>;
using IntegerHandle = std::unique_ptr<ASN1_INTEGER, OpenSslFree<ASN1_INTEGER_free>>;
using RevokedHandle = std::unique_ptr<X509_REVOKED, OpenSslFree<X509_REVOKED_free>>;

TimeHandle time_of(const char* text) {
  TimeHandle time(ASN1_TIME_new());
  return time && ASN1_TIME_set_string_X509(time.get(), text) == 1 ? std::move(time) : nullptr;
}

bool set_header(X509_CRL* crl, const X509* issuer) {
  const TimeHandle from = time_of(kNotBefore);
  const TimeHandle until = time_of(kNotAfter);
  return from && until && X509_CRL_set_version(crl, kVersion2) == 1 &&
         X509_CRL_set_issuer_name(crl, X509_get_subject_name(issuer)) == 1 &&
         X509_CRL_set1_lastUpdate(crl, from.get()) == 1 &&
         X509_CRL_set1_nextUpdate(crl, until.get()) == 1;
}

bool add_entry(X509_CRL* crl, std::uint64_t serial) {
  RevokedHandle entry(X509_REVOKED_new());
  const IntegerHandle number(ASN1_INTEGER_new());
  const TimeHandle since = time_of(kNotBefore);
  const bool added = entry && number && since &&
                     ASN1_INTEGER_set_uint64(number.get(), serial) == 1 &&
                     X509_REVOKED_set_serialNumber(entry.get(), number.get()) == 1 &&
                     X509_REVOKED_set_revocationDate(entry.get(), since.get()) == 1 &&
                     X509_CRL_add0_revoked(crl, entry.get()) == 1;
  if (added) static_cast<void>(entry.release());  // the list's now
  return added;
}

bool add_extensions(X509_CRL* crl, X509* issuer, std::uint64_t number) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, nullptr, nullptr, crl, 0);
  const X509ExtensionHandle key_id(
      X509V3_EXT_nconf_nid(nullptr, &context, NID_authority_key_identifier, "keyid:always"));
  const IntegerHandle encoded(ASN1_INTEGER_new());
  return key_id && X509_CRL_add_ext(crl, key_id.get(), -1) == 1 && encoded &&
         ASN1_INTEGER_set_uint64(encoded.get(), number) == 1 &&
         X509_CRL_add1_ext_i2d(crl, NID_crl_number, encoded.get(), 0, 0) == 1;
}

}  // namespace

Result<Bytes> CertificateAuthority::issue_revocations(std::span<const std::uint64_t> serials,
                                                      std::uint64_t number) const {
  const OpenSslErrorScope errors;
  ByteView own(certificate_);
  const X509Handle issuer = parse_certificate(own);
  const X509CrlHandle crl(X509_CRL_new());
  const KeyHandle key = openssl_private_key(key_);
  std::vector<std::uint64_t> ascending(serials.begin(), serials.end());
  std::sort(ascending.begin(), ascending.end());
  const bool built =
      issuer && crl && key && set_header(crl.get(), issuer.get()) &&
      std::all_of(ascending.begin(), ascending.end(),
                  [&](std::uint64_t serial) { return add_entry(crl.get(), serial); }) &&
      add_extensions(crl.get(), issuer.get(), number) && X509_CRL_sort(crl.get()) == 1 &&
      X509_CRL_sign(crl.get(), key.get(), nullptr) > 0;
  if (!built) return openssl_failed();
  Bytes der = encode_der<i2d_X509_CRL>(crl.get());
  if (der.empty()) return openssl_failed();
  return der;
}

}  // namespace covey::crypto
