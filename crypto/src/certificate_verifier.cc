#include <algorithm>
#include <map>

#include "certificate_profile.h"
#include "covey/crypto/certificate.h"
#include "covey/crypto/digest.h"
#include "openssl_handles.h"

namespace covey::crypto {
namespace {

constexpr std::size_t kMaxRememberedIssuers = 64;

struct Issuer {
  X509Handle certificate;
  SigningPublicKey key;
  Bytes key_id;
};

struct Leaf {
  ByteView der;
  ByteView signed_part;  // of `der`
  X509Handle structure;
  Signature signature;
  CertifiedIdentity identity;
};

Error not_der() {
  return invalid_argument(
      "expected a chain of DER certificates, one after another, found something else");
}

Error unauthenticated(const char* what) { return {ErrorCode::kUnauthenticated, what}; }

// Takes the device's certificate off the front of `chain` and checks what can be checked without
// its issuer.
Result<Leaf> take_leaf(const StructureParser& parser, ByteView& chain) {
  const ByteView whole = chain;
  X509Handle structure = parser.parse(chain);
  if (!structure) return not_der();
  const ByteView der = whole.first(whole.size() - chain.size());
  // OpenSSL also reads BER. What comes back unchanged is DER on the outside, so the bytes that the
  // signature is checked over are those that OpenSSL parsed.
  const Bytes encoded = encode_certificate(structure.get());
  if (!std::equal(encoded.begin(), encoded.end(), der.begin(), der.end())) return not_der();
  const std::optional<ByteView> covered = signed_part(der);
  if (!covered) return not_der();
  COVEY_RETURN_IF_ERROR(check_profile(structure.get(), CertificateRole::kDevice));
  const std::optional<SigningPublicKey> key = subject_key(structure.get());
  std::optional<std::string> name = common_name(structure.get());
  const std::optional<Signature> signature = certificate_signature(structure.get());
  if (!key || !name || !signature) {
    return unauthenticated(
        "expected a certificate with one printable common name, an Ed25519 key and an Ed25519 "
        "signature, found another");
  }
  // The signature is a bit string and the last thing in a certificate; the byte before it counts
  // the bits that it leaves out. Ed25519 leaves out none, and one certificate has one encoding.
  if (der[der.size() - signature->size() - 1] != 0) return not_der();
  return Leaf{der, *covered, std::move(structure), *signature, {std::move(*name), *key}};
}

// RFC 5280 §6.1.3: the issuer's name and key identifier, then the signature.
bool issued_by(const Leaf& leaf, const Issuer& issuer) {
  return X509_NAME_cmp(X509_get_issuer_name(leaf.structure.get()),
                       X509_get_subject_name(issuer.certificate.get())) == 0 &&
         authority_key_id(leaf.structure.get()) == issuer.key_id &&
         verify(issuer.key, leaf.signed_part, leaf.signature);
}

Result<std::vector<X509Handle>> parse_intermediates(ByteView rest) {
  std::vector<X509Handle> intermediates;
  while (!rest.empty()) {
    if (intermediates.size() + 1 == CertificateVerifier::kMaxChainLength) {
      return invalid_argument("expected a chain of at most " +
                              std::to_string(CertificateVerifier::kMaxChainLength) +
                              " certificates, found more");
    }
    intermediates.push_back(parse_certificate(rest));
    if (!intermediates.back()) return not_der();
  }
  return intermediates;
}

struct StackFree {
  void operator()(STACK_OF(X509) * stack) const { sk_X509_free(stack); }
};
using BorrowedStack = std::unique_ptr<STACK_OF(X509), StackFree>;

// RFC 5280 §6 through OpenSSL, for the whole chain, since the path length and what else an
// authority may say about those below it are only seen with all of them. The chain must be the path
// to the root: in order and with nothing beside it.
Status verify_path(X509_STORE* roots, const Leaf& leaf,
                   const std::vector<X509Handle>& intermediates) {
  const X509StoreContextHandle context(X509_STORE_CTX_new());
  const BorrowedStack untrusted(sk_X509_new_null());
  ByteView leaf_der = leaf.der;
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
  return {};
}

Issuer make_issuer(X509Handle certificate, const SigningPublicKey& key) {
  Bytes key_id = subject_key_id(certificate.get());
  return {std::move(certificate), key, std::move(key_id)};
}

Result<Issuer> parse_root(ByteView der) {
  X509Handle certificate = parse_certificate(der);
  if (!certificate || !der.empty()) {
    return invalid_argument("expected one DER certificate for each trusted root");
  }
  const Status fits = check_profile(certificate.get(), CertificateRole::kAuthority);
  if (!fits) return invalid_argument("a trusted root cannot be used: " + fits.error().message);
  const std::optional<SigningPublicKey> key = subject_key(certificate.get());
  if (!key || X509_self_signed(certificate.get(), 1) != 1) {
    return invalid_argument("expected a trusted root that signs itself, found another certificate");
  }
  return make_issuer(std::move(certificate), *key);
}

}  // namespace

struct CertificateVerifier::State {
  StructureParser parser;
  X509StoreHandle store;
  std::vector<Issuer> roots;
  // By the digest of all that follows the device's certificate in a chain: the issuer that those
  // bytes lead to a root.
  std::map<Digest, Issuer> remembered;

  bool issued_by_root(const Leaf& leaf) const {
    return std::any_of(roots.begin(), roots.end(),
                       [&](const Issuer& root) { return issued_by(leaf, root); });
  }

  Status verify_and_remember(const Leaf& leaf, ByteView rest, const Digest& digest) {
    COVEY_ASSIGN_OR_RETURN(std::vector<X509Handle> intermediates, parse_intermediates(rest));
    for (const X509Handle& certificate : intermediates) {
      COVEY_RETURN_IF_ERROR(check_profile(certificate.get(), CertificateRole::kAuthority));
    }
    COVEY_RETURN_IF_ERROR(verify_path(store.get(), leaf, intermediates));
    const std::optional<SigningPublicKey> key = subject_key(intermediates.front().get());
    COVEY_CHECK(key.has_value());  // says its profile
    Issuer issuer = make_issuer(std::move(intermediates.front()), *key);
    if (!issued_by(leaf, issuer)) return unauthenticated("a certificate has a wrong signature");
    if (remembered.size() == kMaxRememberedIssuers) remembered.clear();
    remembered.emplace(digest, std::move(issuer));
    return {};
  }
};

CertificateVerifier::CertificateVerifier(std::unique_ptr<State> state) : state_(std::move(state)) {}
CertificateVerifier::CertificateVerifier(CertificateVerifier&&) noexcept = default;
CertificateVerifier& CertificateVerifier::operator=(CertificateVerifier&&) noexcept = default;
CertificateVerifier::~CertificateVerifier() = default;

Result<CertificateVerifier> CertificateVerifier::create(std::span<const Bytes> trusted_roots) {
  if (trusted_roots.empty()) return invalid_argument("expected at least one trusted root");
  const OpenSslErrorScope errors;
  auto state = std::make_unique<State>();
  state->store.reset(X509_STORE_new());
  bool ready = state->store &&
               X509_STORE_set_flags(state->store.get(),
                                    X509_V_FLAG_NO_CHECK_TIME | X509_V_FLAG_X509_STRICT) == 1;
  for (const Bytes& der : trusted_roots) {
    COVEY_ASSIGN_OR_RETURN(Issuer root, parse_root(der));
    ready = ready && X509_STORE_add_cert(state->store.get(), root.certificate.get()) == 1;
    state->roots.push_back(std::move(root));
  }
  if (!ready) return Error{ErrorCode::kResourceExhausted, "no memory for the trusted roots"};
  return CertificateVerifier(std::move(state));
}

Result<CertifiedIdentity> CertificateVerifier::verify(ByteView chain) {
  if (chain.size() > kMaxChainBytes) {
    return invalid_argument("expected a certificate chain of at most " +
                            std::to_string(kMaxChainBytes) + " bytes, found " +
                            std::to_string(chain.size()));
  }
  const OpenSslErrorScope errors;
  COVEY_ASSIGN_OR_RETURN(Leaf leaf, take_leaf(state_->parser, chain));
  if (chain.empty()) {
    if (!state_->issued_by_root(leaf)) {
      return unauthenticated("a certificate was not issued by a trusted root");
    }
    return std::move(leaf.identity);
  }
  const Digest digest = sha256(chain);
  const auto known = state_->remembered.find(digest);
  if (known == state_->remembered.end()) {
    COVEY_RETURN_IF_ERROR(state_->verify_and_remember(leaf, chain, digest));
  } else if (!issued_by(leaf, known->second)) {
    return unauthenticated("a certificate has a wrong signature");
  }
  return std::move(leaf.identity);
}

}  // namespace covey::crypto
