#include "bench/public_key_meter.h"

#include "bench/timing.h"

namespace covey::bench {
namespace {

thread_local PublicKeyUse use;
thread_local int depth = 0;

// Times the outermost call only: a certificate's verification calls a signature's.
template <typename Call>
auto metered(std::uint64_t& count, Call&& call) {
  ++count;
  if (depth++ > 0) {
    auto result = call();
    --depth;
    return result;
  }
  const double start = thread_cpu_seconds();
  auto result = call();
  use.seconds += thread_cpu_seconds() - start;
  --depth;
  return result;
}

}  // namespace

PublicKeyUse& PublicKeyUse::operator+=(const PublicKeyUse& other) {
  seconds += other.seconds;
  agreements += other.agreements;
  signatures += other.signatures;
  verifications += other.verifications;
  certificates += other.certificates;
  return *this;
}

PublicKeyUse take_public_key_use() { return std::exchange(use, {}); }

Result<crypto::CertifiedIdentity> MeteredVerifier::verify(ByteView certificate_chain) {
  return metered(use.certificates, [&] { return verifier_.verify(certificate_chain); });
}

}  // namespace covey::bench

// What the linker puts in place of libsodium's functions (--wrap); __real_… are libsodium's own.
extern "C" {

using covey::bench::metered;
using covey::bench::use;
using Byte = unsigned char;

int __real_crypto_scalarmult_curve25519(Byte*, const Byte*, const Byte*);
int __real_crypto_scalarmult_curve25519_base(Byte*, const Byte*);
int __real_crypto_sign_ed25519_detached(Byte*, unsigned long long*, const Byte*, unsigned long long,
                                        const Byte*);
int __real_crypto_sign_ed25519_verify_detached(const Byte*, const Byte*, unsigned long long,
                                               const Byte*);

int __wrap_crypto_scalarmult_curve25519(Byte* out, const Byte* scalar, const Byte* point) {
  return metered(use.agreements,
                 [&] { return __real_crypto_scalarmult_curve25519(out, scalar, point); });
}

int __wrap_crypto_scalarmult_curve25519_base(Byte* out, const Byte* scalar) {
  return metered(use.agreements,
                 [&] { return __real_crypto_scalarmult_curve25519_base(out, scalar); });
}

int __wrap_crypto_sign_ed25519_detached(Byte* signature, unsigned long long* signature_bytes,
                                        const Byte* message, unsigned long long message_bytes,
                                        const Byte* key) {
  return metered(use.signatures, [&] {
    return __real_crypto_sign_ed25519_detached(signature, signature_bytes, message, message_bytes,
                                               key);
  });
}

int __wrap_crypto_sign_ed25519_verify_detached(const Byte* signature, const Byte* message,
                                               unsigned long long message_bytes, const Byte* key) {
  return metered(use.verifications, [&] {
    return __real_crypto_sign_ed25519_verify_detached(signature, message, message_bytes, key);
  });
}

}  // extern "C"
