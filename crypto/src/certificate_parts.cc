#include "certificate_parts.h"

#include <algorithm>
#include <string_view>

namespace covey::crypto {
namespace {

constexpr std::size_t kMaxNameLength = 64;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool is_dns_label(std::string_view label) {
  return !label.empty() && label.front() != '-' && label.back() != '-' &&
         std::all_of(label.begin(), label.end(),
                     [](char c) { return is_letter(c) || is_digit(c) || c == '-'; });
}

// Labels with dots between them. The last has a letter: a TLS stack takes a name of digits and dots
// for an address.
bool is_dns_name(std::string_view name) {
  for (std::size_t dot; (dot = name.find('.')) != name.npos; name.remove_prefix(dot + 1)) {
    if (!is_dns_label(name.substr(0, dot))) return false;
  }
  return is_dns_label(name) && std::any_of(name.begin(), name.end(), is_letter);
}

}  // namespace

Status check_name(const std::string& name) {
  const bool printable =
      std::all_of(name.begin(), name.end(), [](char c) { return c >= 0x20 && c <= 0x7e; });
  if (name.empty() || name.size() > kMaxNameLength || !printable) {
    return invalid_argument("expected a certificate name of 1 to " +
                            std::to_string(kMaxNameLength) + " printable ASCII characters, found " +
                            std::to_string(name.size()) + " bytes" +
                            (printable ? "" : ", not all of them printable"));
  }
  return {};
}

Status check_dns_name(const std::string& name) {
  COVEY_RETURN_IF_ERROR(check_name(name));
  if (!is_dns_name(name)) {
    return invalid_argument(
        "expected a coordinator's name of letters, digits and hyphens, with dots between its parts "
        "and not all digits after the last dot, as in coordinator.example.org; found another");
  }
  return {};
}

X509NameHandle make_name(const std::string& name) {
  X509NameHandle made(X509_NAME_new());
  const bool added =
      made && X509_NAME_add_entry_by_NID(made.get(), NID_commonName, V_ASN1_UTF8STRING,
                                         reinterpret_cast<const unsigned char*>(name.data()),
                                         static_cast<int>(name.size()), -1, 0) == 1;
  return added ? std::move(made) : nullptr;
}

KeyHandle openssl_public_key(const SigningPublicKey& key) {
  return KeyHandle(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.data(), key.size()));
}

KeyHandle openssl_private_key(const SigningKeyPair& key) {
  const SecretKey seed = key.seed();
  return KeyHandle(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.reveal().data(),
                                                seed.reveal().size()));
}

Error openssl_failed() {
  return {ErrorCode::kInternal,
          "OpenSSL could not build the certificate, request, key or list: check that this build of "
          "it has Ed25519 and that memory is left"};
}

}  // namespace covey::crypto
