#include "covey/crypto/pem.h"

#include <openssl/pkcs12.h>

#include "certificate_parts.h"
#include "pem_blocks.h"

namespace covey::crypto {
namespace {

// 16 MiB of memory and some 0.3 s. A larger N would need more memory than OpenSSL lets a reader of
// such a file spend.
constexpr std::uint64_t kScryptN = 16384;
constexpr std::uint64_t kScryptR = 8;
constexpr std::uint64_t kScryptP = 5;

using KeyInfoHandle = std::unique_ptr<PKCS8_PRIV_KEY_INFO, OpenSslFree<PKCS8_PRIV_KEY_INFO_free>>;
using EncryptedHandle = std::unique_ptr<X509_SIG, OpenSslFree<X509_SIG_free>>;
using AlgorithmHandle = std::unique_ptr<X509_ALGOR, OpenSslFree<X509_ALGOR_free>>;

KeyInfoHandle key_info(const SigningKeyPair& key) {
  const KeyHandle private_key = openssl_private_key(key);
  return KeyInfoHandle(private_key ? EVP_PKEY2PKCS8(private_key.get()) : nullptr);
}

Result<SigningKeyPair> key_pair(const PKCS8_PRIV_KEY_INFO* info) {
  const KeyHandle key(info != nullptr ? EVP_PKCS82PKEY(info) : nullptr);
  SecretKey seed;
  std::size_t size_bytes = seed.reveal().size();
  const bool read =
      key && EVP_PKEY_get_id(key.get()) == EVP_PKEY_ED25519 &&
      EVP_PKEY_get_raw_private_key(key.get(), seed.reveal_mutable().data(), &size_bytes) == 1 &&
      size_bytes == seed.reveal().size();
  if (!read) return invalid_argument("expected an Ed25519 private key in PKCS#8, found another");
  return SigningKeyPair::from_seed(seed);
}

Error no_certificates() {
  return invalid_argument("expected certificates, one after another, found something else");
}

}  // namespace

Result<std::string> certificates_to_pem(ByteView der) {
  const OpenSslErrorScope errors;
  std::string pem;
  while (!der.empty()) {
    const ByteView whole = der;
    if (!parse_certificate(der)) return no_certificates();
    COVEY_ASSIGN_OR_RETURN(
        const std::string block,
        write_public_pem(whole.first(whole.size() - der.size()), kCertificateLabel));
    pem += block;
  }
  return pem;
}

Result<std::vector<Bytes>> split_certificates_from_pem(std::string_view pem) {
  const OpenSslErrorScope errors;
  COVEY_ASSIGN_OR_RETURN(const auto blocks, read_pem(pem, kCertificateLabel));
  std::vector<Bytes> certificates;
  for (const SecretBytes& block : blocks) {
    ByteView der = block.reveal();
    certificates.push_back(to_bytes(der));
    if (!parse_certificate(der) || !der.empty()) return no_certificates();
  }
  return certificates;
}

Result<Bytes> certificates_from_pem(std::string_view pem) {
  COVEY_ASSIGN_OR_RETURN(const auto certificates, split_certificates_from_pem(pem));
  Bytes der;
  for (const Bytes& certificate : certificates) {
    der.insert(der.end(), certificate.begin(), certificate.end());
  }
  return der;
}

Result<std::string> revocations_to_pem(ByteView der) {
  return write_public_pem(der, kRevocationsLabel);
}

Result<Bytes> revocations_from_pem(std::string_view pem) {
  COVEY_ASSIGN_OR_RETURN(const SecretBytes der, read_one_pem(pem, kRevocationsLabel));
  return to_bytes(der.reveal());
}

Result<SecretBytes> private_key_to_pem(const SigningKeyPair& key) {
  const OpenSslErrorScope errors;
  const KeyInfoHandle info = key_info(key);
  if (!info) return openssl_failed();
  const SecretBytes der = encode_secret_der<i2d_PKCS8_PRIV_KEY_INFO>(info.get());
  if (der.size() == 0) return openssl_failed();
  return write_pem(der.reveal(), kPrivateKeyLabel);
}

Result<SigningKeyPair> private_key_from_pem(std::string_view pem) {
  const OpenSslErrorScope errors;
  if (is_encrypted_private_key(pem)) {
    return invalid_argument("expected a private key that is not encrypted, found an encrypted one");
  }
  COVEY_ASSIGN_OR_RETURN(const SecretBytes der, read_one_pem(pem, kPrivateKeyLabel));
  const unsigned char* position = der.reveal().data();
  const KeyInfoHandle info(
      d2i_PKCS8_PRIV_KEY_INFO(nullptr, &position, static_cast<long>(der.size())));
  return key_pair(info.get());
}

Result<std::string> encrypted_private_key_to_pem(const SigningKeyPair& key, ByteView passphrase,
                                                 Random& random) {
  if (passphrase.empty()) return invalid_argument("expected a passphrase, found an empty one");
  const OpenSslErrorScope errors;
  std::array<std::uint8_t, 16> salt;
  std::array<std::uint8_t, 16> iv;
  random.fill(salt);
  random.fill(iv);
  const KeyInfoHandle info = key_info(key);
  AlgorithmHandle algorithm(PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), salt.data(),
                                                  static_cast<int>(salt.size()), iv.data(),
                                                  kScryptN, kScryptR, kScryptP));
  if (!info || !algorithm) return openssl_failed();
  const EncryptedHandle encrypted(PKCS8_set0_pbe(reinterpret_cast<const char*>(passphrase.data()),
                                                 static_cast<int>(passphrase.size()), info.get(),
                                                 algorithm.get()));
  if (!encrypted) return openssl_failed();
  static_cast<void>(algorithm.release());  // the encrypted key's now
  const SecretBytes der = encode_secret_der<i2d_X509_SIG>(encrypted.get());
  if (der.size() == 0) return openssl_failed();
  return write_public_pem(der.reveal(), kEncryptedKeyLabel);
}

Result<SigningKeyPair> encrypted_private_key_from_pem(std::string_view pem, ByteView passphrase) {
  const OpenSslErrorScope errors;
  COVEY_ASSIGN_OR_RETURN(const SecretBytes der, read_one_pem(pem, kEncryptedKeyLabel));
  const unsigned char* position = der.reveal().data();
  const EncryptedHandle encrypted(d2i_X509_SIG(nullptr, &position, static_cast<long>(der.size())));
  if (!encrypted) {
    return invalid_argument("expected an encrypted private key in PKCS#8, found something else");
  }
  const KeyInfoHandle info(PKCS8_decrypt(encrypted.get(),
                                         reinterpret_cast<const char*>(passphrase.data()),
                                         static_cast<int>(passphrase.size())));
  if (!info) {
    return Error{ErrorCode::kPermissionDenied,
                 "the passphrase does not open the private key: give the one it was encrypted "
                 "with; if that is this one, the file is damaged"};
  }
  return key_pair(info.get());
}

bool is_encrypted_private_key(std::string_view pem) {
  return pem.find(std::string("-----BEGIN ") + kEncryptedKeyLabel + "-----") != pem.npos;
}

}  // namespace covey::crypto
