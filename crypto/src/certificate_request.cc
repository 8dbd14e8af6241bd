#include "covey/crypto/certificate_request.h"

#include "certificate_parts.h"
#include "certificate_profile.h"
#include "pem_blocks.h"

namespace covey::crypto {
namespace {

constexpr long kVersion1 = 0;  // RFC 2986 §4.1

// Whoever made the request has the private key.
bool is_signed_by(X509_REQ* request, const SigningPublicKey& key) {
  const ASN1_BIT_STRING* bits = nullptr;
  const X509_ALGOR* algorithm = nullptr;
  X509_REQ_get0_signature(request, &bits, &algorithm);
  const std::optional<Signature> signature = signature_of(bits);
  return is_ed25519(algorithm) && signature &&
         verify(key, encode_der<i2d_re_X509_REQ_tbs>(request), *signature);
}

}  // namespace

Result<std::string> make_request(const std::string& name, const SigningKeyPair& key) {
  COVEY_RETURN_IF_ERROR(check_name(name));
  const OpenSslErrorScope errors;
  const X509ReqHandle request(X509_REQ_new());
  const X509NameHandle subject = make_name(name);
  const KeyHandle private_key = openssl_private_key(key);
  const bool built = request && subject && private_key &&
                     X509_REQ_set_version(request.get(), kVersion1) == 1 &&
                     X509_REQ_set_subject_name(request.get(), subject.get()) == 1 &&
                     X509_REQ_set_pubkey(request.get(), private_key.get()) == 1 &&
                     X509_REQ_sign(request.get(), private_key.get(), nullptr) > 0;
  if (!built) return openssl_failed();
  const Bytes der = encode_der<i2d_X509_REQ>(request.get());
  if (der.empty()) return openssl_failed();
  return write_public_pem(der, kRequestLabel);
}

Result<CertificateRequest> read_request(std::string_view pem) {
  const OpenSslErrorScope errors;
  COVEY_ASSIGN_OR_RETURN(const SecretBytes der, read_one_pem(pem, kRequestLabel));
  const unsigned char* position = der.reveal().data();
  const X509ReqHandle request(d2i_X509_REQ(nullptr, &position, static_cast<long>(der.size())));
  if (!request || position != der.reveal().data() + der.size()) {
    return invalid_argument("expected a certificate request, found something else");
  }
  std::optional<std::string> name = common_name(X509_REQ_get_subject_name(request.get()));
  const std::optional<SigningPublicKey> key = key_of(X509_REQ_get_X509_PUBKEY(request.get()));
  if (!name || !key) {
    return invalid_argument(
        "expected a certificate request with one common name of 1 to 64 printable ASCII characters "
        "and an Ed25519 key, found another");
  }
  if (!is_signed_by(request.get(), *key)) {
    return Error{ErrorCode::kUnauthenticated,
                 "a certificate request is not signed with the key that it names: make it anew"};
  }
  return CertificateRequest{std::move(*name), *key};
}

}  // namespace covey::crypto
