#include <algorithm>
#include <string>

#include "covey/crypto/secret_sharing.h"
#include "lagrange.h"

// Decodes by syndromes. With the Lagrange weights w at 0 of the holders, the moments
//   m_l = sum of w_j y_j x_j^l
// are the values at 0 of the interpolation of f(X) X^l. When all shares y lie on an f of degree
// below the threshold t, m_0 is the secret and m_1 ... m_(r-t) are zero. Wrong shares, off by d_k,
// leave sums of w_k d_k x_k^l instead: a sequence whose shortest linear recurrence has exactly
// their x_k as roots and is unique while they are at most half of its terms.
namespace covey::crypto {
namespace {

using field::Element;

struct Received {
  explicit Received(std::size_t size) : values(size) {}

  std::vector<HolderPosition> holders;
  std::vector<std::size_t> indices;  // where a holder stands in the caller's list
  field::SecretElements values;      // one for each holder, then unused ones
};

// m_0 ... m_(count-1).
field::SecretElements moments(const Received& received, std::size_t count) {
  const std::vector<Element> weights = lagrange_weights(received.holders);
  field::SecretElements sums(count);
  Element term;
  for (std::size_t j = 0; j < received.holders.size(); ++j) {
    term = field::mul(received.values[j], weights[j]);
    for (std::size_t l = 0; l < count; ++l) {
      sums[l] = field::add(sums[l], term);
      term = field::mul_small(term, point_of(received.holders[j]));
    }
  }
  field::wipe_value(term);
  return sums;
}

// The c of the shortest recurrence c_0 s_n + c_1 s_(n-1) + ... + c_L s_(n-L) = 0, c_0 = 1 (Massey,
// IEEE Transactions on Information Theory 15, 1969).
std::vector<Element> shortest_recurrence(std::span<const Element> sequence) {
  std::vector<Element> current{field::kOne}, previous{field::kOne};
  Element previous_inverse = field::kOne;  // 1 / what `previous` last failed by
  std::size_t length = 0, shift = 1;
  for (std::size_t n = 0; n < sequence.size(); ++n, ++shift) {
    field::Columns sum{};
    for (std::size_t i = 0; i < current.size(); ++i) {
      field::multiply_accumulate(sum, current[i], sequence[n - i]);
    }
    const Element discrepancy = field::reduced(sum);
    if (field::is_zero(discrepancy)) continue;

    const Element scale = field::mul(discrepancy, previous_inverse);
    std::vector<Element> next = current;
    next.resize(std::max(current.size(), previous.size() + shift));
    for (std::size_t i = 0; i < previous.size(); ++i) {
      next[i + shift] = field::sub(next[i + shift], field::mul(scale, previous[i]));
    }
    if (2 * length <= n) {
      length = n + 1 - length;
      previous = std::move(current);
      previous_inverse = field::invert(discrepancy);
      shift = 0;
    }
    current = std::move(next);
  }
  current.resize(length + 1);
  return current;
}

// Whether x is a root of c_0 X^L + c_1 X^(L-1) + ... + c_L.
bool is_root(std::span<const Element> coefficients, std::uint32_t x) {
  Element value = field::kZero;
  for (const Element& coefficient : coefficients) {
    value = field::mul_add_small(value, x, coefficient);
  }
  return field::is_zero(value);
}

Status check_arguments(std::size_t threshold, std::span<const HolderPosition> holders,
                       std::size_t shares) {
  if (threshold < 1 || holders.size() < threshold) {
    return invalid_argument(
        "reconstruction needs a threshold of at least 1 and as many shares; got " +
        std::to_string(holders.size()) + " shares for a threshold of " + std::to_string(threshold));
  }
  if (shares != holders.size()) {
    return invalid_argument("reconstruction needs one share a holder; got " +
                            std::to_string(shares) + " shares of " +
                            std::to_string(holders.size()) + " holders");
  }
  if (!are_distinct_holders(holders)) {
    return invalid_argument(
        "reconstruction needs distinct holders at positions up to 65,534; drop repeated shares");
  }
  return {};
}

Error too_many_wrong(std::size_t threshold, std::size_t received, std::size_t correctable) {
  return {ErrorCode::kDataLoss,
          "too many shares are wrong: " + std::to_string(received) +
              " shares with a threshold of " + std::to_string(threshold) + " let at most " +
              std::to_string(correctable) +
              " wrong ones be corrected; collect more shares or give this secret up"};
}

}  // namespace

Result<CorrectedSecret> reconstruct_correcting(std::size_t threshold,
                                               std::span<const HolderPosition> holders,
                                               std::span<const Share* const> shares) {
  COVEY_RETURN_IF_ERROR(check_arguments(threshold, holders, shares.size()));
  const std::size_t correctable = (holders.size() - threshold) / 2;
  CorrectedSecret corrected;

  Received received(holders.size());
  for (std::size_t i = 0; i < holders.size(); ++i) {
    if (!is_shareable(shares[i]->reveal())) {
      corrected.wrong.push_back(i);
      continue;
    }
    received.values[received.holders.size()] = field::from_bytes(shares[i]->reveal());
    received.holders.push_back(holders[i]);
    received.indices.push_back(i);
  }
  if (corrected.wrong.size() > correctable) {
    return too_many_wrong(threshold, holders.size(), correctable);
  }

  const field::SecretElements sums = moments(received, received.holders.size() - threshold + 1);
  const std::vector<Element> locator = shortest_recurrence(sums.view().subspan(1));
  Received agreeing(received.holders.size());
  for (std::size_t j = 0; j < received.holders.size(); ++j) {
    if (is_root(locator, point_of(received.holders[j]))) {
      corrected.wrong.push_back(received.indices[j]);
      continue;
    }
    agreeing.values[agreeing.holders.size()] = received.values[j];
    agreeing.holders.push_back(received.holders[j]);
  }
  if (corrected.wrong.size() > correctable) {
    return too_many_wrong(threshold, holders.size(), correctable);
  }

  // With more wrong shares than can be corrected the recurrence is of nothing, and those that are
  // left do not agree.
  field::SecretElements rest = moments(agreeing, agreeing.holders.size() - threshold + 1);
  if (!std::ranges::all_of(rest.view().subspan(1), field::is_zero)) {
    return too_many_wrong(threshold, holders.size(), correctable);
  }
  field::to_bytes(rest[0], corrected.secret.reveal_mutable());
  std::ranges::sort(corrected.wrong);
  return corrected;
}

}  // namespace covey::crypto
