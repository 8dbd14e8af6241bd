#pragma once

#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "covey/base/bytes.h"
#include "covey/base/check.h"
#include "covey/crypto/signature.h"

namespace covey::testing {

using OpenSslKey = std::shared_ptr<EVP_PKEY>;  // shared: one key signs many forgeries

inline OpenSslKey openssl_key(const crypto::SigningKeyPair& pair) {
  const SecretKey seed = pair.seed();
  return {EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.reveal().data(), 32),
          EVP_PKEY_free};
}

// A certificate that an honest authority may not issue. `extensions`: OpenSSL's numbers and its
// notation, x509v3_config(5).
struct Forgery {
  OpenSslKey key;
  OpenSslKey issuer_key;
  std::string issuer_name = "root";
  std::vector<std::pair<int, std::string>> extensions;
  Bytes issuer;  // DER, for its key identifier; empty: the certificate itself
  std::function<void(X509_NAME*)> subject;
  long version = 2;
  const char* not_after = "99991231235959Z";

  Bytes der() const;
};

inline void add_common_name(X509_NAME* name, const std::string& value,
                            int type = V_ASN1_UTF8STRING) {
  X509_NAME_add_entry_by_NID(name, NID_commonName, type,
                             reinterpret_cast<const unsigned char*>(value.data()),
                             static_cast<int>(value.size()), -1, 0);
}

inline Bytes Forgery::der() const {
  const std::unique_ptr<X509, void (*)(X509*)> made(X509_new(), X509_free);
  X509* const certificate = made.get();
  X509_set_version(certificate, version);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), 9);
  ASN1_TIME_set_string(X509_getm_notBefore(certificate), "20200101000000Z");
  ASN1_TIME_set_string(X509_getm_notAfter(certificate), not_after);
  const std::unique_ptr<X509_NAME, void (*)(X509_NAME*)> name(X509_NAME_new(), X509_NAME_free);
  subject(name.get());
  X509_set_subject_name(certificate, name.get());
  const std::unique_ptr<X509_NAME, void (*)(X509_NAME*)> by(X509_NAME_new(), X509_NAME_free);
  add_common_name(by.get(), issuer_name);
  X509_set_issuer_name(certificate, by.get());
  X509_set_pubkey(certificate, key.get());
  const unsigned char* position = issuer.data();
  const std::unique_ptr<X509, void (*)(X509*)> parent(
      issuer.empty() ? nullptr : d2i_X509(nullptr, &position, static_cast<long>(issuer.size())),
      X509_free);
  X509V3_CTX context;
  X509V3_set_ctx(&context, parent ? parent.get() : certificate, certificate, nullptr, nullptr, 0);
  for (const auto& [nid, value] : extensions) {
    const std::unique_ptr<X509_EXTENSION, void (*)(X509_EXTENSION*)> extension(
        X509V3_EXT_nconf_nid(nullptr, &context, nid, value.c_str()), X509_EXTENSION_free);
    COVEY_CHECK(extension);  // the notation is a constant of a test
    X509_add_ext(certificate, extension.get(), -1);
  }
  const bool edwards = EVP_PKEY_get_id(issuer_key.get()) == EVP_PKEY_ED25519;
  COVEY_CHECK(X509_sign(certificate, issuer_key.get(), edwards ? nullptr : EVP_sha256()) > 0);
  unsigned char* encoded = nullptr;
  const int size = i2d_X509(certificate, &encoded);
  const Bytes out(encoded, encoded + size);
  OPENSSL_free(encoded);
  return out;
}

}  // namespace covey::testing
