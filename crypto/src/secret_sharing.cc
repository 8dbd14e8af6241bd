#include "covey/crypto/secret_sharing.h"

#include <algorithm>

#include "covey/base/check.h"
#include "lagrange.h"

namespace covey::crypto {
namespace {

using field::Element;

// Makes 32 uniform bytes a uniform canonical element: 2^255 - 19 of the 2^255 values stay, the
// others are drawn again.
void make_canonical(std::span<std::uint8_t, 32> bytes, Random& random) {
  bytes[31] &= 0x7f;
  while (!is_shareable(bytes)) {
    random.fill(bytes);
    bytes[31] &= 0x7f;
  }
}

// Coefficients of a uniform polynomial with the seed at 0, the constant first.
field::SecretElements random_polynomial(const SecretKey& seed, std::size_t threshold,
                                        Random& random) {
  field::SecretElements coefficients(threshold);
  coefficients[0] = field::from_bytes(seed.reveal());
  SecretBytes drawn(32 * (threshold - 1));
  random.fill(drawn.reveal_mutable());
  for (std::size_t i = 1; i < threshold; ++i) {
    const auto bytes = drawn.reveal_mutable().subspan(32 * (i - 1)).first<32>();
    make_canonical(bytes, random);
    coefficients[i] = field::from_bytes(bytes);
  }
  return coefficients;
}

// Horner's rule at two holders at once: their independent chains fill the multiplier that one alone
// leaves waiting.
void evaluate(std::span<const Element> coefficients, std::uint32_t x, Share& at_x, std::uint32_t y,
              Share& at_y) {
  Element value_x = coefficients.back(), value_y = coefficients.back();
  for (std::size_t i = coefficients.size() - 1; i-- > 0;) {
    value_x = field::mul_add_small(value_x, x, coefficients[i]);
    value_y = field::mul_add_small(value_y, y, coefficients[i]);
  }
  field::to_bytes(value_x, at_x.reveal_mutable());
  field::to_bytes(value_y, at_y.reveal_mutable());
  field::wipe_value(value_x);
  field::wipe_value(value_y);
}

// 1/a for every element, none of which is 0, with one inversion (Montgomery's trick).
void invert_all(std::span<Element> elements) {
  std::vector<Element> before(elements.size());  // the product of all elements before this one
  Element product = field::kOne;
  for (std::size_t i = 0; i < elements.size(); ++i) {
    before[i] = product;
    product = field::mul(product, elements[i]);
  }
  Element inverse = field::invert(product);
  for (std::size_t i = elements.size(); i-- > 0;) {
    const Element element = elements[i];
    elements[i] = field::mul(inverse, before[i]);
    inverse = field::mul(inverse, element);
  }
}

// a * (x - y), for points x and y.
Element mul_difference(const Element& a, std::uint32_t x, std::uint32_t y) {
  return x >= y ? field::mul_small(a, x - y) : field::sub(field::kZero, field::mul_small(a, y - x));
}

Element weighted_sum(std::span<const Share* const> shares, std::span<const Element> weights) {
  field::Columns sum{};
  for (std::size_t i = 0; i < shares.size(); ++i) {
    field::multiply_accumulate(sum, field::from_bytes(shares[i]->reveal()), weights[i]);
  }
  return field::reduced(sum);
}

}  // namespace

SecretKey shareable_seed(Random& random) {
  SecretKey seed = random.secret_key();
  make_canonical(seed.reveal_mutable(), random);
  return seed;
}

bool is_shareable(ByteView bytes) {
  if (bytes.size() != 32) return false;
  Secret<32> canonical;
  field::to_bytes(field::from_bytes(bytes.first<32>()), canonical.reveal_mutable());
  return equal_constant_time(canonical.reveal(), bytes);
}

bool are_distinct_holders(std::span<const HolderPosition> holders) {
  std::vector<bool> is_taken(kMaxHolders);
  for (const HolderPosition holder : holders) {
    if (holder >= kMaxHolders || is_taken[holder]) return false;
    is_taken[holder] = true;
  }
  return true;
}

std::vector<Share> split(const SecretKey& seed, std::size_t threshold,
                         std::span<const HolderPosition> holders, Random& random) {
  // The caller's parameters and roster were checked when its round began, and the seed came from
  // shareable_seed.
  COVEY_CHECK(threshold >= 1 && threshold <= holders.size());
  COVEY_CHECK(are_distinct_holders(holders));
  COVEY_CHECK(is_shareable(seed.reveal()));

  const field::SecretElements coefficients = random_polynomial(seed, threshold, random);
  std::vector<Share> shares(holders.size());
  for (std::size_t i = 0; i < holders.size(); i += 2) {
    const std::size_t next =
        std::min(i + 1, holders.size() - 1);  // an odd one out pairs with itself
    evaluate(coefficients.view(), point_of(holders[i]), shares[i], point_of(holders[next]),
             shares[next]);
  }
  return shares;
}

std::vector<Element> lagrange_weights(std::span<const HolderPosition> holders) {
  // w_j = product over m != j of x_m / (x_m - x_j) = product of all x_m / (x_j * product of the
  // differences).
  Element numerator = field::kOne;
  std::vector<Element> weights(holders.size());
  for (std::size_t j = 0; j < holders.size(); ++j) {
    const std::uint32_t x = point_of(holders[j]);
    numerator = field::mul_small(numerator, x);
    Element denominator = field::from_small(x);
    for (const HolderPosition holder : holders) {
      if (holder != holders[j]) denominator = mul_difference(denominator, point_of(holder), x);
    }
    weights[j] = denominator;
  }
  invert_all(weights);
  for (Element& weight : weights) weight = field::mul(weight, numerator);
  return weights;
}

LagrangeWeights::LagrangeWeights(std::vector<HolderPosition> holders)
    : holders_(std::move(holders)) {
  // The caller has dropped repeated answers and answers of strangers before it reconstructs, and
  // needs at least one.
  COVEY_CHECK(!holders_.empty() && are_distinct_holders(holders_));
  weights_ = lagrange_weights(holders_);
}

SecretKey LagrangeWeights::reconstruct(std::span<const Share* const> shares) const {
  // The caller lines the shares up with holders().
  COVEY_CHECK(shares.size() == holders_.size());
  Element value = weighted_sum(shares, weights_);
  SecretKey secret;
  field::to_bytes(value, secret.reveal_mutable());
  field::wipe_value(value);
  return secret;
}

LagrangeWeights LagrangeWeights::without(std::size_t index) const {
  // The caller's index is of a holder here, and somebody is left.
  COVEY_CHECK(index < holders_.size() && holders_.size() > 1);
  // Holder i gave w_j the factor x_i / (x_i - x_j); this takes it back.
  const std::uint32_t x = point_of(holders_[index]);
  const Element inverse = field::invert(field::from_small(x));
  LagrangeWeights rest;
  rest.holders_.reserve(holders_.size() - 1);
  rest.weights_.reserve(holders_.size() - 1);
  for (std::size_t j = 0; j < holders_.size(); ++j) {
    if (j == index) continue;
    rest.holders_.push_back(holders_[j]);
    rest.weights_.push_back(
        mul_difference(field::mul(weights_[j], inverse), x, point_of(holders_[j])));
  }
  return rest;
}

}  // namespace covey::crypto
