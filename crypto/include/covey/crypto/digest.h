#pragma once

#include <memory>

#include "covey/base/bytes.h"

struct evp_md_ctx_st;  // OpenSSL's EVP_MD_CTX

namespace covey::crypto {

Digest sha256(ByteView message);  // FIPS 180-4

// A running SHA-256, for what is too large to be held at once. Wiped when it ends. OpenSSL, which
// does the work with the processor's own instructions for it, can fail here only for want of memory
// or of its default provider: neither leaves anything to go on with, so the process ends.
class Sha256 {
 public:
  Sha256();
  void add(ByteView bytes);
  Digest digest() const;  // of all so far; more may follow

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

}  // namespace covey::crypto
