#pragma once

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>

#include "covey/base/secret.h"

namespace covey::crypto {

// Calls one of OpenSSL's free functions.
template <auto kFree>
struct OpenSslFree {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};

using X509Handle = std::unique_ptr<X509, OpenSslFree<X509_free>>;
using X509NameHandle = std::unique_ptr<X509_NAME, OpenSslFree<X509_NAME_free>>;
using X509ExtensionHandle = std::unique_ptr<X509_EXTENSION, OpenSslFree<X509_EXTENSION_free>>;
using X509CrlHandle = std::unique_ptr<X509_CRL, OpenSslFree<X509_CRL_free>>;
using X509ReqHandle = std::unique_ptr<X509_REQ, OpenSslFree<X509_REQ_free>>;
using X509StoreHandle = std::unique_ptr<X509_STORE, OpenSslFree<X509_STORE_free>>;
using X509StoreContextHandle = std::unique_ptr<X509_STORE_CTX, OpenSslFree<X509_STORE_CTX_free>>;
using KeyHandle = std::unique_ptr<EVP_PKEY, OpenSslFree<EVP_PKEY_free>>;

// Leaves OpenSSL's error queue of this thread as it was: what a peer's certificate puts there is
// not the app's business.
class OpenSslErrorScope {
 public:
  OpenSslErrorScope() { ERR_set_mark(); }
  OpenSslErrorScope(const OpenSslErrorScope&) = delete;
  OpenSslErrorScope& operator=(const OpenSslErrorScope&) = delete;
  ~OpenSslErrorScope() { ERR_pop_to_mark(); }
};

// The first certificate in `der`, which then begins after it; null when there is none.
inline X509Handle parse_certificate(ByteView& der) {
  const unsigned char* position = der.data();
  X509Handle certificate(d2i_X509(nullptr, &position, static_cast<long>(der.size())));
  if (certificate) der = der.subspan(static_cast<std::size_t>(position - der.data()));
  return certificate;
}

// Parses certificates without building the subject's key as an object of OpenSSL's, which takes
// longer (in OpenSSL 3.0) than the rest of the parsing and than checking the signature: its library
// context has no provider that could. Use subject_key() on the result, not X509_get0_pubkey().
class StructureParser {
 public:
  StructureParser()
      : context_(OSSL_LIB_CTX_new()),
        none_(context_ ? OSSL_PROVIDER_load(context_.get(), "null") : nullptr) {}

  // As parse_certificate().
  X509Handle parse(ByteView& der) const {
    const unsigned char* position = der.data();
    X509Handle certificate(
        reinterpret_cast<X509*>(ASN1_item_d2i_ex(nullptr, &position, static_cast<long>(der.size()),
                                                 ASN1_ITEM_rptr(X509), context_.get(), nullptr)));
    if (certificate) der = der.subspan(static_cast<std::size_t>(position - der.data()));
    return certificate;
  }

 private:
  std::unique_ptr<OSSL_LIB_CTX, OpenSslFree<OSSL_LIB_CTX_free>> context_;
  std::unique_ptr<OSSL_PROVIDER, OpenSslFree<OSSL_PROVIDER_unload>> none_;
};

// Calls one of OpenSSL's i2d functions; empty when it fails.
template <auto kEncode, typename T>
SecretBytes encode_secret_der(T* object) {
  unsigned char* encoded = nullptr;
  const int size_bytes = kEncode(object, &encoded);
  if (size_bytes <= 0) return {};
  SecretBytes der(ByteView(encoded, static_cast<std::size_t>(size_bytes)));
  OPENSSL_clear_free(encoded, der.size());
  return der;
}
template <auto kEncode, typename T>
Bytes encode_der(T* object) {
  return to_bytes(encode_secret_der<kEncode>(object).reveal());
}

}  // namespace covey::crypto
