#include "merge_support.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "covey/base/byte_reader.h"
#include "covey/base/byte_writer.h"
#include "covey/crypto/digest.h"

namespace covey::merge {
namespace {

static_assert(std::endian::native == std::endian::little, "floats are saved as they are");

constexpr std::uint8_t kStateVersion = 1;

}  // namespace

Status check_rate(float server_learning_rate) {
  if (std::isfinite(server_learning_rate) && server_learning_rate > 0) return {};
  return invalid_argument("the server learning rate is a finite number above 0, not " +
                          std::to_string(server_learning_rate));
}

Status check_lengths(const WeightedUpdate& update, std::size_t model) {
  if (update.buffers > model) {
    return invalid_argument("the model has " + std::to_string(model) +
                            " elements, of which the buffers cannot be " +
                            std::to_string(update.buffers));
  }
  if (update.weighted_differences.size() == model) return {};
  return invalid_argument("the model has " + std::to_string(model) + " elements, the update " +
                          std::to_string(update.weighted_differences.size()));
}

Error not_finite() {
  return {ErrorCode::kOutOfRange,
          "the merged model would not be finite; the model stays as it was. Lower the learning "
          "rates or the clipping bound"};
}

Bytes seal_state(std::string_view name, std::span<const float> values) {
  ByteWriter writer;
  writer.sized(view_of(name));
  writer.u8(kStateVersion);
  writer.sized({reinterpret_cast<const std::uint8_t*>(values.data()), values.size_bytes()});
  writer.raw(crypto::sha256(writer.bytes()));
  return writer.take();
}

Result<std::vector<float>> open_state(std::string_view name, ByteView state) {
  const Error damaged{ErrorCode::kDataLoss, "the saved state is damaged, or not one of strategy '" +
                                                std::string(name) + "' in this version"};
  constexpr std::size_t kDigest = sizeof(Digest);
  if (state.size() < kDigest) return damaged;
  const ByteView content = state.first(state.size() - kDigest);
  const Digest digest = crypto::sha256(content);
  if (!std::equal(digest.begin(), digest.end(), state.end() - kDigest)) return damaged;

  ByteReader reader(content);
  const ByteView saved_name = reader.sized();
  const std::uint8_t version = reader.u8();
  const ByteView bytes = reader.sized();
  COVEY_RETURN_IF_ERROR(reader.finish("state of a strategy"));
  if (text_of(saved_name) != name || version != kStateVersion ||
      bytes.size() % sizeof(float) != 0) {
    return damaged;
  }
  std::vector<float> values(bytes.size() / sizeof(float));
  if (!values.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
  const bool finite =
      std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); });
  if (!finite) return damaged;
  return values;
}

}  // namespace covey::merge
