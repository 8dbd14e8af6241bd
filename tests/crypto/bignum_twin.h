#pragma once

#include <openssl/bn.h>

#include <span>
#include <string_view>

#include "covey/base/bytes.h"

namespace covey::crypto::testing {

// A residue modulo p = 2^255 - 19 in OpenSSL's arbitrary-precision integers: slow, and nothing like
// the field under test.
class Number {
 public:
  explicit Number(std::uint64_t value = 0) : value_(BN_new()) { BN_set_word(value_, value); }
  explicit Number(std::span<const std::uint8_t, 32> little_endian)
      : value_(BN_lebin2bn(little_endian.data(), 32, nullptr)) {
    BN_nnmod(value_, value_, modulus(), context());
  }
  Number(const Number& other) : value_(BN_dup(other.value_)) {}
  Number& operator=(const Number& other) {
    BN_copy(value_, other.value_);
    return *this;
  }
  ~Number() { BN_free(value_); }

  Digest bytes() const {
    Digest out{};
    BN_bn2lebinpad(value_, out.data(), 32);
    return out;
  }
  Number inverse() const {
    Number out;
    BN_mod_inverse(out.value_, value_, modulus(), context());
    return out;
  }
  friend Number operator+(const Number& a, const Number& b) { return apply(BN_mod_add, a, b); }
  friend Number operator-(const Number& a, const Number& b) { return apply(BN_mod_sub, a, b); }
  friend Number operator*(const Number& a, const Number& b) { return apply(BN_mod_mul, a, b); }
  friend bool operator==(const Number& a, const Number& b) {
    return BN_cmp(a.value_, b.value_) == 0;
  }

 private:
  template <typename Operation>
  static Number apply(Operation operation, const Number& a, const Number& b) {
    Number out;
    operation(out.value_, a.value_, b.value_, modulus(), context());
    return out;
  }
  static const BIGNUM* modulus() {
    static const BIGNUM* const p = [] {
      BIGNUM* value = BN_new();
      BN_set_bit(value, 255);
      BN_sub_word(value, 19);
      return value;
    }();
    return p;
  }
  static BN_CTX* context() {
    static BN_CTX* const scratch = BN_CTX_new();
    return scratch;
  }

  BIGNUM* value_;
};

}  // namespace covey::crypto::testing
