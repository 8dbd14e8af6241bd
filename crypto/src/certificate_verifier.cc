#include <algorithm>
#include <map>

#include "certificate_path.h"
#include "certificate_profile.h"
#include "covey/crypto/certificate.h"
#include "covey/crypto/digest.h"
#include "revocation_list.h"

namespace covey::crypto {
namespace {

constexpr std::size_t kMaxRememberedIssuers = 64;

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
Result<Leaf> take_leaf(const StructureParser& parser, CertificateRole role, ByteView& chain) {
  const ByteView whole = chain;
  X509Handle structure = parser.parse(chain);
  if (!structure) return not_der();
  const ByteView der = whole.first(whole.size() - chain.size());
  // OpenSSL also reads BER. What comes back unchanged is DER on the outside, so the bytes that the
  // signature is checked over are those that OpenSSL parsed.
  const Bytes encoded = encode_der<i2d_X509>(structure.get());
  if (!std::equal(encoded.begin(), encoded.end(), der.begin(), der.end())) return not_der();
  const std::optional<ByteView> covered = signed_part(der);
  if (!covered) return not_der();
  COVEY_RETURN_IF_ERROR(check_profile(structure.get(), role));
  const std::optional<SigningPublicKey> key = subject_key(structure.get());
  std::optional<std::string> name = common_name(X509_get_subject_name(structure.get()));
  const std::optional<Signature> signature = certificate_signature(structure.get());
  const auto serial = serial_number(X509_get0_serialNumber(structure.get()));
  if (!key || !name || !signature || !serial) {
    return unauthenticated(
        "expected a certificate with one printable common name, a serial number of 64 bits, an "
        "Ed25519 key and an Ed25519 signature, found another");
  }
  // The signature is a bit string and the last thing in a certificate; the byte before it counts
  // the bits that it leaves out. Ed25519 leaves out none, and one certificate has one encoding.
  if (der[der.size() - signature->size() - 1] != 0) return not_der();
  return Leaf{der, *covered, std::move(structure), *signature, {std::move(*name), *key, *serial}};
}

// RFC 5280 §6.1.3: the issuer's name and key identifier, then the signature.
bool issued_by(const Leaf& leaf, const Issuer& issuer) {
  return X509_NAME_cmp(X509_get_issuer_name(leaf.structure.get()),
                       X509_get_subject_name(issuer.certificate.get())) == 0 &&
         authority_key_id(leaf.structure.get()) == issuer.key_id &&
         verify(issuer.key, leaf.signed_part, leaf.signature);
}

}  // namespace

struct CertificateVerifier::State {
  StructureParser parser;
  X509StoreHandle store;
  std::vector<Issuer> roots;
  // By the digest of all that follows the device's certificate in a chain: the issuer that those
  // bytes lead to a root.
  std::map<Digest, Issuer> remembered;
  Revocations revocations;

  // Null when no root issued it.
  const Issuer* root_that_issued(const Leaf& leaf) const {
    const auto root = std::find_if(roots.begin(), roots.end(),
                                   [&](const Issuer& root) { return issued_by(leaf, root); });
    return root == roots.end() ? nullptr : &*root;
  }

  // The authority whose certificate stands first in `authorities`, with all that are above it in
  // order. `below`: the DER certificate that it issued, if it is about one.
  Result<Issuer> verify_authorities(ByteView authorities, ByteView below) const {
    COVEY_ASSIGN_OR_RETURN(std::vector<X509Handle> path, parse_intermediates(authorities));
    COVEY_ASSIGN_OR_RETURN(const SigningPublicKey root,
                           below.empty()
                               ? verify_path(store.get(), authorities, std::span(path).subspan(1))
                               : verify_path(store.get(), below, path));
    for (std::size_t i = 0; i < path.size(); ++i) {
      const auto serial = serial_number(X509_get0_serialNumber(path[i].get()));
      const auto issuer = i + 1 < path.size() ? subject_key(path[i + 1].get()) : root;
      if (!serial || !issuer || revocations.contain(*issuer, *serial)) {
        return unauthenticated("an authority of a certificate has been revoked");
      }
    }
    return make_issuer(std::move(path.front()));
  }

  // The issuer that `rest`, all that follows the device's certificate, leads to a root.
  Result<const Issuer*> issuer_of(const Leaf& leaf, ByteView rest) {
    const Digest digest = sha256(rest);
    auto known = remembered.find(digest);
    if (known != remembered.end()) return &known->second;
    COVEY_ASSIGN_OR_RETURN(Issuer issuer, verify_authorities(rest, leaf.der));
    if (remembered.size() == kMaxRememberedIssuers) remembered.clear();
    return &remembered.emplace(digest, std::move(issuer)).first->second;
  }

  Result<CertifiedIdentity> verify(CertificateRole role, ByteView chain) {
    if (chain.size() > CertificateVerifier::kMaxChainBytes) {
      return invalid_argument("expected a certificate chain of at most " +
                              std::to_string(CertificateVerifier::kMaxChainBytes) +
                              " bytes, found " + std::to_string(chain.size()));
    }
    const OpenSslErrorScope errors;
    COVEY_ASSIGN_OR_RETURN(Leaf leaf, take_leaf(parser, role, chain));
    const Issuer* issuer = nullptr;
    if (chain.empty()) {
      issuer = root_that_issued(leaf);
      if (issuer == nullptr) {
        return unauthenticated("a certificate was not issued by a trusted root");
      }
    } else {
      COVEY_ASSIGN_OR_RETURN(issuer, issuer_of(leaf, chain));
      if (!issued_by(leaf, *issuer)) return unauthenticated("a certificate has a wrong signature");
    }
    if (revocations.contain(issuer->key, leaf.identity.serial)) {
      return unauthenticated("a certificate has been revoked by its authority");
    }
    return std::move(leaf.identity);
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
  return state_->verify(CertificateRole::kDevice, chain);
}

Result<CertifiedIdentity> CertificateVerifier::verify_coordinator(ByteView chain) {
  return state_->verify(CertificateRole::kCoordinator, chain);
}

Status CertificateVerifier::set_revocations(ByteView list, ByteView issuers) {
  if (issuers.size() > kMaxChainBytes) {
    return invalid_argument("expected a chain of at most " + std::to_string(kMaxChainBytes) +
                            " bytes, found " + std::to_string(issuers.size()));
  }
  const OpenSslErrorScope errors;
  COVEY_ASSIGN_OR_RETURN(RevocationList parsed, parse_revocations(list));
  std::optional<SigningPublicKey> signer;
  if (issuers.empty()) {
    for (const Issuer& root : state_->roots) {
      if (signed_by(parsed, root)) signer = root.key;
    }
  } else {
    COVEY_ASSIGN_OR_RETURN(const Issuer authority, state_->verify_authorities(issuers, {}));
    if (signed_by(parsed, authority)) signer = authority.key;
  }
  if (!signer) return unauthenticated("a revocation list was not signed by a trusted authority");
  COVEY_RETURN_IF_ERROR(state_->revocations.replace(*signer, std::move(parsed)));
  state_->remembered.clear();  // an authority may be among the revoked
  return {};
}

}  // namespace covey::crypto
