#include "revocation_list.h"

#include <algorithm>

#include "certificate_profile.h"
#include "covey/crypto/certificate.h"

namespace covey::crypto {
namespace {

constexpr long kVersion2 = 1;  // RFC 5280 §5.1.2.1

using AuthorityKeyId = std::unique_ptr<AUTHORITY_KEYID, OpenSslFree<AUTHORITY_KEYID_free>>;
using Integer = std::unique_ptr<ASN1_INTEGER, OpenSslFree<ASN1_INTEGER_free>>;

Error not_understood(const char* what) {
  return invalid_argument(std::string("expected a certificate revocation list that Covey "
                                      "understands whole, found ") +
                          what);
}

template <typename Handle>
Handle extension(const X509_CRL* crl, int nid) {
  return Handle(
      static_cast<typename Handle::pointer>(X509_CRL_get_ext_d2i(crl, nid, nullptr, nullptr)));
}

bool has_critical_extension(const X509_CRL* crl) {
  for (int i = 0; i < X509_CRL_get_ext_count(crl); ++i) {
    if (X509_EXTENSION_get_critical(X509_CRL_get_ext(crl, i)) != 0) return true;
  }
  return false;
}

bool has_critical_extension(const X509_REVOKED* entry) {
  for (int i = 0; i < X509_REVOKED_get_ext_count(entry); ++i) {
    if (X509_EXTENSION_get_critical(X509_REVOKED_get_ext(entry, i)) != 0) return true;
  }
  return false;
}

Result<std::vector<std::uint64_t>> serials_of(X509_CRL* crl) {
  STACK_OF(X509_REVOKED)* const entries = X509_CRL_get_REVOKED(crl);
  std::vector<std::uint64_t> serials;
  for (int i = 0; i < sk_X509_REVOKED_num(entries); ++i) {
    const X509_REVOKED* const entry = sk_X509_REVOKED_value(entries, i);
    const auto serial = serial_number(X509_REVOKED_get0_serialNumber(entry));
    if (!serial) return not_understood("a serial number of more than 64 bits");
    if (has_critical_extension(entry)) return not_understood("a critical extension of an entry");
    serials.push_back(*serial);
  }
  std::sort(serials.begin(), serials.end());
  return serials;
}

}  // namespace

// An indirect list, one for a part of the certificates and one of changes are marked by critical
// extensions (RFC 5280 §5.2.4, 5.2.5, 5.3.3), so no critical extension is understood.
Result<RevocationList> parse_revocations(ByteView der) {
  if (der.size() > CertificateVerifier::kMaxRevocationBytes) return not_understood("a larger one");
  const unsigned char* position = der.data();
  X509CrlHandle crl(d2i_X509_CRL(nullptr, &position, static_cast<long>(der.size())));
  if (!crl || position != der.data() + der.size()) return not_understood("something that is none");
  if (X509_CRL_get_version(crl.get()) != kVersion2) return not_understood("another version");
  if (has_critical_extension(crl.get())) return not_understood("a critical extension");
  const auto key_id = extension<AuthorityKeyId>(crl.get(), NID_authority_key_identifier);
  const auto number = extension<Integer>(crl.get(), NID_crl_number);
  RevocationList list;
  if (!key_id || key_id->keyid == nullptr || !number ||
      ASN1_INTEGER_get_uint64(&list.number, number.get()) != 1) {
    return not_understood("one without a number of 64 bits or without its issuer's key identifier");
  }
  const unsigned char* const id = ASN1_STRING_get0_data(key_id->keyid);
  list.issuer_key_id.assign(id, id + ASN1_STRING_length(key_id->keyid));
  COVEY_ASSIGN_OR_RETURN(list.serials, serials_of(crl.get()));
  list.crl = std::move(crl);
  return list;
}

// The issuer's key is an Ed25519 key, so no signature of another kind verifies.
bool signed_by(const RevocationList& list, const Issuer& issuer) {
  X509* const certificate = issuer.certificate.get();
  return X509_NAME_cmp(X509_CRL_get_issuer(list.crl.get()), X509_get_subject_name(certificate)) ==
             0 &&
         list.issuer_key_id == issuer.key_id &&
         (X509_get_key_usage(certificate) & KU_CRL_SIGN) != 0 &&
         X509_CRL_verify(list.crl.get(), X509_get0_pubkey(certificate)) == 1;
}

Status Revocations::replace(const SigningPublicKey& issuer, RevocationList list) {
  const auto found = held_.find(issuer);
  if (found != held_.end()) {
    const Held& held = found->second;
    if (list.number < held.number || (list.number == held.number && list.serials != held.serials)) {
      return Error{ErrorCode::kFailedPrecondition,
                   "revocation list " + std::to_string(list.number) +
                       " cannot take the place of list " + std::to_string(held.number) +
                       ": give the latest list of the authority"};
    }
  }
  held_[issuer] = {list.number, std::move(list.serials)};
  return {};
}

bool Revocations::contain(const SigningPublicKey& issuer, std::uint64_t serial) const {
  const auto found = held_.find(issuer);
  return found != held_.end() &&
         std::binary_search(found->second.serials.begin(), found->second.serials.end(), serial);
}

}  // namespace covey::crypto
