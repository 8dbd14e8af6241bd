#include "covey/base/secret.h"

#include <algorithm>
#include <ostream>

#include "support/catch.h"

namespace covey {
namespace {

template <typename T>
concept Streamable = requires(std::ostream& out, const T& value) {
  out << value;
};
template <typename T>
concept Comparable = requires(const T& a, const T& b) {
  a == b;
};
template <typename T>
concept Ordered = requires(const T& a, const T& b) {
  a < b;
};

template <typename T>
constexpr bool kGuarded =
    !std::is_copy_constructible_v<T> && !std::is_copy_assignable_v<T> &&
    std::is_nothrow_move_constructible_v<T> && std::is_nothrow_move_assignable_v<T> &&
    !Streamable<T> && !Comparable<T> && !Ordered<T> && !std::is_convertible_v<T, ByteView> &&
    !std::is_convertible_v<T, Bytes>;
static_assert(kGuarded<SecretKey>);
static_assert(kGuarded<Secret<64>>);
static_assert(kGuarded<SecretBytes>);
static_assert(!kGuarded<Bytes>, "the concepts must be able to say no");

SecretKey counting() {
  SecretKey secret;
  for (std::size_t i = 0; i < 32; ++i) {
    secret.reveal_mutable()[i] = static_cast<std::uint8_t>(i + 1);
  }
  return secret;
}

bool is_zero(ByteView bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

TEST_CASE("a new secret is zero", "[base]") {
  CHECK(is_zero(SecretKey().reveal()));
  CHECK(is_zero(SecretBytes(std::size_t{5}).reveal()));
}

TEST_CASE("a secret that was moved from is zero", "[base]") {
  SecretKey first = counting();
  SecretKey second = std::move(first);
  CHECK(is_zero(first.reveal()));
  CHECK(second.equals(counting()));
  SecretKey third;
  third = std::move(second);
  CHECK(is_zero(second.reveal()));
  CHECK(third.equals(counting()));
}

TEST_CASE("a secret moved to itself keeps its bytes", "[base]") {
  SecretKey secret = counting();
  SecretKey& same = secret;
  secret = std::move(same);
  CHECK(secret.equals(counting()));
}

TEST_CASE("a clone is equal and independent", "[base]") {
  SecretKey secret = counting();
  const SecretKey clone = secret.clone();
  CHECK(clone.equals(secret));
  secret.reveal_mutable()[0] ^= 1;
  CHECK(clone.equals(counting()));
}

TEST_CASE("secrets that differ in any one bit are not equal", "[base]") {
  for (std::size_t bit = 0; bit < 256; ++bit) {
    SecretKey changed = counting();
    changed.reveal_mutable()[bit / 8] ^= static_cast<std::uint8_t>(1 << (bit % 8));
    CHECK_FALSE(changed.equals(counting()));
  }
}

TEST_CASE("a secret is wiped when it is destroyed", "[base]") {
  alignas(SecretKey) std::array<std::uint8_t, sizeof(SecretKey)> storage{};
  auto* const secret = new (storage.data()) SecretKey(counting());
  CHECK_FALSE(is_zero(storage));
  secret->~SecretKey();
  CHECK(is_zero(storage));
}

TEST_CASE("secret bytes move and leave nothing behind", "[base]") {
  SecretBytes first(ByteView(Bytes{1, 2, 3}));
  SecretBytes second = std::move(first);
  CHECK(first.size() == 0);
  CHECK(to_bytes(second.reveal()) == Bytes{1, 2, 3});
  SecretBytes third(std::size_t{9});
  third = std::move(second);
  CHECK(second.size() == 0);
  CHECK(to_bytes(third.reveal()) == Bytes{1, 2, 3});
}

TEST_CASE("wiping clears every byte, and nothing is fine too", "[base]") {
  Bytes bytes(100, 0xff);
  wipe(bytes);
  CHECK(is_zero(bytes));
  wipe({});
}

TEST_CASE("comparing in constant time sees lengths and bytes", "[base]") {
  CHECK(equal_constant_time(Bytes{1, 2}, Bytes{1, 2}));
  CHECK(equal_constant_time({}, {}));
  CHECK_FALSE(equal_constant_time(Bytes{1, 2}, Bytes{1, 3}));
  CHECK_FALSE(equal_constant_time(Bytes{1, 2}, Bytes{1, 2, 0}));
  CHECK_FALSE(equal_constant_time(Bytes{}, Bytes{0}));
}

}  // namespace
}  // namespace covey
