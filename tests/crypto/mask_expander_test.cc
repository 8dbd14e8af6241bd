#include "covey/crypto/mask_expander.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <random>
#include <vector>

#include "covey/crypto/insecure_seeded_random.h"
#include "mask_kernel.h"
#include "support/catch.h"
#include "support/seeds.h"

namespace covey::crypto {
namespace {

using testing::for_each_seed;
using testing::Seed;

// The twin: AES-256-CTR from OpenSSL written to memory, for the counter block (segment, block).
Bytes keystream(const SecretKey& key, std::uint64_t segment, std::uint64_t block,
                std::size_t size) {
  std::array<std::uint8_t, 16> counter;
  for (std::size_t i = 0; i < 8; ++i) {
    counter[i] = static_cast<std::uint8_t>(segment >> (56 - 8 * i));
    counter[8 + i] = static_cast<std::uint8_t>(block >> (56 - 8 * i));
  }
  Bytes out(size);
  EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
  int written = 0;
  REQUIRE(EVP_EncryptInit_ex(context, EVP_aes_256_ctr(), nullptr, key.reveal().data(),
                             counter.data()) == 1);
  REQUIRE(EVP_EncryptUpdate(context, out.data(), &written, out.data(), static_cast<int>(size)) ==
          1);
  EVP_CIPHER_CTX_free(context);
  return out;
}

template <typename Lane>
Lane lane_at(ByteView bytes, std::size_t index) {
  Lane lane = 0;
  for (std::size_t i = 0; i < sizeof(Lane); ++i) {
    lane = static_cast<Lane>(lane | static_cast<Lane>(bytes[index * sizeof(Lane) + i]) << (8 * i));
  }
  return lane;
}

// lanes + sign * mask, one lane after another.
template <typename Lane>
std::vector<Lane> masked_by_twin(const SecretKey& key, std::uint64_t segment,
                                 std::uint64_t first_lane, std::vector<Lane> lanes, bool add) {
  constexpr std::uint64_t kLanesPerBlock = 16 / sizeof(Lane);
  const std::size_t skipped = static_cast<std::size_t>(first_lane % kLanesPerBlock);
  const Bytes mask =
      keystream(key, segment, first_lane / kLanesPerBlock, (skipped + lanes.size()) * sizeof(Lane));
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    const Lane m = lane_at<Lane>(mask, skipped + i);
    lanes[i] = static_cast<Lane>(add ? lanes[i] + m : lanes[i] - m);
  }
  return lanes;
}

template <typename Lane>
std::vector<Lane> random_lanes(std::mt19937_64& random, std::size_t count) {
  std::vector<Lane> lanes(count);
  for (Lane& lane : lanes) lane = static_cast<Lane>(random());
  return lanes;
}

// Short ones often, around the kernels' vector sizes always, past the fallback's scratch sometimes.
std::size_t random_length(std::mt19937_64& random) {
  const std::size_t limits[] = {8, 40, 300, 2'000, 40'000};
  return random() % limits[random() % 5];
}

// An index whose block is anywhere, at the start, or just before or after a carry out of 32 bits.
template <typename Lane>
std::uint64_t random_first_lane(std::mt19937_64& random) {
  constexpr std::uint64_t kLanesPerBlock = 16 / sizeof(Lane);
  switch (random() % 4) {
    case 0:
      return random() % 100;
    case 1:
      return random() >> 1;
    case 2:
      return ((1 + random() % 3) << 32) * kLanesPerBlock - random() % 400;
    default:
      return random() % 10'000'000;
  }
}

template <typename Lane>
void check_against_twin(MaskPath path, Seed seed) {
  std::mt19937_64 random(seed);
  InsecureSeededRandom keys(seed);
  MaskExpander expander(path);
  for (int call = 0; call < 3; ++call) {  // one expander, several keys
    const SecretKey key = keys.secret_key();
    const std::uint64_t segment = random();
    const std::uint64_t first_lane = random_first_lane<Lane>(random);
    const auto before = random_lanes<Lane>(random, random_length(random));
    CAPTURE(name_of(path), sizeof(Lane), segment, first_lane, before.size());
    auto lanes = before;
    expander.add<Lane>(key, segment, first_lane, lanes);
    CHECK((lanes == masked_by_twin(key, segment, first_lane, before, true)));
    lanes = before;
    expander.subtract<Lane>(key, segment, first_lane, lanes);
    CHECK((lanes == masked_by_twin(key, segment, first_lane, before, false)));
  }
}

template <typename Lane>
void check_every_short_call(MaskPath path) {
  const SecretKey key = InsecureSeededRandom(7).secret_key();
  std::mt19937_64 random(7);
  MaskExpander expander(path);
  constexpr std::size_t kGuard = 3;  // lanes on either side that must not change
  for (std::uint64_t first_lane = 0; first_lane < 2 * 16 / sizeof(Lane); ++first_lane) {
    for (std::size_t count = 0; count * sizeof(Lane) < 320; ++count) {
      auto lanes = random_lanes<Lane>(random, count + 2 * kGuard);
      auto expected = lanes;
      const auto middle = expected.begin() + kGuard;
      const auto end = middle + static_cast<std::ptrdiff_t>(count);
      std::ranges::copy(masked_by_twin<Lane>(key, 5, first_lane, {middle, end}, true), middle);
      expander.add<Lane>(key, 5, first_lane, std::span(lanes).subspan(kGuard, count));
      if (lanes != expected) {
        FAIL(name_of(path) << ": " << sizeof(Lane) << "-byte lanes, first " << first_lane
                           << ", count " << count);
      }
    }
  }
}

// NIST SP 800-38A, F.5.5 CTR-AES256.Encrypt: key and output blocks.
constexpr std::uint8_t kNistKey[32] = {
    0x60, 0x3d, 0xeb, 0x10, 0x15, 0xca, 0x71, 0xbe, 0x2b, 0x73, 0xae, 0xf0, 0x85, 0x7d, 0x77, 0x81,
    0x1f, 0x35, 0x2c, 0x07, 0x3b, 0x61, 0x08, 0xd7, 0x2d, 0x98, 0x10, 0xa3, 0x09, 0x14, 0xdf, 0xf4};
constexpr std::uint8_t kNistPlaintext[64] = {
    0x6b, 0xc1, 0xbe, 0xe2, 0x2e, 0x40, 0x9f, 0x96, 0xe9, 0x3d, 0x7e, 0x11, 0x73, 0x93, 0x17, 0x2a,
    0xae, 0x2d, 0x8a, 0x57, 0x1e, 0x03, 0xac, 0x9c, 0x9e, 0xb7, 0x6f, 0xac, 0x45, 0xaf, 0x8e, 0x51,
    0x30, 0xc8, 0x1c, 0x46, 0xa3, 0x5c, 0xe4, 0x11, 0xe5, 0xfb, 0xc1, 0x19, 0x1a, 0x0a, 0x52, 0xef,
    0xf6, 0x9f, 0x24, 0x45, 0xdf, 0x4f, 0x9b, 0x17, 0xad, 0x2b, 0x41, 0x7b, 0xe6, 0x6c, 0x37, 0x10};
constexpr std::uint8_t kNistCiphertext[64] = {
    0x60, 0x1e, 0xc3, 0x13, 0x77, 0x57, 0x89, 0xa5, 0xb7, 0xa7, 0xf5, 0x04, 0xbb, 0xf3, 0xd2, 0x28,
    0xf4, 0x43, 0xe3, 0xca, 0x4d, 0x62, 0xb5, 0x9a, 0xca, 0x84, 0xe9, 0x90, 0xca, 0xca, 0xf5, 0xc5,
    0x2b, 0x09, 0x30, 0xda, 0xa2, 0x3d, 0xe9, 0x4c, 0xe8, 0x70, 0x17, 0xba, 0x2d, 0x84, 0x98, 0x8d,
    0xdf, 0xc9, 0xc5, 0x8d, 0xb6, 0x7a, 0xad, 0xa6, 0x13, 0xc2, 0xdd, 0x08, 0x45, 0x79, 0x41, 0xa6};
constexpr std::uint64_t kNistSegment = 0xf0f1f2f3f4f5f6f7;
constexpr std::uint64_t kNistBlock = 0xf8f9fafbfcfdfeff;

Bytes nist_keystream() {
  Bytes out(64);
  for (std::size_t i = 0; i < 64; ++i) out[i] = kNistPlaintext[i] ^ kNistCiphertext[i];
  return out;
}

}  // namespace

// Its block counter is past what a lane index can name, so the kernels are asked directly; the
// fallback is OpenSSL's, as the twin is.
TEST_CASE("the keystream is that of NIST SP 800-38A, F.5.5", "[crypto][vectors]") {
  const SecretKey key(kNistKey);
  CHECK(keystream(key, kNistSegment, kNistBlock, 64) == nist_keystream());
  for (const MaskPath path : available_mask_paths()) {
    if (!has_mask_kernel(path)) continue;
    CAPTURE(name_of(path));
    std::vector<std::uint16_t> lanes(32);
    run_mask_kernel<std::uint16_t, MaskOperation::kAdd>(path, key, {kNistSegment, kNistBlock, 0},
                                                        lanes);
    for (std::size_t i = 0; i < lanes.size(); ++i) {
      CHECK(lanes[i] == lane_at<std::uint16_t>(nist_keystream(), i));
    }
  }
}

TEST_CASE("every path adds and subtracts what OpenSSL's keystream says", "[property][crypto]") {
  for (const MaskPath path : available_mask_paths()) {
    for_each_seed(100, [&](Seed seed) {
      check_against_twin<std::uint16_t>(path, seed);
      check_against_twin<std::uint32_t>(path, seed);
      check_against_twin<std::uint64_t>(path, seed);
    });
  }
}

TEST_CASE("a call changes its lanes only, wherever it starts and ends in a block", "[crypto]") {
  for (const MaskPath path : available_mask_paths()) {
    check_every_short_call<std::uint16_t>(path);
    check_every_short_call<std::uint32_t>(path);
    check_every_short_call<std::uint64_t>(path);
  }
}

TEST_CASE("subtracting a mask undoes adding it, on any pair of paths", "[property][crypto]") {
  for_each_seed(20, [](Seed seed) {
    std::mt19937_64 random(seed);
    const SecretKey key = InsecureSeededRandom(seed).secret_key();
    const auto before = random_lanes<std::uint32_t>(random, 1 + random_length(random));
    const std::uint64_t first_lane = random_first_lane<std::uint32_t>(random);
    for (const MaskPath adding : available_mask_paths()) {
      for (const MaskPath subtracting : available_mask_paths()) {
        auto lanes = before;
        MaskExpander(adding).add<std::uint32_t>(key, seed, first_lane, lanes);
        CHECK((lanes != before || lanes.size() < 4));
        MaskExpander(subtracting).subtract<std::uint32_t>(key, seed, first_lane, lanes);
        CHECK((lanes == before));
      }
    }
  });
}

TEST_CASE("a mask expanded piece by piece is the mask expanded at once", "[property][crypto]") {
  for (const MaskPath path : available_mask_paths()) {
    for_each_seed(20, [&](Seed seed) {
      std::mt19937_64 random(seed);
      const SecretKey key = InsecureSeededRandom(seed).secret_key();
      MaskExpander expander(path);
      std::vector<std::uint16_t> at_once(20'000), in_pieces(at_once.size());
      expander.add<std::uint16_t>(key, 1, 0, at_once);
      for (std::size_t done = 0; done < in_pieces.size();) {
        const std::size_t count = std::min(random_length(random), in_pieces.size() - done);
        expander.add<std::uint16_t>(key, 1, done, std::span(in_pieces).subspan(done, count));
        done += count;
      }
      CHECK((in_pieces == at_once));
    });
  }
}

TEST_CASE("block numbers carry out of 32 bits and never into the segment", "[crypto]") {
  const SecretKey key = InsecureSeededRandom(3).secret_key();
  for (const MaskPath path : available_mask_paths()) {
    CAPTURE(name_of(path));
    MaskExpander expander(path);
    for (std::uint64_t back = 0; back < 70; ++back) {
      const std::uint64_t first_lane = (std::uint64_t{1} << 32) * 4 - back;
      std::vector<std::uint32_t> lanes(150, 1);
      const auto expected = masked_by_twin(key, 9, first_lane, lanes, true);
      expander.add<std::uint32_t>(key, 9, first_lane, lanes);
      CHECK((lanes == expected));
    }
    if (!has_mask_kernel(path)) continue;
    // The blocks 2^64 - 2, 2^64 - 1, 0, 1 … of one segment.
    std::vector<std::uint64_t> lanes(64);
    run_mask_kernel<std::uint64_t, MaskOperation::kAdd>(path, key, {9, ~std::uint64_t{1}, 0},
                                                        lanes);
    const Bytes from_zero = keystream(key, 9, 0, 62 * 8);
    for (std::size_t i = 4; i < 64; ++i)
      CHECK(lanes[i] == lane_at<std::uint64_t>(from_zero, i - 4));
  }
}

TEST_CASE("the last lanes that an index can name are reached", "[crypto]") {
  const SecretKey key = InsecureSeededRandom(4).secret_key();
  for (const MaskPath path : available_mask_paths()) {
    CAPTURE(name_of(path));
    const std::uint64_t first_lane = ~std::uint64_t{0} - 5;
    std::vector<std::uint64_t> lanes(5, 3);
    const auto expected = masked_by_twin(key, 2, first_lane, lanes, true);
    MaskExpander(path).add<std::uint64_t>(key, 2, first_lane, lanes);
    CHECK((lanes == expected));
  }
}

TEST_CASE("segments and keys have masks of their own", "[crypto]") {
  InsecureSeededRandom random(5);
  const SecretKey a = random.secret_key();
  const SecretKey b = random.secret_key();
  for (const MaskPath path : available_mask_paths()) {
    MaskExpander expander(path);
    const auto mask = [&](const SecretKey& key, std::uint64_t segment) {
      std::vector<std::uint64_t> lanes(8);
      expander.add<std::uint64_t>(key, segment, 0, lanes);
      return lanes;
    };
    CHECK(mask(a, 0) == mask(a, 0));
    CHECK(mask(a, 0) != mask(a, 1));
    CHECK(mask(a, 0) != mask(b, 0));
  }
}

TEST_CASE("a moved expander goes on", "[crypto]") {
  const SecretKey key = InsecureSeededRandom(6).secret_key();
  for (const MaskPath path : available_mask_paths()) {
    MaskExpander first(path);
    MaskExpander second = std::move(first);
    std::vector<std::uint32_t> lanes(10, 1);
    second.add<std::uint32_t>(key, 0, 0, lanes);
    CHECK(lanes == masked_by_twin(key, 0, 0, std::vector<std::uint32_t>(10, 1), true));
    CHECK(second.path() == path);
  }
}

TEST_CASE("OpenSSL's path is always there, last, and paths have names", "[crypto]") {
  const auto paths = available_mask_paths();
  REQUIRE_FALSE(paths.empty());
  CHECK(paths.back() == MaskPath::kEvp);
  CHECK(std::ranges::is_sorted(paths));
  CHECK(MaskExpander().path() == paths.front());
  CHECK(name_of(MaskPath::kVaes512) == "vaes512");
  CHECK(name_of(MaskPath::kVaes256) == "vaes256");
  CHECK(name_of(MaskPath::kEvp) == "evp");
}

}  // namespace covey::crypto
