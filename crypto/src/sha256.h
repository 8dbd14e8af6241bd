#pragma once

#include <openssl/evp.h>

#include <memory>

#include "covey/base/bytes.h"

namespace covey::crypto {

// A running SHA-256 of OpenSSL's, which uses the processor's own instructions for it. Wiped when it
// ends. OpenSSL can fail here only for want of memory or of its default provider: neither leaves
// anything to go on with, so the process ends.
class Sha256 {
 public:
  Sha256();
  void add(ByteView bytes);
  Digest digest() const;  // of all so far; more may follow

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, Free> context_;
};

}  // namespace covey::crypto
