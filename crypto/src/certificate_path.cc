#include "certificate_path.h"

#include "certificate_profile.h"
#include "covey/crypto/certificate.h"

namespace covey::crypto {
namespace {

struct StackFree {
  void operator()(STACK_OF(X509) * stack) const { sk_X509_free(stack); }
};
using BorrowedStack = std::unique_ptr<STACK_OF(X509), StackFree>;

Error unauthenticated(const char* what) { return {ErrorCode::kUnauthenticated, what}; }

}  // namespace

Issuer make_issuer(X509Handle certificate) {
  const std::optional<SigningPublicKey> key = subject_key(certificate.get());
  COVEY_CHECK(key.has_value());  // says its profile
  Bytes key_id = subject_key_id(certificate.get());
  return {std::move(certificate), *key, std::move(key_id)};
}

Result<Issuer> parse_root(ByteView der) {
  X509Handle certificate = parse_certificate(der);
  if (!certificate || !der.empty()) {
    return invalid_argument("expected one DER certificate for each trusted root");
  }
  const Status fits = check_profile(certificate.get(), CertificateRole::kAuthority);
  if (!fits) return invalid_argument("a trusted root cannot be used: " + fits.error().message);
  if (X509_self_signed(certificate.get(), 1) != 1) {
    return invalid_argument("expected a trusted root that signs itself, found another certificate");
  }
  return make_issuer(std::move(certificate));
}

Result<std::vector<X509Handle>> parse_intermediates(ByteView der) {
  std::vector<X509Handle> intermediates;
  while (!der.empty()) {
    if (intermediates.size() + 1 == CertificateVerifier::kMaxChainLength) {
      return invalid_argument("expected a chain of at most " +
                              std::to_string(CertificateVerifier::kMaxChainLength) +
                              " certificates, found more");
    }
    intermediates.push_back(parse_certificate(der));
    if (!intermediates.back())
      return invalid_argument(
          "expected a chain of DER certificates, one after another, found something else");
  }
  for (const X509Handle& certificate : intermediates) {
    COVEY_RETURN_IF_ERROR(check_profile(certificate.get(), CertificateRole::kAuthority));
  }
  return intermediates;
}

Result<SigningPublicKey> verify_path(X509_STORE* roots, ByteView leaf_der,
                                     std::span<const X509Handle> intermediates) {
  const X509StoreContextHandle context(X509_STORE_CTX_new());
  const BorrowedStack untrusted(sk_X509_new_null());
  const X509Handle target = parse_certificate(leaf_der);
  bool ready = context && untrusted && target;
  for (const X509Handle& certificate : intermediates) {
    ready = ready && sk_X509_push(untrusted.get(), certificate.get()) > 0;
  }
  ready = ready && X509_STORE_CTX_init(context.get(), roots, target.get(), untrusted.get()) == 1;
  if (!ready) return Error{ErrorCode::kResourceExhausted, "no memory to verify a certificate"};
  if (X509_verify_cert(context.get()) != 1) {
    return unauthenticated("a certificate chain does not lead to a trusted root");
  }
  const STACK_OF(X509)* const path = X509_STORE_CTX_get0_chain(context.get());
  bool is_path = sk_X509_num(path) == static_cast<int>(intermediates.size()) + 2;
  for (std::size_t i = 0; is_path && i < intermediates.size(); ++i) {
    is_path = sk_X509_value(path, static_cast<int>(i) + 1) == intermediates[i].get();
  }
  if (!is_path) {
    return unauthenticated(
        "expected the device's certificate, then each intermediate in order and not the root, "
        "found another arrangement");
  }
  const auto root = subject_key(sk_X509_value(path, sk_X509_num(path) - 1));
  COVEY_CHECK(root.has_value());  // roots without one are not trusted
  return *root;
}

}  // namespace covey::crypto
