#include "covey/crypto/digest.h"

#include <openssl/evp.h>

#include "covey/base/check.h"

namespace covey::crypto {
namespace {

// Looked up once: a look-up costs more than a short digest.
const EVP_MD* algorithm() {
  static const EVP_MD* const fetched = EVP_MD_fetch(nullptr, "SHA2-256", nullptr);
  COVEY_CHECK(fetched != nullptr);  // the default provider has it
  return fetched;
}

}  // namespace

void Sha256::Free::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

// The checks hold while there is memory, see the class.
Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  COVEY_CHECK(context_ != nullptr && EVP_DigestInit_ex(context_.get(), algorithm(), nullptr) == 1);
}

void Sha256::add(ByteView bytes) {
  COVEY_CHECK(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1);
}

Digest Sha256::digest() const {
  const std::unique_ptr<evp_md_ctx_st, Free> last(EVP_MD_CTX_new());
  Digest digest;
  COVEY_CHECK(last != nullptr && EVP_MD_CTX_copy_ex(last.get(), context_.get()) == 1 &&
              EVP_DigestFinal_ex(last.get(), digest.data(), nullptr) == 1);
  return digest;
}

Digest sha256(ByteView message) {
  Sha256 running;
  running.add(message);
  return running.digest();
}

}  // namespace covey::crypto
