#include "covey/crypto/mask_expander.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>

#include "covey/base/check.h"
#include "mask_kernel.h"

namespace covey::crypto {
namespace {

constexpr std::size_t kBlockBytes = 16;

std::vector<MaskPath> detect_mask_paths() {
  std::vector<MaskPath> paths;
  for (const MaskPath path : {MaskPath::kVaes512, MaskPath::kVaes256}) {
    if (has_mask_kernel(path)) paths.push_back(path);
  }
  paths.push_back(MaskPath::kEvp);
  return paths;
}

template <typename Lane>
MaskPosition position_of(std::uint64_t segment, std::uint64_t first_lane, std::span<Lane> lanes) {
  // Lanes lie in vectors that are held in memory: their indices are far from 2^64.
  COVEY_CHECK(lanes.size() <= std::numeric_limits<std::uint64_t>::max() - first_lane);
  constexpr std::uint64_t kLanesPerBlock = kBlockBytes / sizeof(Lane);
  return {segment, first_lane / kLanesPerBlock,
          static_cast<std::size_t>(first_lane % kLanesPerBlock) * sizeof(Lane)};
}

template <MaskOperation kOperation, typename T>
T combined(T lanes, T mask) {
  return static_cast<T>(kOperation == MaskOperation::kAdd ? lanes + mask : lanes - mask);
}

// lanes[i] += mask[i], or -=. `mask` need not be aligned. Written with vectors of 16 bytes, which
// every processor of interest has: left to themselves, compilers take the loop apart into scalars.
template <typename Lane, MaskOperation kOperation>
void combine(std::span<Lane> lanes, const std::uint8_t* mask) {
  static_assert(std::endian::native == std::endian::little, "lanes are little-endian");
  typedef Lane Vector __attribute__((vector_size(16)));
  constexpr std::size_t kPiece = sizeof(Vector) / sizeof(Lane);
  std::size_t i = 0;
  const auto combine_next = [&]<typename T>(T lane, T key, std::size_t at) {
    std::memcpy(&lane, &lanes[at], sizeof(T));
    std::memcpy(&key, mask + at * sizeof(Lane), sizeof(T));
    lane = combined<kOperation>(lane, key);
    std::memcpy(&lanes[at], &lane, sizeof(T));
  };
  // Four at a time: the loop itself is a third of the cost of one.
  for (; i + 4 * kPiece <= lanes.size(); i += 4 * kPiece) {
    combine_next(Vector{}, Vector{}, i);
    combine_next(Vector{}, Vector{}, i + kPiece);
    combine_next(Vector{}, Vector{}, i + 2 * kPiece);
    combine_next(Vector{}, Vector{}, i + 3 * kPiece);
  }
  for (; i < lanes.size(); ++i) combine_next(Lane{}, Lane{}, i);
}

}  // namespace

std::string_view name_of(MaskPath path) {
  switch (path) {
    case MaskPath::kVaes512:
      return "vaes512";
    case MaskPath::kVaes256:
      return "vaes256";
    case MaskPath::kEvp:
      return "evp";
  }
  return "unknown";
}

std::vector<MaskPath> available_mask_paths() {
  static const std::vector<MaskPath> paths =
      detect_mask_paths();  // CPUID is slow under a hypervisor
  return paths;
}

// AES-256-CTR through OpenSSL, a cache-sized block at a time. Between calls it holds no key and no
// keystream.
//
// OpenSSL's calls are checked as our own bugs: no input can make a CTR keystream fail, what remains
// is a broken installation or no memory, and going on without a mask would send a vector in clear.
struct MaskExpander::Evp {
  Evp() : context(EVP_CIPHER_CTX_new()) {
    COVEY_CHECK(context != nullptr);
    EVP_CIPHER* cipher = EVP_CIPHER_fetch(nullptr, "AES-256-CTR", nullptr);
    COVEY_CHECK(cipher != nullptr);
    COVEY_CHECK(EVP_EncryptInit_ex2(context, cipher, nullptr, nullptr, nullptr) == 1);
    EVP_CIPHER_free(cipher);
  }
  Evp(const Evp&) = delete;
  Evp& operator=(const Evp&) = delete;
  ~Evp() { EVP_CIPHER_CTX_free(context); }

  template <typename Lane, MaskOperation kOperation>
  void run(const SecretKey& key, const MaskPosition& position, std::span<Lane> lanes) {
    start(key, position);
    std::size_t skip = position.skip_bytes;
    std::size_t used = 0;
    while (!lanes.empty()) {
      const std::size_t count = std::min(lanes.size(), (kScratchBytes - skip) / sizeof(Lane));
      const std::size_t needed = skip + count * sizeof(Lane);
      // Whole blocks, so that OpenSSL keeps no rest of one.
      next_keystream((needed + kBlockBytes - 1) / kBlockBytes * kBlockBytes);
      combine<Lane, kOperation>(lanes.first(count), keystream.data() + skip);
      lanes = lanes.subspan(count);
      skip = 0;
      used = std::max(used, needed + kBlockBytes - 1);
    }
    wipe(std::span(keystream).first(std::min(used, kScratchBytes)));
    start(SecretKey(), {});  // overwrites the key schedule
  }

 private:
  static constexpr std::size_t kScratchBytes = 16 * 1024;  // with `zeros` and the lanes it fits L1

  void start(const SecretKey& key, const MaskPosition& position) {
    std::array<std::uint8_t, kBlockBytes> counter;
    for (std::size_t i = 0; i < 8; ++i) {
      counter[i] = static_cast<std::uint8_t>(position.segment >> (56 - 8 * i));
      counter[8 + i] = static_cast<std::uint8_t>(position.block >> (56 - 8 * i));
    }
    COVEY_CHECK(
        EVP_EncryptInit_ex2(context, nullptr, key.reveal().data(), counter.data(), nullptr) == 1);
  }
  void next_keystream(std::size_t size_bytes) {
    int written = 0;
    COVEY_CHECK(EVP_EncryptUpdate(context, keystream.data(), &written, zeros.data(),
                                  static_cast<int>(size_bytes)) == 1);
  }

  EVP_CIPHER_CTX* context;
  alignas(64) std::array<std::uint8_t, kScratchBytes> zeros{};
  alignas(64) std::array<std::uint8_t, kScratchBytes> keystream{};
};

MaskExpander::MaskExpander(MaskPath path)
    : path_(path), evp_(path == MaskPath::kEvp ? std::make_unique<Evp>() : nullptr) {
  // A path is chosen out of available_mask_paths().
  COVEY_CHECK(path == MaskPath::kEvp || has_mask_kernel(path));
}

MaskExpander::MaskExpander(MaskExpander&&) noexcept = default;
MaskExpander& MaskExpander::operator=(MaskExpander&&) noexcept = default;
MaskExpander::~MaskExpander() = default;

template <typename Lane>
void MaskExpander::add(const SecretKey& key, std::uint64_t segment, std::uint64_t first_lane,
                       std::span<Lane> lanes) {
  if (lanes.empty()) return;
  const MaskPosition position = position_of(segment, first_lane, lanes);
  if (evp_) return evp_->run<Lane, MaskOperation::kAdd>(key, position, lanes);
  run_mask_kernel<Lane, MaskOperation::kAdd>(path_, key, position, lanes);
}

template <typename Lane>
void MaskExpander::subtract(const SecretKey& key, std::uint64_t segment, std::uint64_t first_lane,
                            std::span<Lane> lanes) {
  if (lanes.empty()) return;
  const MaskPosition position = position_of(segment, first_lane, lanes);
  if (evp_) return evp_->run<Lane, MaskOperation::kSubtract>(key, position, lanes);
  run_mask_kernel<Lane, MaskOperation::kSubtract>(path_, key, position, lanes);
}

#define COVEY_INSTANTIATE(operation, Lane)                                              \
  template void MaskExpander::operation(const SecretKey&, std::uint64_t, std::uint64_t, \
                                        std::span<Lane>);
COVEY_INSTANTIATE(add, std::uint16_t)
COVEY_INSTANTIATE(add, std::uint32_t)
COVEY_INSTANTIATE(add, std::uint64_t)
COVEY_INSTANTIATE(subtract, std::uint16_t)
COVEY_INSTANTIATE(subtract, std::uint32_t)
COVEY_INSTANTIATE(subtract, std::uint64_t)
#undef COVEY_INSTANTIATE

}  // namespace covey::crypto
