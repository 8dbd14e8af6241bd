#pragma once

#include <openssl/evp.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "bench/timing.h"
#include "covey/base/secret.h"

namespace covey::bench {

// OpenSSL's AES-256-CTR keystream alone, block by block in place: what every mask is measured
// against. Not thread-safe.
class EvpKeystream {
 public:
  explicit EvpKeystream(std::size_t block_bytes) : block_(block_bytes) {
    const SecretKey key;
    const std::uint8_t counter[16] = {};
    ok_ = EVP_EncryptInit_ex(context_.get(), EVP_aes_256_ctr(), nullptr, key.reveal().data(),
                             counter) == 1;
  }

  bool ok() const { return ok_; }
  double gb_per_s(std::size_t total_bytes) {
    const double seconds = time_cpu_seconds([&] {
      for (std::size_t done = 0; done < total_bytes; done += block_.size()) {
        const std::size_t size = std::min(block_.size(), total_bytes - done);
        int written = 0;
        ok_ &= EVP_EncryptUpdate(context_.get(), block_.data(), &written, block_.data(),
                                 static_cast<int>(size)) == 1;
      }
    });
    return static_cast<double>(total_bytes) / seconds / 1e9;
  }

 private:
  struct Free {
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
  };
  std::unique_ptr<EVP_CIPHER_CTX, Free> context_{EVP_CIPHER_CTX_new()};
  std::vector<std::uint8_t> block_;
  bool ok_ = false;
};

}  // namespace covey::bench
