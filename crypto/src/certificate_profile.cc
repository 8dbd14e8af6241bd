#include "certificate_profile.h"

#include <algorithm>

namespace covey::crypto {
namespace {

constexpr long kVersion3 = 2;  // RFC 5280 §4.1.2.1
constexpr std::size_t kMaxNameLength = 64;

// Bits of KeyUsage, RFC 5280 §4.2.1.3.
constexpr int kDigitalSignature = 0;
constexpr int kKeyCertSign = 5;
constexpr int kCrlSign = 6;

using BasicConstraints = std::unique_ptr<BASIC_CONSTRAINTS, OpenSslFree<BASIC_CONSTRAINTS_free>>;
using KeyUsage = std::unique_ptr<ASN1_BIT_STRING, OpenSslFree<ASN1_BIT_STRING_free>>;
using ExtendedKeyUsage = std::unique_ptr<EXTENDED_KEY_USAGE, OpenSslFree<EXTENDED_KEY_USAGE_free>>;
using KeyId = std::unique_ptr<ASN1_OCTET_STRING, OpenSslFree<ASN1_OCTET_STRING_free>>;
using AuthorityKeyId = std::unique_ptr<AUTHORITY_KEYID, OpenSslFree<AUTHORITY_KEYID_free>>;

// Null when the certificate has no such extension or a malformed one.
template <typename Handle>
Handle extension(const X509* certificate, int nid) {
  return Handle(
      static_cast<typename Handle::pointer>(X509_get_ext_d2i(certificate, nid, nullptr, nullptr)));
}

bool has_extension(const X509* certificate, int nid) {
  return X509_get_ext_by_NID(certificate, nid, -1) >= 0;
}

Bytes bytes_of(const ASN1_STRING* string) {
  if (string == nullptr) return {};
  const unsigned char* const data = ASN1_STRING_get0_data(string);
  return Bytes(data, data + ASN1_STRING_length(string));
}

Error refused(const char* what) { return {ErrorCode::kUnauthenticated, what}; }

// Outside and, which is what the signature covers, inside.
bool is_signed_with_ed25519(const X509* certificate) {
  const X509_ALGOR* outer = nullptr;
  X509_get0_signature(nullptr, &outer, certificate);
  return is_ed25519(outer) && is_ed25519(X509_get0_tbs_sigalg(certificate));
}

// What is critical is understood, nothing is there twice, and nothing constrains names below.
Status check_extensions(const X509* certificate) {
  for (int i = 0; i < X509_get_ext_count(certificate); ++i) {
    X509_EXTENSION* const extension = X509_get_ext(certificate, i);
    const ASN1_OBJECT* const object = X509_EXTENSION_get_object(extension);
    const int nid = OBJ_obj2nid(object);
    const bool understood =
        nid == NID_basic_constraints || nid == NID_key_usage || nid == NID_ext_key_usage;
    if (X509_EXTENSION_get_critical(extension) != 0 && !understood) {
      return refused("a certificate has a critical extension that is not understood");
    }
    if (nid == NID_name_constraints) {
      return refused("a certificate has name constraints, which are not supported");
    }
    if (X509_get_ext_by_OBJ(certificate, object, i) >= 0) {
      return refused("a certificate has an extension twice");
    }
  }
  return {};
}

// The extension is optional (RFC 5280 §4.2.1.12); without it everything is allowed.
bool allows_usage(const X509* certificate, int usage_nid) {
  if (!has_extension(certificate, NID_ext_key_usage)) return true;
  const auto usage = extension<ExtendedKeyUsage>(certificate, NID_ext_key_usage);
  for (int i = 0; usage && i < sk_ASN1_OBJECT_num(usage.get()); ++i) {
    if (OBJ_obj2nid(sk_ASN1_OBJECT_value(usage.get(), i)) == usage_nid) return true;
  }
  return false;
}

Status check_leaf(const X509* certificate) {
  if (has_extension(certificate, NID_basic_constraints)) {
    const auto constraints = extension<BasicConstraints>(certificate, NID_basic_constraints);
    if (!constraints || constraints->ca != 0 || constraints->pathlen != nullptr) {
      return refused("an authority shows itself as a device or coordinator");
    }
  }
  const auto usage = extension<KeyUsage>(certificate, NID_key_usage);
  const auto allows = [&](int bit) { return ASN1_BIT_STRING_get_bit(usage.get(), bit) != 0; };
  if (!usage || !allows(kDigitalSignature) || allows(kKeyCertSign) || allows(kCrlSign)) {
    return refused(
        "a device's or coordinator's certificate must be for digital signatures, and not for "
        "issuing");
  }
  if (authority_key_id(certificate).empty()) {
    return refused("a device's or coordinator's certificate does not say which key issued it");
  }
  return {};
}

Status check_authority(const X509* certificate) {
  const auto constraints = extension<BasicConstraints>(certificate, NID_basic_constraints);
  const auto usage = extension<KeyUsage>(certificate, NID_key_usage);
  if (!constraints || constraints->ca == 0 || !usage ||
      ASN1_BIT_STRING_get_bit(usage.get(), kKeyCertSign) == 0) {
    return refused("a certificate that is no authority's stands where an authority's must");
  }
  if (subject_key_id(certificate).empty()) {
    return refused("an authority's certificate has no identifier of its key");
  }
  return {};
}

}  // namespace

Status check_profile(const X509* certificate, CertificateRole role) {
  if (X509_get_version(certificate) != kVersion3) {
    return refused("expected a certificate of X.509 version 3, found another version");
  }
  if (!is_signed_with_ed25519(certificate)) {
    return refused("expected a certificate signed with Ed25519, found another algorithm");
  }
  if (!subject_key(certificate)) {
    return refused("expected a certificate for an Ed25519 key, found a key of another kind");
  }
  COVEY_RETURN_IF_ERROR(check_extensions(certificate));
  if (role == CertificateRole::kCoordinator) {
    if (!allows_usage(certificate, NID_server_auth)) {
      return refused("expected a coordinator's certificate, found one that is not for servers");
    }
  } else if (!allows_usage(certificate, NID_client_auth)) {
    return refused("a certificate has an extended key usage without client authentication");
  }
  return role == CertificateRole::kAuthority ? check_authority(certificate)
                                             : check_leaf(certificate);
}

bool is_ed25519(const X509_ALGOR* algorithm) {
  const ASN1_OBJECT* object = nullptr;
  int parameter_type = V_ASN1_UNDEF;
  X509_ALGOR_get0(&object, &parameter_type, nullptr, algorithm);
  return OBJ_obj2nid(object) == NID_ED25519 && parameter_type == V_ASN1_UNDEF;
}

std::optional<SigningPublicKey> subject_key(const X509* certificate) {
  return key_of(X509_get_X509_PUBKEY(certificate));
}

std::optional<SigningPublicKey> key_of(const X509_PUBKEY* public_key) {
  const unsigned char* raw = nullptr;
  int size_bytes = 0;
  X509_ALGOR* algorithm = nullptr;
  SigningPublicKey key;
  const bool found =
      X509_PUBKEY_get0_param(nullptr, &raw, &size_bytes, &algorithm, public_key) == 1 &&
      is_ed25519(algorithm) && size_bytes == static_cast<int>(key.size());
  if (!found) return std::nullopt;
  std::copy_n(raw, key.size(), key.begin());
  return key;
}

std::optional<std::string> common_name(const X509_NAME* subject) {
  const int index = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (index < 0 || X509_NAME_get_index_by_NID(subject, NID_commonName, index) >= 0) {
    return std::nullopt;
  }
  const ASN1_STRING* const value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, index));
  // In these two an ASCII character is its own byte; in BMPString and the like it is not.
  const int type = ASN1_STRING_type(value);
  if (type != V_ASN1_UTF8STRING && type != V_ASN1_PRINTABLESTRING) return std::nullopt;
  const std::string name(text_of(bytes_of(value)));
  const bool printable =
      std::all_of(name.begin(), name.end(), [](char c) { return c >= 0x20 && c <= 0x7e; });
  if (name.empty() || name.size() > kMaxNameLength || !printable) return std::nullopt;
  return name;
}

Bytes subject_key_id(const X509* certificate) {
  return bytes_of(extension<KeyId>(certificate, NID_subject_key_identifier).get());
}

Bytes authority_key_id(const X509* certificate) {
  const auto id = extension<AuthorityKeyId>(certificate, NID_authority_key_identifier);
  return id ? bytes_of(id->keyid) : Bytes();
}

std::optional<std::uint64_t> serial_number(const ASN1_INTEGER* serial) {
  std::uint64_t number = 0;
  if (ASN1_INTEGER_get_uint64(&number, serial) != 1 || number == 0) return std::nullopt;
  return number;
}

std::optional<Signature> certificate_signature(const X509* certificate) {
  const ASN1_BIT_STRING* bits = nullptr;
  X509_get0_signature(&bits, nullptr, certificate);
  return signature_of(bits);
}

std::optional<Signature> signature_of(const ASN1_BIT_STRING* bits) {
  Signature signature;
  if (ASN1_STRING_length(bits) != static_cast<int>(signature.size())) return std::nullopt;
  std::copy_n(ASN1_STRING_get0_data(bits), signature.size(), signature.begin());
  return signature;
}

std::optional<ByteView> signed_part(ByteView der) {
  const unsigned char* position = der.data();
  long length = 0;
  const auto enter_sequence = [&](const unsigned char* end) {
    int tag = 0;
    int tag_class = 0;
    const int form = ASN1_get_object(&position, &length, &tag, &tag_class, end - position);
    return form == V_ASN1_CONSTRUCTED && tag == V_ASN1_SEQUENCE && tag_class == V_ASN1_UNIVERSAL;
  };
  // Certificate ::= SEQUENCE { tbsCertificate TBSCertificate, … }, RFC 5280 §4.1.
  if (!enter_sequence(der.data() + der.size())) return std::nullopt;
  const unsigned char* const first = position;
  if (!enter_sequence(position + length)) return std::nullopt;
  return ByteView(first, position + length);
}

}  // namespace covey::crypto
